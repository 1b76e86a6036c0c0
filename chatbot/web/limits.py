"""How much one visitor may do in a while: files that he sends, passwords that he tries."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable


class Budget:
    """What each of many may spend within a window of time that slides on.

    Args:
        most: the sum of what one may spend in the window.
        seconds: the length of the window.
        known: of how many it is kept what they spent; of more, those forgotten first spent longest ago.
        clock: gives the time in seconds.
    """

    def __init__(
        self, most: int, seconds: float, known: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._seconds, self._known, self._clock = most, seconds, known, clock
        self._spent: OrderedDict[str, deque[tuple[float, int]]] = OrderedDict()
        self._lock = threading.Lock()

    def spend(self, who: str, amount: int = 1) -> bool:
        """Spend `amount`; False, and nothing is spent, if that is more than is left."""
        with self._lock:
            now = self._clock()
            spent = self._spent.setdefault(who, deque())
            self._spent.move_to_end(who)
            while spent and spent[0][0] <= now - self._seconds:
                spent.popleft()
            if sum(part for _, part in spent) + amount > self._most:
                return False
            spent.append((now, amount))
            while len(self._spent) > self._known:
                self._spent.popitem(last=False)
            return True

    def forgive(self, who: str) -> None:
        """Forget what somebody spent."""
        with self._lock:
            self._spent.pop(who, None)

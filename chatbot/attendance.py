"""Which personas this process has prepared: each once, however many visitors choose or ask one at the same time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from chatbot.errors import BakerStreetError

logger = logging.getLogger(__name__)


class Attendance:
    """Prepares personas when they are first chosen or asked.

    Args:
        prepare: prepares one, given its id; raises BakerStreetError.

    Attributes:
        done: the ids of those that were prepared.
    """

    def __init__(self, prepare: Callable[[str], None]) -> None:
        self._prepare = prepare
        self.done: set[str] = set()
        self._lock = threading.Lock()
        self._turns: dict[str, threading.Lock] = {}
        self._threads: dict[str, threading.Thread] = {}

    def attend(self, persona_id: str) -> None:
        """Prepare a persona that was not; whoever needs the library is told what failed when it is opened."""
        with self._lock:
            turn = self._turns.setdefault(persona_id, threading.Lock())
        with turn:
            if persona_id not in self.done:
                try:
                    self._prepare(persona_id)
                except BakerStreetError as error:
                    logger.warning("%s could not be prepared: %s", persona_id, error)

    def attend_behind(self, persona_id: str) -> None:
        """The same in a thread; nothing where it was done, or where one is at it."""
        with self._lock:
            if persona_id not in self.done and not self.attending(persona_id):
                thread = threading.Thread(target=self.attend, args=(persona_id,), name="attend", daemon=True)
                self._threads[persona_id] = thread
                thread.start()

    def attending(self, persona_id: str) -> bool:
        """Whether a persona is being prepared behind."""
        thread = self._threads.get(persona_id)
        return thread is not None and thread.is_alive()

    def close(self) -> None:
        """Wait for those that are being prepared."""
        for thread in list(self._threads.values()):
            thread.join()

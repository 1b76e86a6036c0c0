"""What time it is. Whatever is stored or said with a date asks here, so that a replay can let days pass.

The clock of the process is the real one unless `running` has put another in its place; then all threads go by that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def _real() -> datetime:
    return datetime.now(UTC)


_clocks: list[Clock] = [_real]


def now() -> datetime:
    """The current time in UTC, with its zone."""
    return _clocks[-1]()


@contextmanager
def running(clock: Clock) -> Iterator[None]:
    """Go by another clock until the block ends. One at a time: it is the whole process's."""
    _clocks.append(clock)
    try:
        yield
    finally:
        _clocks.pop()

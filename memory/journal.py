"""Replies under way: kept in memory, and stored behind whoever writes them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chatbot.errors import DatabaseAwayError, DatabaseBusyError, MemoryStoreError

logger = logging.getLogger(__name__)

INTERVAL_S = 0.5  # between two times that what was shown is stored; at most this much of it is lost on a kill
PATIENCE_S = 60.0  # how long closing waits for a database that does not take what is left


@dataclass(frozen=True)
class Ending:
    """How a turn ended; see `memory.models.Turn` for the fields."""

    sent: str
    reply: str
    state: str
    error: str = ""
    evidence: list[dict[str, object]] = field(default_factory=list)
    trace: dict[str, object] = field(default_factory=dict)
    title: str = ""  # for its conversation, if that has none


class Journal:
    """What was shown of every reply under way, and the endings that the database did not take yet.

    A thread stores what is new every `INTERVAL_S` while there is something to store, so that neither a reply nor its
    reader ever waits for the disk.

    Args:
        store: stores what was shown, by turn. Raises MemoryStoreError.
        complete: stores the ending of a turn. Raises DatabaseAwayError where it may be tried again.
    """

    def __init__(self, store: Callable[[Mapping[str, str]], None], complete: Callable[[str, Ending], None]) -> None:
        self._store = store
        self._complete = complete
        self._lock = threading.Lock()
        self._shown: dict[str, str] = {}
        self._new: set[str] = set()  # turns of which more was shown than is stored
        self._endings: dict[str, Ending] = {}
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._away = False  # whether the last attempt failed; it is said once

    def show(self, turn_id: str, reply: str) -> None:
        """Keep what was shown of a reply, all of it so far. Never waits."""
        with self._lock:
            self._shown[turn_id] = reply
            self._new.add(turn_id)
            self._work()

    def keep(self, turn_id: str, ending: Ending) -> None:
        """Keep an ending that the database did not take, and try again until it does."""
        with self._lock:
            self._forget(turn_id)
            self._endings[turn_id] = ending
            self._work()

    def forget(self, turn_id: str) -> None:
        """A turn has ended and is stored."""
        with self._lock:
            self._forget(turn_id)

    def shown(self, turn_id: str) -> str | None:
        """What was shown of a reply under way; None where it is not under way here."""
        return self._shown.get(turn_id)

    def ending(self, turn_id: str) -> Ending | None:
        """The ending of a turn that the database did not take yet."""
        return self._endings.get(turn_id)

    def close(self, patience: float = PATIENCE_S) -> None:
        """Store what is left, and wait at most `patience` seconds for a database that is busy."""
        self._closing.set()
        thread = self._thread
        if thread is not None:
            thread.join()
        deadline = time.monotonic() + patience
        while isinstance(self._flush(), DatabaseBusyError) and time.monotonic() < deadline:
            time.sleep(INTERVAL_S)
        for turn_id in self._endings:
            logger.error("The reply of the turn %s could not be stored.", turn_id)

    def _forget(self, turn_id: str) -> None:
        self._shown.pop(turn_id, None)
        self._new.discard(turn_id)

    def _work(self) -> None:
        if (self._thread is None or not self._thread.is_alive()) and not self._closing.is_set():
            self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._closing.wait(INTERVAL_S):
            try:
                self._flush()
            except Exception:  # the replies that come later are stored all the same
                logger.exception("Replies could not be stored")
            with self._lock:
                if not self._shown and not self._endings:
                    self._thread = None
                    return

    def _flush(self) -> MemoryStoreError | None:
        """Store what is new; gives the error where the database did not take all of it."""
        with self._lock:
            shown = {turn_id: self._shown[turn_id] for turn_id in self._new}
            self._new.clear()
            endings = dict(self._endings)
        try:
            if shown:
                self._store(shown)
            for turn_id, ending in endings.items():
                self._end(turn_id, ending)
        except MemoryStoreError as error:
            logger.log(logging.DEBUG if self._away else logging.WARNING, "Replies wait to be stored: %s", error)
            self._away = True
            with self._lock:
                self._new |= shown.keys() & self._shown.keys()
            return error
        self._away = False
        return None

    def _end(self, turn_id: str, ending: Ending) -> None:
        try:
            self._complete(turn_id, ending)
        except DatabaseAwayError:
            raise
        except MemoryStoreError as error:  # it will not be taken later either
            logger.error("The reply of the turn %s could not be stored: %s", turn_id, error)
        with self._lock:
            self._endings.pop(turn_id, None)

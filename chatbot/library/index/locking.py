"""Who changes a library: one thread at a time, and one process where the system has file locks."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from weakref import WeakValueDictionary

from chatbot.errors import LibraryError

LOCK = ".lock"
PATIENCE = 600.0  # seconds that one who changes a library waits for another process
TURN = 0.02  # seconds between two attempts

logger = logging.getLogger(__name__)


@dataclass
class _FolderLock:
    lock: threading.RLock = field(default_factory=threading.RLock)
    depth: int = 0  # how often its holder holds it


_locks: WeakValueDictionary[Path, _FolderLock] = WeakValueDictionary()  # as long as somebody uses one
_locks_lock = threading.Lock()


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Held by whoever changes a library. Another process is waited for, and the log says so.

    Raises:
        LibraryError: nothing can be written there, or another process has been changing it for ten minutes.
    """
    with _locks_lock:
        held = _locks.get(folder.resolve()) or _FolderLock()
        _locks[folder.resolve()] = held
    with held.lock:
        held.depth += 1
        stream = None
        try:
            if held.depth == 1:
                stream = _locked(folder)
            yield
        finally:
            held.depth -= 1
            if stream is not None:
                stream.close()


def _locked(folder: Path) -> IO[str]:
    """A file in the library's folder that is locked until it is closed; it names the process that holds it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / LOCK).open("a+")
    except OSError as error:
        raise LibraryError(f"The library in {folder} cannot be written: {error.strerror}.") from error
    try:
        import fcntl
    except ImportError:  # a system without file locks
        return stream
    waiting = 0.0
    while True:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if waiting == 0.0:
                waiting = time.monotonic()
                logger.warning("The library in %s is being changed by %s; waiting.", folder, _holder(stream))
            elif time.monotonic() - waiting > PATIENCE:
                holder = _holder(stream)
                stream.close()
                raise LibraryError(
                    f"The library in {folder} is being changed by {holder}. Wait until it is done and try again; "
                    "nothing was changed."
                ) from None
            time.sleep(TURN)
        except OSError:  # a file system without locks
            return stream
    stream.truncate(0)
    stream.write(str(os.getpid()))
    stream.flush()
    return stream


def _holder(stream: IO[str]) -> str:
    stream.seek(0)
    return f"another process ({stream.read().strip() or 'unknown'})"

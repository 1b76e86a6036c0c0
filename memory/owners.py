"""Who is writing which turn: a process holds a lock for as long as it lives, whatever ends it.

A turn under way carries the name of its owner. Whoever opens the database later tries that owner's lock: if it can be
had, the owner is dead. Unlike a sign of life that is renewed, a lock tells the dead at once, and a living process that
was suspended, or kept from writing, keeps it.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from memory.models import new_id


class Owners(ABC):
    """The owners of the turns of one database, this one among them."""

    def __init__(self) -> None:
        self.own = new_id()

    @abstractmethod
    def claim(self) -> str:
        """The name of this owner, whose lock is held from now on.

        Raises:
            OSError, SQLAlchemyError: the lock cannot be taken.
        """

    @abstractmethod
    def dead(self, owner: str) -> bool:
        """Whether the process of another owner has ended.

        Raises:
            OSError, SQLAlchemyError: that cannot be found out.
        """

    @abstractmethod
    def release(self) -> None:
        """Give the lock back."""


class FileOwners(Owners):
    """The owners of an SQLite database: each locks a file in a folder beside it.

    Args:
        database: the database's file.
    """

    def __init__(self, database: Path) -> None:
        super().__init__()
        self._folder = database.with_name(f"{database.name}-owners")
        self._lock = FileLock(self._file(self.own), timeout=0, thread_local=False)
        self._one_at_a_time = threading.Lock()

    def claim(self) -> str:
        """See `Owners`."""
        with self._one_at_a_time:
            if not self._lock.is_locked:
                self._folder.mkdir(exist_ok=True)
                self._lock.acquire()
        return self.own

    def dead(self, owner: str) -> bool:
        """See `Owners`. The file of a dead owner is removed."""
        file = self._file(owner)
        if not file.exists():
            return True
        try:
            FileLock(file, timeout=0).acquire().lock.release()
        except Timeout:
            return False
        file.unlink(missing_ok=True)
        return True

    def release(self) -> None:
        """See `Owners`."""
        with self._one_at_a_time:
            if self._lock.is_locked:
                self._lock.release()
                with suppress(OSError):  # its file is in nobody's way
                    self._file(self.own).unlink(missing_ok=True)

    def _file(self, owner: str) -> Path:
        return self._folder / f"{owner}.lock"


class SessionOwners(Owners):
    """The owners of a PostgreSQL database: each holds an advisory lock in a session of its own.

    The server gives the lock back when the session ends, which is at once where a process dies. Where a whole machine
    does, the server notices by the silence of its connection, after `SILENCE_S`.
    """

    SILENCE_S = 60

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self._session: Connection | None = None
        self._one_at_a_time = threading.Lock()

    def claim(self) -> str:
        """See `Owners`. A lock that was lost with its connection is taken again."""
        with self._one_at_a_time:
            if self._session is not None and not _answers(self._session):
                self._close()
            if self._session is None:
                self._session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                self._session.detach()  # it is none of those that the pool counts
                self._session.execute(text(f"SET tcp_keepalives_idle = {self.SILENCE_S // 2}"))
                self._session.execute(text(f"SET tcp_keepalives_interval = {self.SILENCE_S // 6}"))
                self._session.execute(text("SET tcp_keepalives_count = 3"))
                self._session.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _key(self.own)})
        return self.own

    def dead(self, owner: str) -> bool:
        """See `Owners`."""
        with self._engine.begin() as connection:  # the lock, if it is had, is given back at the end
            return bool(connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _key(owner)}))

    def release(self) -> None:
        """See `Owners`."""
        with self._one_at_a_time:
            self._close()

    def _close(self) -> None:
        if self._session is not None:
            with suppress(SQLAlchemyError):
                self._session.close()
        self._session = None


class NoOwners(Owners):
    """The owners of a database of which nothing is known: none is ever taken for dead."""

    def claim(self) -> str:
        """See `Owners`."""
        return self.own

    def dead(self, owner: str) -> bool:
        """See `Owners`."""
        return False

    def release(self) -> None:
        """Nothing is held."""


def owners_of(engine: Engine, file: Path | None) -> Owners:
    """The owners of a database.

    Args:
        engine: of the database.
        file: of an SQLite database on disk; None: it is another one.
    """
    if file is not None:
        return FileOwners(file)
    return SessionOwners(engine) if engine.dialect.name == "postgresql" else NoOwners()


def _answers(session: Connection) -> bool:
    try:
        session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _key(owner: str) -> int:
    """The owner's name as the signed 64-bit number that PostgreSQL takes."""
    return int(owner[:15], 16)

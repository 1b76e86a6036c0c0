"""The connection to the database: opening it, transactions, and errors that say what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    InternalError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from chatbot.errors import (
    DamagedDatabaseError,
    DatabaseAwayError,
    DatabaseBusyError,
    DiskFullError,
    MemoryStoreError,
    ReadOnlyError,
)
from memory.owners import Owners, owners_of
from memory.upgrade import upgrade

# How long to wait for a database that is locked. One writer waits for another's commit, some milliseconds; but SQLite
# lets those who wait in by no order, so that of sixteen on a busy machine one may be passed over for many seconds.
BUSY_SECONDS = 30.0
# Of one process. Whoever finds none free waits; a server that many processes share lets about a hundred in.
CONNECTIONS, MORE_CONNECTIONS, CONNECTION_SECONDS = 8, 8, 60.0


class Database:
    """An open database with the current tables.

    Args:
        url: a SQLAlchemy URL. SQLite gets write-ahead logging, so that readers never wait for a writer.

    Attributes:
        owners: who writes turns in it.

    Raises:
        MemoryStoreError: the database cannot be reached or upgraded.
    """

    owners: Owners

    def __init__(self, url: str) -> None:
        try:
            self._engine = _create(url)
            try:
                upgrade(self._engine, BUSY_SECONDS)
            except BaseException:
                self._engine.dispose()
                raise
            self.owners = owners_of(self._engine, _file_of(self._engine.url))
        except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
            why = "its port is not a number" if isinstance(error, ValueError) else error
            raise MemoryStoreError(
                f"'{_without_password(url)}' is not a database that can be used here: {why}. Correct "
                "BAKERSTREET_DATABASE_URL; for PostgreSQL run `pip install bakerstreet[postgres]` and write "
                "postgresql+psycopg://..."
            ) from error
        except (SQLAlchemyError, OSError) as error:
            explained = _explained(error)
            advice = "" if type(explained) in (MemoryStoreError, DatabaseAwayError) else f" {explained}"
            raise type(explained)(
                f"The database {_without_password(url)} cannot be opened: {_first_line(error)}.{advice}"
            ) from error
        self._session = sessionmaker(self._engine, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session whose changes are committed at the end, or rolled back on an exception.

        Raises:
            DatabaseAwayError: the database is locked, full, read-only or cannot be reached.
            MemoryStoreError: it refuses a statement.
        """
        try:
            with self._session.begin() as session:
                yield session
        except (SQLAlchemyError, OSError) as error:
            raise _explained(error) from error

    def claim(self) -> str:
        """The name of this process as the owner of turns; see `Owners.claim`.

        Raises:
            DatabaseAwayError: the database cannot be reached or written to.
        """
        try:
            return self.owners.claim()
        except (SQLAlchemyError, OSError) as error:
            raise _explained(error) from error

    def close(self) -> None:
        """Close the connections."""
        self.owners.release()
        self._engine.dispose()


def _create(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(
            url,
            pool_pre_ping=True,
            pool_size=CONNECTIONS,
            max_overflow=MORE_CONNECTIONS,
            pool_timeout=CONNECTION_SECONDS,
        )
    file = _file_of(parsed)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten
        cursor.close()
        # SQLite's own knows ASCII alone.
        connection.create_function("lower", 1, lambda text: text and str(text).lower(), deterministic=True)

    return engine


def _file_of(url: URL) -> Path | None:
    """The file of an SQLite database; None where it is in memory, named by a URI, or another kind of database."""
    on_disk = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(str(url.database)) if on_disk and "uri" not in url.query else None


# What the databases say, and what it means.
DAMAGED = ("not a database", "malformed")
LOCKED = ("locked", "busy")
CROWDED = ("QueuePool limit", "too many clients", "connection slots")
FULL = ("full", "No space left", "quota exceeded")
FULL_OR_FAILING = ("disk I/O error",)  # what SQLite says where there is no room for its log
READ_ONLY = ("readonly", "read-only", "Read-only", "Permission denied", "unable to open database file")


def _explained(error: SQLAlchemyError | OSError) -> MemoryStoreError:
    """The error that is shown for one of the database's own."""
    text = str(getattr(error, "orig", None) or error)

    def says(signs: tuple[str, ...]) -> bool:
        return any(sign in text for sign in signs)

    if says(DAMAGED):
        return DamagedDatabaseError(
            "Its file is damaged or no database. Put a copy of it in its place, or move it away: then a new one "
            "is made."
        )
    if not isinstance(error, OperationalError | InternalError | PoolTimeoutError | OSError):
        return MemoryStoreError(f"The database refused: {_first_line(error)}.")
    if says(LOCKED):
        return DatabaseBusyError(
            "The database is locked by another program. Close it and send the message again; nothing is lost."
        )
    if says(CROWDED):
        return DatabaseBusyError(
            "The database has no connection free. Send the message again in a moment; nothing is lost."
        )
    if says(FULL):
        return DiskFullError(
            "The disk is full, so nothing more can be stored. Free some space and send the message again."
        )
    if says(FULL_OR_FAILING):
        return DiskFullError(
            "The disk takes nothing more: most likely it is full. Free some space and send the message again."
        )
    if says(READ_ONLY):
        return ReadOnlyError("The database cannot be written to. Check the permissions of its file and folder.")
    return DatabaseAwayError(
        f"The database cannot be reached: {_first_line(error)}. Start it, or correct BAKERSTREET_DATABASE_URL."
    )


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().split("\n")[0]


def _without_password(url: str) -> str:
    try:
        return make_url(url).difference_update_query(["password"]).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):  # a URL that cannot be parsed may contain a password too
        return f"***@{url.rpartition('@')[2]}" if "@" in url else url

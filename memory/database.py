"""The connection to the database: opening it, transactions, and errors that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from chatbot.errors import MemoryStoreError
from memory.upgrade import upgrade

BUSY_SECONDS = 5.0  # how long to wait for a database that is locked


class Database:
    """An open database with the current tables.

    Args:
        url: a SQLAlchemy URL. SQLite gets write-ahead logging, so that readers never wait for a writer.

    Raises:
        MemoryStoreError: the database cannot be reached or upgraded.
    """

    def __init__(self, url: str) -> None:
        try:
            self._engine = _create(url)
            upgrade(self._engine, BUSY_SECONDS)
        except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
            why = "its port is not a number" if isinstance(error, ValueError) else error
            raise MemoryStoreError(
                f"'{_without_password(url)}' is not a database that can be used here: {why}. Correct "
                "BAKERSTREET_DATABASE_URL; for PostgreSQL run `pip install bakerstreet[postgres]` and write "
                "postgresql+psycopg://..."
            ) from error
        except (SQLAlchemyError, OSError) as error:
            raise MemoryStoreError(
                f"The database {_without_password(url)} cannot be opened: {_first_line(error)}."
            ) from error
        self._session = sessionmaker(self._engine, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session whose changes are committed at the end, or rolled back on an exception.

        Raises:
            MemoryStoreError: the database refuses a statement, is locked, full, read-only or cannot be reached.
        """
        try:
            with self._session.begin() as session:
                yield session
        except OperationalError as error:
            raise MemoryStoreError(_advice(error)) from error
        except SQLAlchemyError as error:
            raise MemoryStoreError(f"The database refused: {_first_line(error)}.") from error

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def _create(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    on_disk = parsed.database not in (None, "", ":memory:") and "uri" not in parsed.query
    if on_disk:
        Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return engine


def _advice(error: OperationalError) -> str:
    text = str(error.orig or error)
    if "locked" in text or "busy" in text:
        return "The database is locked by another program. Close it and send the message again; nothing is lost."
    if "full" in text:
        return "The disk is full, so nothing more can be stored. Free some space and send the message again."
    if "readonly" in text:
        return "The database cannot be written to. Check the permissions of its file and folder."
    return f"The database cannot be reached: {_first_line(error)}. Start it, or correct BAKERSTREET_DATABASE_URL."


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().split("\n")[0]


def _without_password(url: str) -> str:
    try:
        return make_url(url).difference_update_query(["password"]).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):  # a URL that cannot be parsed may contain a password too
        return f"***@{url.rpartition('@')[2]}" if "@" in url else url

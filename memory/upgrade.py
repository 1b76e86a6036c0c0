"""Upgrade a database to the current tables with Alembic, in process: users never run a migration by hand."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from chatbot.errors import MemoryStoreError

MIGRATIONS = Path(__file__).parent / "migrations"
_ONE_AT_A_TIME = threading.Lock()  # Alembic has one context for the whole process


def upgrade(engine: Engine, patience: float) -> None:
    """Apply the migrations that the database lacks, even while another process does the same.

    Args:
        engine: of the database.
        patience: the seconds after which a conflict with another process is an error.

    Raises:
        MemoryStoreError: a newer version of the program has made the database.
        SQLAlchemyError: it cannot be reached, stays locked, or refuses a migration.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return _upgrade(engine)
        except (OperationalError, ProgrammingError, IntegrityError) as error:
            conflict = any(sign in str(error) for sign in ("already exists", "locked", "duplicate key"))
            if not conflict or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _upgrade(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with _ONE_AT_A_TIME, engine.begin() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        script = ScriptDirectory.from_config(config)
        if current == script.get_current_head():
            return
        if current not in (None, *(revision.revision for revision in script.walk_revisions())):
            raise MemoryStoreError(
                f"The database has tables of a newer version of Baker Street (revision {current}). Update the program, "
                "or name another database in BAKERSTREET_DATABASE_URL; nothing was changed."
            )
        if engine.dialect.name == "sqlite":  # its driver begins no transaction for a change of tables by itself
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

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

MIGRATIONS = Path(__file__).parent / "migrations"
_ONE_AT_A_TIME = threading.Lock()  # Alembic has one context for the whole process


def upgrade(engine: Engine, patience: float) -> None:
    """Apply the migrations that the database lacks, even while another process does the same.

    Args:
        engine: of the database.
        patience: the seconds after which a conflict with another process is an error.

    Raises:
        SQLAlchemyError: the database cannot be reached, stays locked, or refuses a migration.
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
        if current == ScriptDirectory.from_config(config).get_current_head():
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

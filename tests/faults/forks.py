"""Processes that are forked, ordered about and killed, and what must be true of the database afterwards."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

ROOT = Path(__file__).resolve().parents[2]
# Of rows that belong to nothing, and of places that lead nowhere.
ORPHANS = (
    "SELECT count(*) FROM turns WHERE conversation_id NOT IN (SELECT id FROM conversations)",
    "SELECT count(*) FROM turns WHERE parent_id IS NOT NULL AND parent_id NOT IN (SELECT id FROM turns)",
    "SELECT count(*) FROM conversations WHERE head_id IS NOT NULL AND head_id NOT IN (SELECT id FROM turns)",
    "SELECT count(*) FROM conversations WHERE user_id NOT IN (SELECT id FROM users)",
)


class Forks:
    """A process that forks others (`forking.py`), and what those say.

    Args:
        task: what they do.
    """

    def __init__(self, task: str) -> None:
        program = str(Path(__file__).with_name("forking.py"))
        self._process = subprocess.Popen(
            [sys.executable, program, task],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._orders, self._said, self._rest = self._process.stdin, self._process.stdout.fileno(), b""

    def order(self, **order: object) -> None:
        """Another process."""
        self._orders.write(json.dumps(order).encode() + b"\n")
        self._orders.flush()

    def said(self, seconds: float) -> list[dict[str, Any]]:
        """What is said next, as soon as something is, within that time; nothing: it has passed."""
        if not select.select([self._said], [], [], max(0.0, seconds))[0]:
            return []
        read = os.read(self._said, 1 << 20)
        assert read, "the process that forks has ended"
        *lines, self._rest = (self._rest + read).split(b"\n")
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        """End it; what it has forked is left alone."""
        self._process.kill()
        self._process.communicate()


def checked(url: str) -> None:
    """The database is whole, and no row belongs to nothing."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            orphans = [connection.scalar(text(query)) for query in ORPHANS]
            if engine.dialect.name == "sqlite":
                assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
                assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
                connection.exec_driver_sql("INSERT INTO turn_words(turn_words) VALUES ('integrity-check')")
                unnumbered = "SELECT count(*) FROM turns WHERE id NOT IN (SELECT turn_id FROM turn_numbers)"
                orphans.append(connection.scalar(text(unnumbered)))
    finally:
        engine.dispose()
    assert not any(orphans), orphans

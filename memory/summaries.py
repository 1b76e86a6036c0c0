"""Summaries of the older part of a branch: each belongs to the turn that it reaches, and is made once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from memory.database import Database
from memory.models import Summary as Stored
from memory.records import Summary, storable
from memory.users import INSERT


class Summaries:
    """The part of the memory that keeps them."""

    _database: Database

    def summary_on(self, turn_ids: Sequence[str]) -> Summary | None:
        """The summary that reaches furthest, of those that end at one of these turns; None where none does."""
        query = select(Stored).where(Stored.turn_id.in_(turn_ids)).order_by(Stored.turns.desc()).limit(1)
        with self._database.transaction() as session:
            found = session.scalar(query)
            return Summary(found.turn_id, found.text, found.turns) if found else None

    def keep_summary(self, summary: Summary) -> None:
        """Store a summary; one of the same turn that is there already stays."""
        with self._database.transaction() as session:
            values = {"turn_id": summary.turn_id, "text": storable(summary.text), "turns": summary.turns}
            session.execute(INSERT[session.get_bind().dialect.name](Stored).values(values).on_conflict_do_nothing())

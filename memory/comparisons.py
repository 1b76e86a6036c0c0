"""Which mode gave the best reply: what users chose when several had answered one question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from sqlalchemy import select

from chatbot.errors import MemoryStoreError
from memory.database import Database
from memory.models import Comparison, User
from memory.records import Wins, storable
from memory.users import user_of

FEWEST = 2  # modes of a comparison


class Comparisons:
    """The part of the memory that knows them."""

    _database: Database

    def keep_comparison(
        self, user: str, persona: str, question: str, modes: Sequence[str], best: Sequence[str], *, blind: bool = False
    ) -> None:
        """Store that a user chose a reply.

        Args:
            user: who chose.
            persona: who answered.
            question: what was asked.
            modes: those whose replies he saw.
            best: those that gave the reply he chose; several where they gave the same.
            blind: whether he did not know which was whose.

        Raises:
            MemoryStoreError: there are fewer than two modes, one is named twice, or the best are none of them.
        """
        if mistake := wrong_choice(modes, best):
            raise MemoryStoreError(f"This choice cannot be stored: {mistake}.")
        with self._database.transaction() as session:
            chosen = Comparison(
                user_id=user_of(session, user).id,
                persona=persona,
                question=storable(question),
                modes=list(modes),
                best=list(best),
                blind=blind,
            )
            session.add(chosen)

    def wins(
        self, user: str | None = None, persona: str | None = None, *, blind: bool | None = None
    ) -> dict[str, Wins]:
        """How often each mode was chosen, by its name.

        Args:
            user: who chose; None: anybody.
            persona: who answered; None: any.
            blind: those alone in which the modes were hidden, or were not; None: all.
        """
        query = select(Comparison.modes, Comparison.best)
        if user is not None:
            query = query.join(User, User.id == Comparison.user_id).where(User.name == user)
        if persona is not None:
            query = query.where(Comparison.persona == persona)
        if blind is not None:
            query = query.where(Comparison.blind == blind)
        counted: dict[str, Wins] = {}
        with self._database.transaction() as session:
            for modes, best in session.execute(query):
                for mode in modes:
                    counted[mode] = counted.get(mode, Wins()).after(mode in best, len(best) / len(modes))
        return counted


def wrong_choice(modes: object, best: object) -> str:
    """What is wrong with a choice, in words; empty: nothing."""
    if not _are_different_texts(modes, FEWEST):
        return "it takes two or more different modes"
    if not _are_different_texts(best, 1) or not set(best) <= set(modes):
        return "the best has to be one of the modes"
    return ""


def _are_different_texts(named: object, fewest: int) -> TypeGuard[Sequence[str]]:
    if not isinstance(named, list | tuple) or not all(isinstance(each, str) and each for each in named):
        return False
    return len(named) >= fewest and len(set(named)) == len(named)

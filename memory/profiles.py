"""What a user decides about being remembered: his profile for a persona, and whether anything is kept at all."""

from __future__ import annotations

from sqlalchemy import delete, select

from chatbot.errors import MemoryStoreError
from chatbot.limits import too_long
from memory.conversations import one_line
from memory.database import Database
from memory.models import Profile as Stored
from memory.models import User, now
from memory.records import Profile, storable, with_zone
from memory.users import user_of

NAME_LENGTH = 120  # characters
ABOUT_LENGTH = 1000


class Profiles:
    """The part of the memory that knows what users wrote of themselves."""

    _database: Database

    def profile(self, user: str, persona: str) -> Profile:
        """What a user wrote of himself for a persona; empty where he has not."""
        query = select(Stored).join(User, User.id == Stored.user_id).where(User.name == user, Stored.persona == persona)
        with self._database.transaction() as session:
            found = session.scalar(query)
            return Profile(found.name, found.about, with_zone(found.updated_at)) if found else Profile()

    def set_profile(self, user: str, persona: str, *, name: str, about: str) -> Profile:
        """Write it anew: his name, and who he is to the persona. With both empty there is none any longer.

        Raises:
            MemoryStoreError: one of them is too long.
        """
        name, about = one_line(name), storable(about).strip()
        for what, given, limit in (("The name", name, NAME_LENGTH), ("The text", about, ABOUT_LENGTH)):
            if len(given) > limit:
                raise MemoryStoreError(too_long(what, len(given), limit))
        with self._database.transaction() as session:
            of_him = user_of(session, user).id
            session.execute(delete(Stored).where(Stored.user_id == of_him, Stored.persona == persona))
            if not (name or about):
                return Profile()
            stored = Stored(user_id=of_him, persona=persona, name=name, about=about, updated_at=now())
            session.add(stored)
            return Profile(name, about, stored.updated_at)

    def recall_on(self, user: str) -> bool:
        """Whether what a user tells is kept and brought back."""
        with self._database.transaction() as session:
            return session.scalar(select(User.recall).where(User.name == user)) is not False

    def set_recall(self, user: str, on: bool) -> None:
        """Keep and bring back what a user tells, or do not. What is kept stays, until it is forgotten or erased."""
        with self._database.transaction() as session:
            user_of(session, user).recall = on

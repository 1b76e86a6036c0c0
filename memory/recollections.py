"""What users told of themselves: kept with turn and time, replaced by what is told later, forgotten, restored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import Select, case, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from chatbot.errors import MemoryStoreError
from chatbot.limits import too_long
from memory.conversations import one_line
from memory.database import Database
from memory.models import UNDRAWN, Conversation, Turn, User, new_id, now
from memory.models import Recollection as Stored
from memory.records import Drawn, Recollection, Remark, storable, with_zone
from memory.users import user_of

State = Literal["active", "replaced", "forgotten"]

LENGTH = 500  # characters of a recollection
OTHER = "other"  # the topic of what has none of its own
UNKNOWN = "There is no such recollection. Choose one from the list."


class Recollections:
    """The part of the memory that knows what was told. What belongs to a deleted conversation is not there."""

    _database: Database

    def recollections(
        self, user: str, persona: str, *, state: State | None = "active", limit: int | None = 200, offset: int = 0
    ) -> list[Recollection]:
        """What a user told a persona, the latest first.

        Args:
            user: his name.
            persona: whom he told it.
            state: those in this state; None: in any.
            limit: the maximum number; None: all.
            offset: the number of those before them that are left out.
        """
        found = _states(user, Stored.persona == persona).subquery()
        query = select(found).order_by(found.c.told_at.desc(), found.c.id.desc()).limit(limit).offset(offset)
        if state is not None:
            query = query.where(found.c.state == state)
        with self._database.transaction() as session:
            return [_recollection(row) for row in session.execute(query)]

    def recollection(self, user: str, recollection_id: str) -> Recollection:
        """One of them by its id.

        Raises:
            MemoryStoreError: by every method that takes an id: there is none, or another user has it.
        """
        with self._database.transaction() as session:
            return _one(session, user, recollection_id)

    def remember(self, user: str, persona: str, text: str, topic: str = OTHER, matter: str = "") -> Recollection:
        """Keep something that a user wrote by hand.

        Args:
            user: his name.
            persona: to whom he tells it.
            text: one line, whatever stands in it.
            topic: what it is about.
            matter: of which nothing that was told before counts any longer; empty: it stands beside all the rest.

        Raises:
            MemoryStoreError: the text is empty or too long.
        """
        written = _checked(text)
        with self._database.transaction() as session:
            values = {"persona": persona, "topic": one_line(topic)[:32] or OTHER, "matter": matter or new_id()}
            return _write(session, user, {**values, "text": written})

    def edit_recollection(self, user: str, recollection_id: str, text: str) -> Recollection:
        """Put another text in the place of a recollection, which is kept as replaced; returns the new one.

        Raises:
            MemoryStoreError: the text is empty or too long.
        """
        written = _checked(text)
        with self._database.transaction() as session:
            old = _one(session, user, recollection_id)
            return _write(
                session, user, {"persona": old.persona, "topic": old.topic, "matter": old.matter, "text": written}
            )

    def forget_recollection(self, user: str, recollection_id: str) -> None:
        """Use a recollection no longer. What it had replaced stays replaced."""
        with self._database.transaction() as session:
            forgotten = update(Stored).where(Stored.id == _one(session, user, recollection_id).id)
            session.execute(forgotten.values(forgotten_at=now()))

    def forget_all(self, user: str, persona: str) -> int:
        """Forget every active recollection of a user and persona; returns how many there were."""
        with self._database.transaction() as session:
            active = _states(user, Stored.persona == persona).subquery()
            of_them = update(Stored).where(Stored.id.in_(select(active.c.id).where(active.c.state == "active")))
            return len(session.scalars(of_them.values(forgotten_at=now()).returning(Stored.id)).all())

    def restore_recollection(self, user: str, recollection_id: str) -> Recollection:
        """Let one count again that was forgotten or replaced.

        Returns:
            The active one: itself or, where another of the same matter counts, a new one of the same text.
        """
        with self._database.transaction() as session:
            found = _one(session, user, recollection_id)
            session.execute(update(Stored).where(Stored.id == found.id).values(forgotten_at=None))
            found = _one(session, user, recollection_id)
            if found.state == "active":
                return found
            values = {"persona": found.persona, "topic": found.topic, "matter": found.matter, "text": found.text}
            return _write(session, user, values)

    def erase_recollection(self, user: str, recollection_id: str) -> None:
        """Remove a recollection for good."""
        with self._database.transaction() as session:
            session.execute(delete(Stored).where(Stored.id == _one(session, user, recollection_id).id))

    # ------------------------------------------------------------------ drawn out of turns

    def whose(self, conversation_id: str) -> str:
        """The name of the user of a conversation; empty: there is no such conversation."""
        query = select(User.name).join(Conversation, Conversation.user_id == User.id)
        with self._database.transaction() as session:
            return session.scalar(query.where(Conversation.id == conversation_id)) or ""

    def undrawn(self, user: str, persona: str, limit: int) -> list[Remark]:
        """What a user said to a persona and nothing has been drawn out of yet: the latest, in the order it was said."""
        query = (
            select(Turn.id, Turn.parent_id, Turn.question, Turn.created_at)
            .join(Conversation, Conversation.id == Turn.conversation_id)
            .join(User, User.id == Conversation.user_id)
            .where(text(UNDRAWN), User.name == user, Conversation.persona == persona, Turn.state != "pending")
            .where(Conversation.deleted_at.is_(None))
            .order_by(Turn.created_at.desc())
            .limit(limit)
        )
        with self._database.transaction() as session:
            found = [Remark(turn, parent, said, with_zone(at)) for turn, parent, said, at in session.execute(query)]
        return found[::-1]

    def keep_drawn(self, drawn: Mapping[str, Sequence[Drawn]]) -> None:
        """Store what was drawn out of turns, by the turn's id; those with nothing too, so that they are not read again.

        A turn that is gone meanwhile, or that another process has drawn from, is left out.
        """
        with self._database.transaction() as session:
            # Marked first: two processes cannot both have marked one.
            mark = update(Turn).where(Turn.id.in_(list(drawn)), text(UNDRAWN)).values(drawn=True)
            marked = session.scalars(mark.returning(Turn.id)).all()
            query = (
                select(Turn.id, Turn.created_at, Conversation.user_id, Conversation.persona)
                .join(Conversation, Conversation.id == Turn.conversation_id)
                .where(Turn.id.in_(marked))
            )
            rows = [
                {
                    "id": new_id(),
                    "user_id": turn.user_id,
                    "persona": turn.persona,
                    "turn_id": turn.id,
                    "topic": each.topic,
                    "matter": each.matter,
                    "text": each.text,
                    # In the order in which they stand in the message.
                    "told_at": with_zone(turn.created_at) + timedelta(microseconds=number),
                }
                for turn in session.execute(query)
                for number, each in enumerate(drawn[turn.id])
            ]
            if rows:
                session.execute(insert(Stored), rows)


def _states(user: str, *conditions: Any) -> Select[Any]:
    """The recollections of a user with their states and, where they are replaced, by which."""
    last = func.first_value(Stored.id).over(
        partition_by=(Stored.persona, Stored.matter), order_by=(Stored.told_at.desc(), Stored.id.desc())
    )
    state = case((Stored.forgotten_at.is_not(None), "forgotten"), (last != Stored.id, "replaced"), else_="active")
    return (
        select(
            Stored.id,
            Stored.persona,
            Stored.text,
            Stored.topic,
            Stored.matter,
            state.label("state"),
            Stored.told_at,
            Stored.turn_id,
            Turn.conversation_id,
            func.nullif(last, Stored.id).label("replaced_by"),
        )
        .join(User, User.id == Stored.user_id)
        .outerjoin(Turn, Turn.id == Stored.turn_id)
        .outerjoin(Conversation, Conversation.id == Turn.conversation_id)
        .where(User.name == user, Conversation.deleted_at.is_(None), *conditions)
    )


def _one(session: Session, user: str, recollection_id: str) -> Recollection:
    given = storable(recollection_id[:64])
    of_it = select(Stored.matter).where(Stored.id == given).scalar_subquery()
    found = _states(user, Stored.matter == of_it).subquery()
    row = session.execute(select(found).where(found.c.id == given)).one_or_none()
    if row is None:
        raise MemoryStoreError(UNKNOWN)
    return _recollection(row)


def _write(session: Session, user: str, values: Mapping[str, Any]) -> Recollection:
    """Add a recollection by hand, told now, so that it counts."""
    stored = Stored(user_id=user_of(session, user).id, told_at=now(), **values)
    session.add(stored)
    session.flush()
    return _one(session, user, stored.id)


def _checked(text: str) -> str:
    written = one_line(text)
    if not written:
        raise MemoryStoreError("There is nothing to remember. Write a sentence, or forget the one that is there.")
    if len(written) > LENGTH:
        raise MemoryStoreError(too_long("The sentence", len(written), LENGTH))
    return written


def _recollection(row: Any) -> Recollection:
    return Recollection(**{**row._mapping, "told_at": with_zone(row.told_at)})

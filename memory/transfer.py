"""A user's conversations and what is remembered of him as rows: to be carried away, and taken in, all or nothing.

Rows are read and stored a hundred at a time, so that neither way needs more memory for more turns than their ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from itertools import islice
from typing import Any

from sqlalchemy import RowMapping, insert, or_, select, update
from sqlalchemy.orm import Session

from memory.database import Database
from memory.journal import Journal
from memory.models import Comparison, Conversation, Profile, Recollection, Turn, User, new_id
from memory.rows import BadRow, Row, columns_of, to_row, to_stored
from memory.users import INSERT, user_of

ROWS = 100  # turns with their traces that are in memory at once
LINKS = 1000  # turns of which id and parent are read at once
UNFINISHED = "It was unfinished when it was exported."


@dataclass(frozen=True)
class Added:
    """What was taken in.

    Attributes:
        conversations, turns: how many.
        renamed: how many conversations were here already and are now here a second time, under a new id.
        last: the id of the last conversation; empty where there was none.
        recollections: how many.
    """

    conversations: int = 0
    turns: int = 0
    renamed: int = 0
    last: str = ""
    recollections: int = 0


class Transfer:
    """One user's conversations; to him, what belongs to others does not exist.

    Args:
        database: the memory's.
        journal: what is under way beyond what is stored.
        user: his name.

    Raises:
        MemoryStoreError: by every method: the database refuses.
    """

    def __init__(self, database: Database, journal: Journal, user: str) -> None:
        self._database, self._journal, self._user = database, journal, user
        self._him = select(User.id).where(User.name == user).scalar_subquery()
        self._own = (Conversation.user_id == self._him) & Conversation.deleted_at.is_(None)

    def conversations(self, conversation_id: str | None = None) -> list[Row]:
        """The user's conversations, the oldest first; or the one with that id."""
        query = select(*columns_of("conversation")).where(self._own)
        if conversation_id is not None:
            query = query.where(Conversation.id == conversation_id)
        with self._database.transaction() as session:
            found = session.execute(query.order_by(Conversation.created_at, Conversation.id))
            return [to_row("conversation", row._mapping) for row in found]

    def links(self, conversation_id: str) -> list[tuple[str, str | None]]:
        """Every turn of a conversation and its parent, by id: parents first, else in the order they were stored."""
        with self._database.transaction() as session:
            return list(self._links(session, conversation_id))

    def ids(self, conversation_id: str) -> list[str]:
        """The ids alone, in the same order: all that has to be held of a conversation while it is written out."""
        with self._database.transaction() as session:
            return [turn for turn, _ in self._links(session, conversation_id)]

    def turns(self, conversation_id: str, ids: Iterable[str]) -> Iterator[Row]:
        """Turns of a conversation as files have them, in the order of `ids`.

        One that has been deleted meanwhile is left out.
        """
        left = iter(ids)
        while some := list(islice(left, ROWS)):
            query = (
                select(*columns_of("turn"))
                .join(Conversation, Conversation.id == Turn.conversation_id)
                .where(Turn.id.in_(some), Turn.conversation_id == conversation_id, self._own)
            )
            with self._database.transaction() as session:
                found = {row.id: to_row("turn", self._current(row._mapping)) for row in session.execute(query)}
            yield from (found[turn] for turn in some if turn in found)

    def recollections(self, conversation_id: str | None) -> Iterator[Row]:
        """What was told in a conversation or, without one, what is written by hand, in the order it was told."""
        query = (
            select(*columns_of("recollection"))
            .outerjoin(Turn, Turn.id == Recollection.turn_id)
            .outerjoin(Conversation, Conversation.id == Turn.conversation_id)
            .where(Recollection.user_id == self._him, Turn.conversation_id.is_not_distinct_from(conversation_id))
            .where(or_(Recollection.turn_id.is_(None), Conversation.deleted_at.is_(None)))
            .order_by(Recollection.told_at, Recollection.id)
        )
        with self._database.transaction() as session:
            for row in session.execute(query, execution_options={"yield_per": LINKS}):
                yield to_row("recollection", row._mapping)

    def profiles(self) -> list[Row]:
        """What the user wrote of himself for each persona."""
        query = select(*columns_of("profile")).where(Profile.user_id == self._him).order_by(Profile.persona)
        with self._database.transaction() as session:
            return [to_row("profile", row._mapping) for row in session.execute(query)]

    def comparisons(self) -> list[Row]:
        """The replies that the user chose among those of several modes, the oldest first."""
        query = select(*columns_of("comparison")).where(Comparison.user_id == self._him)
        with self._database.transaction() as session:
            found = session.execute(query.order_by(Comparison.created_at, Comparison.id))
            return [to_row("comparison", row._mapping) for row in found]

    def add(self, rows: Iterable[Row]) -> Added:
        """Take in conversations, each followed by its turns, parents first: all of them or, on an error, none.

        What was told in a conversation follows its turns; what is written by hand may stand anywhere. An id that
        somebody has already is replaced by a new one; nothing that is stored is changed, nor is a profile, and what
        the user chose is not counted twice. A turn that was being written is unfinished for good.

        Raises:
            BadRow: a row is wrong, stands before what it belongs to or without it, or an id stands there twice.
            Exception: whatever `rows` raises.
        """
        with self._database.transaction() as session:
            intake = _Intake(session, user_of(session, self._user).id)
            try:
                for row in rows:
                    intake.take(row)
            except BadRow:
                intake.store()  # a mistake before this one is named rather
                raise
            return intake.end()

    def _links(self, session: Session, conversation_id: str) -> Iterator[tuple[str, str | None]]:
        query = (
            select(Turn.id, Turn.parent_id)
            .join(Conversation, Conversation.id == Turn.conversation_id)
            .where(Turn.conversation_id == conversation_id, self._own)
            .order_by(Turn.created_at, Turn.id)
        )
        found = session.execute(query, execution_options={"yield_per": LINKS})
        return _parents_first((turn, parent) for turn, parent in found)

    def _current(self, stored: RowMapping) -> dict[str, Any]:
        """A turn with what the journal knows beyond what is stored."""
        turn: dict[str, Any] = {**stored}
        if turn["state"] == "pending":
            ending, shown = self._journal.ending(turn["id"]), self._journal.shown(turn["id"])
            known = asdict(ending) if ending else {"reply": shown} if shown is not None else {}
            turn |= {name: value for name, value in known.items() if name in turn}
        return turn


class _Intake:
    """Rows on their way into the database, in one transaction.

    The database itself tells which ids are taken and which parents are there, a hundred at a time, so that nothing has
    to be remembered of turns that are stored. A turn whose id is taken gets one that follows from the old and this
    intake, so that its children find it.
    """

    def __init__(self, session: Session, user_id: str) -> None:
        self._session, self._user_id = session, user_id
        self._salt = new_id()
        self._ids: dict[str, str] = {}  # of the conversations: those of the file, and those here
        self._renamed = self._turns = 0
        self._conversation: Row | None = None
        self._waiting: list[Row] = []
        self._told: list[Row] = []
        self._told_ids: set[str] = set()

    def take(self, row: Row) -> None:
        if row.kind == "conversation":
            self._finish()
            self._begin(row)
        elif row.kind == "profile":
            profile = INSERT[self._session.get_bind().dialect.name](Profile).on_conflict_do_nothing()
            self._session.execute(profile, [to_stored(row) | {"user_id": self._user_id}])
        elif row.kind == "comparison":
            self._store_choice(row)
        elif row.kind == "recollection":
            self._told.append(row)
        elif self._conversation is None:
            raise BadRow(row.line, "is a turn before the first conversation.")
        else:
            self._waiting.append(row)
        if ROWS in (len(self._waiting), len(self._told)):
            self.store()

    def end(self) -> Added:
        self._finish()
        last = next(reversed(self._ids.values()), "")
        return Added(len(self._ids), self._turns, self._renamed, last, len(self._told_ids))

    def _begin(self, row: Row) -> None:
        stored = to_stored(row)
        old = stored["id"]
        if old in self._ids:
            raise BadRow(row.line, f"has the id {old!r} of an earlier conversation of this file.")
        taken = self._session.scalar(select(Conversation.id).where(Conversation.id == old)) is not None
        self._renamed += taken
        self._ids[old] = new_id() if taken else old
        here = {"id": self._ids[old], "user_id": self._user_id, "head_id": None}  # the head is not there yet
        self._session.execute(insert(Conversation), [stored | here])
        self._conversation = row

    def _finish(self) -> None:
        """Store what is left of a conversation, and its head."""
        self.store()
        if self._conversation is None:
            return
        head = self._conversation.values.get("head_id")
        if head is not None:
            found = self._found([head])
            if head not in found:
                raise BadRow(self._conversation.line, f"has a 'head_id' {head!r} that is none of its turns.")
            here = update(Conversation).where(Conversation.id == self._here)
            self._session.execute(here.values(head_id=found[head]))

    @property
    def _here(self) -> str:
        assert self._conversation is not None  # a turn is taken after one alone
        return self._ids[self._conversation.values["id"]]

    def store(self) -> None:
        rows, self._waiting = self._waiting, []
        told, self._told = self._told, []
        if rows:
            self._store_turns(rows)
        if told:
            self._store_told(told)

    def _store_turns(self, rows: Sequence[Row]) -> None:
        turns = [to_stored(row) for row in rows]
        taken = self._taken([turn["id"] for turn in turns])
        parents = self._found([turn["parent_id"] for turn in turns if turn["parent_id"] is not None])
        ours = set(self._ids.values())
        for row, turn in zip(rows, turns, strict=True):
            old, parent = turn["id"], turn["parent_id"]
            if old in parents or self._alias(old) in taken or taken.get(old) in ours:
                raise BadRow(row.line, f"has the id {old!r} of an earlier turn of this file.")
            if parent is not None and parent not in parents:
                raise BadRow(row.line, f"is a turn whose parent {parent!r} does not stand before it.")
            parents[old] = self._alias(old) if old in taken else old
            turn |= {"id": parents[old], "conversation_id": self._here, "parent_id": parents.get(parent)}
            if turn["state"] == "pending":
                turn |= {"state": "interrupted", "error": UNFINISHED}
        self._session.execute(insert(Turn), turns)
        self._turns += len(turns)

    def _store_told(self, rows: Sequence[Row]) -> None:
        """Store recollections; those of a turn stand behind it in its conversation."""
        told = [to_stored(row) for row in rows]
        of_turns = [each["turn_id"] for each in told if each["turn_id"] is not None]
        turns = self._found(of_turns) if self._conversation else {}
        ids = [each["id"] for each in told]
        taken = set(self._session.scalars(select(Recollection.id).where(Recollection.id.in_(ids))))
        for row, each in zip(rows, told, strict=True):
            if each["id"] in self._told_ids:
                raise BadRow(row.line, f"has the id {each['id']!r} of an earlier recollection of this file.")
            if (turn := each["turn_id"]) is not None:
                if turn not in turns:
                    raise BadRow(row.line, f"has a 'turn_id' {turn!r} that is no turn of the conversation before it.")
                if self._conversation and each["persona"] != self._conversation.values["persona"]:
                    raise BadRow(row.line, "has another 'persona' than its conversation.")
            self._told_ids.add(each["id"])
            each |= {"id": new_id() if each["id"] in taken else each["id"], "user_id": self._user_id}
            each["turn_id"] = turns.get(turn)
        self._session.execute(insert(Recollection), told)

    def _store_choice(self, row: Row) -> None:
        chosen = to_stored(row)
        whose = self._session.scalar(select(Comparison.user_id).where(Comparison.id == chosen["id"]))
        if whose != self._user_id:
            here = {"id": new_id() if whose else chosen["id"], "user_id": self._user_id}
            self._session.execute(insert(Comparison), [chosen | here])

    def _taken(self, ids: Sequence[str]) -> dict[str, str]:
        """Those of the ids, and of those that would take their place, that a turn has, with its conversation."""
        query = select(Turn.id, Turn.conversation_id).where(Turn.id.in_([*ids, *map(self._alias, ids)]))
        return {row.id: row.conversation_id for row in self._session.execute(query)}

    def _found(self, ids: Sequence[str]) -> dict[str, str]:
        """The ids here of turns of this conversation that are stored, by those that they have in the file."""
        here = {turn for turn, conversation in self._taken(ids).items() if conversation == self._here}
        return {turn: known for turn in ids for known in (self._alias(turn), turn) if known in here}

    def _alias(self, turn: str) -> str:
        return blake2b(turn.encode(), key=self._salt.encode(), digest_size=16).hexdigest()


def _parents_first(links: Iterable[tuple[str, str | None]]) -> Iterator[tuple[str, str | None]]:
    """The same, each behind its parent; the order is kept otherwise."""
    given: set[str | None] = {None}
    waiting: dict[str | None, list[str]] = {}
    for link in links:
        if link[1] not in given:
            waiting.setdefault(link[1], []).append(link[0])
            continue
        ready = [link]
        while ready:
            turn, parent = ready.pop()
            yield turn, parent
            given.add(turn)
            ready += [(child, turn) for child in reversed(waiting.pop(turn, []))]

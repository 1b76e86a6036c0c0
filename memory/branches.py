"""The tree of a conversation: the versions of a question and a reply, the map, and the way through it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Executable, bindparam, func, or_, select
from sqlalchemy.orm import aliased

from chatbot.errors import MemoryStoreError
from memory.database import Database
from memory.models import Conversation, Turn
from memory.records import BranchNode, Versions, storable, with_zone
from memory.snippets import excerpt

EXCERPT = 120  # characters of a question and a reply on the map


class Branches:
    """The part of the memory that knows what stands beside and behind a turn."""

    _database: Database

    def conversation_of(self, turn_id: str) -> str:
        """The id of the conversation that a turn is in; empty: there is no such turn."""
        query = select(Turn.conversation_id).where(Turn.id == storable(turn_id))
        with self._database.transaction() as session:
            return session.scalar(query) or ""

    def versions(self, conversation_id: str) -> dict[str, Versions]:
        """What else was asked and answered, for every turn on the path that the user sees. One query."""
        with self._database.transaction() as session:
            return _versions(session.execute(_BESIDE, {"conversation": conversation_id}))

    def siblings(self, turn_id: str) -> Versions:
        """What else was asked and answered at the place of a turn. One query.

        Raises:
            MemoryStoreError: there is no such turn.
        """
        turn = aliased(Turn)
        same_place = or_(Turn.parent_id == turn.parent_id, Turn.parent_id.is_(None) & turn.parent_id.is_(None))
        query = (
            select(Turn.id, Turn.parent_id, Turn.question, (Turn.id == turn.id).label("wanted"))
            .join(turn, (turn.conversation_id == Turn.conversation_id) & same_place)
            .where(turn.id == turn_id)
            .order_by(Turn.created_at, Turn.id)
        )
        with self._database.transaction() as session:
            found = _versions(session.execute(query))
        if turn_id not in found:
            raise MemoryStoreError(f"There is no turn '{turn_id}'.")
        return found[turn_id]

    def continued(self, turn_id: str) -> bool:
        """Whether anything was asked behind a turn."""
        query = select(select(Turn.id).where(Turn.parent_id == turn_id).exists())
        with self._database.transaction() as session:
            return bool(session.scalar(query))

    def branches(self, conversation_id: str) -> tuple[BranchNode, ...]:
        """The map of a conversation: every turn, in the order they were stored."""
        words = EXCERPT * 4  # that are read: there may be spaces among them
        query = (
            select(
                Turn.id,
                Turn.parent_id,
                func.substr(Turn.question, 1, words).label("question"),
                func.substr(Turn.reply, 1, words).label("reply"),
                Turn.mode,
                Turn.state,
                Turn.created_at,
                Conversation.head_id,
            )
            .join(Conversation, Conversation.id == Turn.conversation_id)
            .where(Conversation.id == conversation_id)
            .order_by(Turn.created_at, Turn.id)
        )
        with self._database.transaction() as session:
            rows = session.execute(query).all()
        path = _path({row.id: row.parent_id for row in rows}, rows[0].head_id if rows else None)
        return tuple(
            BranchNode(
                id=row.id,
                parent_id=row.parent_id,
                question=excerpt(row.question, EXCERPT),
                reply=excerpt(row.reply, EXCERPT),
                mode=row.mode,
                state=row.state,
                created_at=with_zone(row.created_at),
                on_path=row.id in path,
            )
            for row in rows
        )

    def look_at(self, conversation_id: str, turn_id: str | None) -> None:
        """Make `turn_id` the head: the end of the path that the user sees and that the next turn continues.

        Raises:
            MemoryStoreError: there is no such turn in the conversation.
        """
        with self._database.transaction() as session:
            turn = session.get(Turn, turn_id) if turn_id is not None else None
            if turn_id is not None and (turn is None or turn.conversation_id != conversation_id):
                raise MemoryStoreError(f"There is no turn '{turn_id}' in this conversation.")
            conversation = session.get(Conversation, conversation_id)
            if conversation is not None:
                conversation.head_id = turn_id

    def go_to(self, turn_id: str) -> str:
        """Lead the path through a turn, and on to the end of what was last written behind it.

        Returns:
            The new head: the id of the turn at the path's end.

        Raises:
            MemoryStoreError: there is no such turn.
        """
        first = select(Turn.id, Turn.created_at, Turn.conversation_id).where(Turn.id == turn_id)
        behind = first.cte("behind", recursive=True)
        behind = behind.union_all(
            select(Turn.id, Turn.created_at, Turn.conversation_id).join(behind, Turn.parent_id == behind.c.id)
        )
        last = select(behind.c.id, behind.c.conversation_id).order_by(behind.c.created_at.desc(), behind.c.id.desc())
        with self._database.transaction() as session:
            end = session.execute(last.limit(1)).one_or_none()
            conversation = session.get(Conversation, end.conversation_id) if end is not None else None
            if end is None or conversation is None:
                raise MemoryStoreError(f"There is no turn '{turn_id}'.")
            conversation.head_id = end.id
            return str(end.id)


def _beside() -> Executable:
    """The turns beside every turn of the path that is seen, and those themselves."""
    conversation: Any = bindparam("conversation")
    way = way_to(select(Conversation.head_id).where(Conversation.id == conversation).scalar_subquery(), conversation)
    beside = or_(Turn.parent_id.in_(select(way.c.parent_id)), Turn.parent_id.is_(None))
    on_way = Turn.id.in_(select(way.c.id)).label("wanted")
    found = select(Turn.id, Turn.parent_id, Turn.question, on_way).where(Turn.conversation_id == conversation, beside)
    return found.order_by(Turn.created_at, Turn.id)


def way_to(head: Any, conversation_id: Any) -> Any:
    """The ids of the turns from a head to the root, with their parents, as a query that recurs."""
    last = select(Turn.id, Turn.parent_id).where(Turn.id == head, Turn.conversation_id == conversation_id)
    way = last.cte("way", recursive=True)
    return way.union_all(select(Turn.id, Turn.parent_id).join(way, Turn.id == way.c.parent_id))


_BESIDE = _beside()  # made once: it takes longer to make it than to answer it


def _path(parents: dict[str, str | None], head: str | None) -> frozenset[str]:
    path: set[str] = set()
    while head in parents and head is not None:
        path.add(head)
        head = parents[head]
    return frozenset(path)


def _versions(rows: Iterable[Any]) -> dict[str, Versions]:
    """The versions of the turns that are wanted, from the turns at their places in the order they were stored."""
    places: dict[str | None, list[Any]] = defaultdict(list)
    for row in rows:
        places[row.parent_id].append(row)
    return {row.id: _version(row, place) for place in places.values() for row in place if row.wanted}


def _version(turn: Any, place: list[Any]) -> Versions:
    if len(place) == 1:  # of a long path nearly all are
        return Versions((turn.id,), 0, (turn.id,), 0)
    replies = tuple(row.id for row in place if row.question == turn.question)
    latest = {row.question: row.id for row in place}  # in the order in which they were first asked
    latest[turn.question] = turn.id
    return Versions(replies, replies.index(turn.id), tuple(latest.values()), list(latest).index(turn.question))

"""Conversations as trees of turns in SQL: a question is stored before it is answered, and nothing is overwritten."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import Executable, and_, bindparam, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from chatbot.errors import DatabaseAwayError, MemoryStoreError, NotStoredYetError
from memory.branches import Branches, way_to
from memory.comparisons import Comparisons
from memory.conversations import TITLE_LENGTH, Conversations, one_line
from memory.database import Database
from memory.fulltext import FullText
from memory.journal import Ending, Journal
from memory.models import Conversation, Turn, now
from memory.profiles import Profiles
from memory.ratings import Ratings
from memory.recollections import Recollections
from memory.records import StoredTurn, TracedTurn, storable, with_zone
from memory.summaries import Summaries
from memory.transfer import Transfer

logger = logging.getLogger(__name__)

EVERY = 2**31 - 1  # turns: more than there are
ROWS = 100  # turns with their traces that are in memory at once when many are read
INTERRUPTED = "It was interrupted: the program ended before the reply did."

AnyTurn = TypeVar("AnyTurn", bound=StoredTurn)
_PLAIN = (
    Turn.id,
    Turn.conversation_id,
    Turn.parent_id,
    Turn.mode,
    Turn.question,
    Turn.sent,
    Turn.reply,
    Turn.state,
    Turn.error,
    Turn.created_at,
)
_TRACED = (*_PLAIN, Turn.evidence, Turn.trace)


def _path() -> Executable:
    """The turns from the root to one of a conversation, the oldest first. Made once: that takes longer than to ask."""
    last = select(Turn.id, Turn.parent_id, literal(0).label("back")).where(
        Turn.id == bindparam("turn"), Turn.conversation_id == bindparam("conversation")
    )
    way = last.cte(recursive=True)
    before = aliased(Turn)
    step = select(before.id, before.parent_id, way.c.back + 1).join(way, before.id == way.c.parent_id)
    way = way.union_all(step.where(way.c.back < bindparam("steps")))
    return select(*_PLAIN).join(way, way.c.id == Turn.id).order_by(way.c.back.desc())


_PATH = _path()


class Memory(Conversations, Branches, FullText, Recollections, Profiles, Ratings, Comparisons, Summaries):
    """The conversations of every user.

    Turns that a process which has died left unfinished are closed as 'interrupted' when the database is opened. Several
    processes may share a database, and several threads a `Memory`. A turn that is under way here is read with what was
    shown of its reply up to now.

    Args:
        url: a SQLAlchemy URL, as `memory.database.Database` takes it.

    Raises:
        MemoryStoreError: by every method too: the database refuses.
        DatabaseAwayError: likewise: it cannot be reached, is locked, full, or cannot be written to.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url)
        self._journal = Journal(self._store_shown, self._complete)
        try:
            self._close_abandoned()
            self.purge_expired()
        except MemoryStoreError as error:  # it can still be read; the next start does it
            logger.warning("Unfinished turns and deleted conversations were left as they are: %s", error)

    def close(self) -> None:
        """Store what is left, and close the connections. A database that is locked is waited for."""
        self._journal.close()
        self._database.close()

    # ------------------------------------------------------------------ what was said

    def turns(self, conversation_id: str) -> list[StoredTurn]:
        """Every turn of a conversation, on every branch, in the order they were stored."""
        query = select(*_PLAIN).where(Turn.conversation_id == conversation_id).order_by(Turn.created_at, Turn.id)
        with self._database.transaction() as session:
            return [self._current(_plain(row)) for row in session.execute(query)]

    def traced_turns(self, conversation_id: str) -> Iterator[TracedTurn]:
        """The same with evidence and traces, read as they are asked for: a long conversation does not fit in memory."""
        query = select(*_TRACED).where(Turn.conversation_id == conversation_id).order_by(Turn.created_at, Turn.id)
        with self._database.transaction() as session:
            for row in session.execute(query, execution_options={"yield_per": ROWS}):
                yield self._current(_traced(row))

    def path(self, conversation_id: str, turn_id: str | None = None, *, limit: int | None = None) -> list[StoredTurn]:
        """The turns from the root to `turn_id` (default: the head of the conversation), the oldest first.

        Args:
            conversation_id: of the conversation.
            turn_id: the last of them.
            limit: how many of them, the last ones; None: all.
        """
        with self._database.transaction() as session:
            if turn_id is None:
                turn_id = session.scalar(select(Conversation.head_id).where(Conversation.id == conversation_id))
            steps = (limit or EVERY) - 1
            found = session.execute(_PATH, {"turn": turn_id, "conversation": conversation_id, "steps": steps})
            return [self._current(_plain(row)) for row in found]

    def evidence(self, conversation_id: str) -> dict[str, list[dict[str, object]]]:
        """The evidence of every turn on the path that the user sees, by the turn's id. One query."""
        head = select(Conversation.head_id).where(Conversation.id == conversation_id).scalar_subquery()
        query = select(Turn.id, Turn.evidence).where(Turn.id.in_(select(way_to(head, conversation_id).c.id)))
        with self._database.transaction() as session:
            stored = {row.id: row.evidence for row in session.execute(query)}
        endings = {turn_id: self._journal.ending(turn_id) for turn_id in stored}
        return {turn_id: ending.evidence if (ending := endings[turn_id]) else stored[turn_id] for turn_id in stored}

    def transfer(self, user: str) -> Transfer:
        """A user's conversations as rows, to be carried away and taken in."""
        return Transfer(self._database, self._journal, user)

    # ------------------------------------------------------------------ turns

    def ask(self, conversation_id: str, parent_id: str | None, mode: str, question: str) -> str:
        """Store a question as a child of `parent_id` before it is answered; returns the id of the turn.

        Raises:
            MemoryStoreError: there is no such conversation or parent.
        """
        owner = self._database.claim()
        with self._database.transaction() as session:
            return _asked(session, conversation_id, parent_id, mode, question, owner=owner).id

    def add_answered(
        self,
        conversation_id: str,
        parent_id: str | None,
        mode: str,
        question: str,
        *,
        sent: str,
        reply: str,
        evidence: Iterable[dict[str, object]],
        trace: dict[str, object],
        title: str = "",
    ) -> str:
        """Store a turn that was answered outside of every conversation, all of it in one transaction; returns its id.

        Args:
            conversation_id, parent_id, mode, question: as `ask` has them.
            sent, reply, evidence, trace, title: as `answer` has them.

        Raises:
            MemoryStoreError: there is no such conversation or parent.
        """
        with self._database.transaction() as session:
            turn = _asked(
                session,
                conversation_id,
                parent_id,
                mode,
                question,
                sent=storable(sent),
                reply=storable(reply),
                evidence=list(evidence),
                trace=trace,
                state="done",
                completed_at=now(),
            )
            nameless = (Conversation.id == conversation_id) & (Conversation.title == "")
            session.execute(update(Conversation).where(nameless).values(title=one_line(title)[:TITLE_LENGTH]))
            return turn.id

    def show(self, turn_id: str, reply: str) -> None:
        """Keep what was shown of a reply, all of it so far: it is stored behind, within a second. Never waits."""
        self._journal.show(turn_id, reply)

    def answer(
        self,
        turn_id: str,
        *,
        sent: str,
        reply: str,
        state: str,
        evidence: Iterable[dict[str, object]] = (),
        trace: dict[str, object] | None = None,
        error: str = "",
        title: str = "",
    ) -> None:
        """Complete a turn: store reply, evidence and trace in one transaction.

        Args:
            turn_id: a turn that waits for its answer.
            sent: the user's message as the model read it.
            reply: what was answered.
            state: 'done', 'stopped' or 'failed'.
            evidence: the passages that were used.
            trace: what else is kept of the turn.
            error: why it failed.
            title: a name for the conversation, which it gets if it has none.

        Raises:
            NotStoredYetError: the database does not take it now; it is kept, and tried again behind until it does.
            MemoryStoreError: there is no such turn, it is complete already, or the database refuses it.
        """
        ending = Ending(
            storable(sent),
            storable(reply),
            state,
            storable(error),
            list(evidence),
            trace or {},
            one_line(title)[:TITLE_LENGTH],
        )
        try:
            self._complete(turn_id, ending)
        except DatabaseAwayError as away:
            self._journal.keep(turn_id, ending)
            logger.warning("The reply of the turn %s is kept until the database takes it: %s", turn_id, away)
            raise NotStoredYetError(
                f"{str(away).split('. ')[0]}. The reply is kept, and will be stored as soon as that has changed."
            ) from away
        self._journal.forget(turn_id)

    def turn(self, turn_id: str) -> TracedTurn:
        """One turn with its evidence and trace.

        Raises:
            MemoryStoreError: there is none.
        """
        with self._database.transaction() as session:
            row = session.execute(select(*_TRACED).where(Turn.id == turn_id)).one_or_none()
        if row is None:
            raise MemoryStoreError(f"There is no turn '{turn_id}'.")
        return self._current(_traced(row))

    # ------------------------------------------------------------------ what is under way

    def _current(self, turn: AnyTurn) -> AnyTurn:
        """A turn with what the journal knows beyond what is stored."""
        ending = self._journal.ending(turn.id)
        if ending is None:
            shown = self._journal.shown(turn.id)
            return replace(turn, reply=shown) if shown is not None and turn.state == "pending" else turn
        turn = replace(turn, sent=ending.sent, reply=ending.reply, state=ending.state, error=ending.error)
        if isinstance(turn, TracedTurn):
            turn = replace(turn, evidence=ending.evidence, trace=ending.trace)
        return turn

    def _store_shown(self, shown: Mapping[str, str]) -> None:
        with self._database.transaction() as session:
            for turn_id, reply in shown.items():
                under_way = update(Turn).where(Turn.id == turn_id, Turn.state == "pending")
                session.execute(under_way.values(reply=storable(reply)))

    def _complete(self, turn_id: str, ending: Ending) -> None:
        with self._database.transaction() as session:
            # One that somebody took for dead is completed all the same: its owner lives.
            mine = and_(Turn.state == "interrupted", Turn.owner == self._database.owners.own)
            waiting = update(Turn).where(Turn.id == turn_id, or_(Turn.state == "pending", mine))
            completed = waiting.values(
                sent=ending.sent,
                reply=ending.reply,
                state=ending.state,
                error=ending.error,
                evidence=ending.evidence,
                trace=ending.trace,
                completed_at=now(),
            )
            conversation = session.scalar(completed.returning(Turn.conversation_id))
            if conversation is None:
                raise MemoryStoreError(f"The turn '{turn_id}' is not waiting for an answer.")
            nameless = (Conversation.id == conversation) & (Conversation.title == "")
            if ending.title:
                session.execute(update(Conversation).where(nameless).values(title=ending.title))

    def _close_abandoned(self) -> None:
        """Close the turns whose owners have died, with what was shown of their replies."""
        owners = self._database.owners
        with self._database.transaction() as session:
            waiting = session.scalars(select(Turn.owner).where(Turn.state == "pending").distinct()).all()
            for owner in waiting:
                if owner is None or owners.dead(owner):
                    of_it = update(Turn).where(Turn.state == "pending", Turn.owner.is_not_distinct_from(owner))
                    session.execute(of_it.values(state="interrupted", error=INTERRUPTED, completed_at=now()))


def _asked(
    session: Session, conversation_id: str, parent_id: str | None, mode: str, question: str, **more: Any
) -> Turn:
    """A new turn at the head of a conversation; `more` are values of its other columns."""
    conversation = session.get(Conversation, conversation_id)
    if conversation is None or conversation.deleted_at is not None:
        raise MemoryStoreError(f"There is no conversation '{conversation_id}'.")
    # Not the parent itself: its evidence and trace are long.
    place = select(Turn.conversation_id).where(Turn.id == parent_id)
    if parent_id is not None and session.scalar(place) != conversation_id:
        raise MemoryStoreError(f"There is no turn '{parent_id}' in this conversation.")
    turn = Turn(conversation_id=conversation_id, parent_id=parent_id, mode=mode, question=storable(question), **more)
    session.add(turn)
    session.flush()
    conversation.head_id = turn.id
    conversation.updated_at = now()
    return turn


def _plain(row: Any) -> StoredTurn:
    return StoredTurn(*(*row[:-1], with_zone(row[-1])))  # by place, since a long path has hundreds


def _traced(row: Any) -> TracedTurn:
    return TracedTurn(**{**row._mapping, "created_at": with_zone(row.created_at)})

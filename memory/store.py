"""Conversations as a tree of turns in SQL: what is said is stored before it is answered, and never overwritten."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.orm import Session, sessionmaker

from chatbot.errors import MemoryStoreError
from memory.models import Conversation, Turn, User, now
from memory.upgrade import upgrade

BUSY_SECONDS = 5  # how long a locked SQLite database is waited for
TITLE_LENGTH = 60


@dataclass(frozen=True)
class StoredTurn:
    """A turn as it was stored, apart from any session."""

    id: str
    conversation_id: str
    parent_id: str | None
    mode: str
    question: str
    sent: str
    reply: str
    state: str
    error: str
    created_at: datetime
    evidence: list[dict[str, Any]] = field(default_factory=list)
    trace: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ConversationSummary:
    """A line in the list of past conversations."""

    id: str
    persona: str
    title: str
    greeting: str
    turns: int
    updated_at: datetime
    head_id: str | None


class Memory:
    """The store of everything that was said.

    Args:
        url: a SQLAlchemy URL; SQLite gets write-ahead logging, so that readers never wait for a writer.

    Raises:
        MemoryStoreError: the database cannot be reached or brought up to date.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
            on_disk = parsed.database not in (None, "", ":memory:") and "uri" not in parsed.query
            if parsed.get_backend_name() == "sqlite" and on_disk:
                Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
            self._engine = _create(url)
            _upgrade_among_others(self._engine)
        except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
            why = "its port is no number" if isinstance(error, ValueError) else error
            raise MemoryStoreError(
                f"'{_hidden(url)}' is no database that can be used here: {why}. Correct "
                "BAKERSTREET_DATABASE_URL; for PostgreSQL install `pip install bakerstreet[postgres]` and write postgresql+psycopg://..."
            ) from error
        except (SQLAlchemyError, OSError) as error:
            raise MemoryStoreError(f"The database {_hidden(url)} cannot be opened: {_short(error)}.") from error
        self._session = sessionmaker(self._engine, expire_on_commit=False)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    # ------------------------------------------------------------------ conversations

    def start(self, user: str, persona: str, greeting: str = "") -> str:
        """Begin a conversation; returns its id."""
        with self._transaction() as session:
            conversation = Conversation(user_id=self._user(session, user).id, persona=persona, greeting=greeting)
            session.add(conversation)
            session.flush()
            return conversation.id

    def conversations(self, user: str | None = None, limit: int = 100) -> list[ConversationSummary]:
        """Conversations in which something was said, the latest first; of everybody where `user` is None."""
        query = (
            select(Conversation, func.count(Turn.id))
            .join(Turn, Turn.conversation_id == Conversation.id)
            .group_by(Conversation.id)
            .order_by(Conversation.updated_at.desc())
            .limit(limit)
        )
        if user is not None:
            query = query.join(User, User.id == Conversation.user_id).where(User.name == user)
        with self._transaction() as session:
            return [_summary(conversation, turns) for conversation, turns in session.execute(query)]

    def conversation(self, conversation_id: str, user: str | None = None) -> ConversationSummary:
        """One conversation by its id or the beginning of it.

        Raises:
            MemoryStoreError: there is none, more than one, or it is somebody else's than `user`'s.
        """
        with self._transaction() as session:
            query = select(Conversation).where(Conversation.id.startswith(conversation_id, autoescape=True))
            if user is not None:
                query = query.join(User, User.id == Conversation.user_id).where(User.name == user)
            found = session.scalars(query.limit(2)).all()
            if len(found) != 1 or not conversation_id:
                problem = "More than one conversation begins" if len(found) > 1 else "No conversation begins"
                raise MemoryStoreError(f"{problem} with '{conversation_id}'. See `bakerstreet memory list`.")
            turns = session.scalar(select(func.count(Turn.id)).where(Turn.conversation_id == found[0].id)) or 0
            return _summary(found[0], turns)

    def turns(self, conversation_id: str) -> list[StoredTurn]:
        """Every turn of a conversation, branches and all, in the order of their writing."""
        query = select(Turn).where(Turn.conversation_id == conversation_id).order_by(Turn.created_at, Turn.id)
        with self._transaction() as session:
            return [_stored(turn) for turn in session.scalars(query)]

    def path(self, conversation_id: str, turn_id: str | None = None) -> list[StoredTurn]:
        """The turns from the root to `turn_id` (default: the conversation's head), the oldest first."""
        with self._transaction() as session:
            if turn_id is None:
                conversation = session.get(Conversation, conversation_id)
                turn_id = conversation.head_id if conversation else None
            by_id = {
                turn.id: turn for turn in session.scalars(select(Turn).where(Turn.conversation_id == conversation_id))
            }
            path: list[StoredTurn] = []
            while turn_id is not None and turn_id in by_id:
                path.append(_stored(by_id[turn_id]))
                turn_id = by_id[turn_id].parent_id
            return path[::-1]

    def said(self, conversation_id: str, *, before: str | None = None, limit: int = 200) -> list[StoredTurn]:
        """What the user of a conversation asked or told this persona, in all their conversations, the latest first.

        Args:
            conversation_id: one of the user's conversations.
            before: the turn that is being answered, which is left out.
            limit: the most turns.
        """
        with self._transaction() as session:
            here = session.get(Conversation, conversation_id)
            if here is None:
                return []
            query = (
                select(Turn)
                .join(Conversation, Conversation.id == Turn.conversation_id)
                .where(Conversation.user_id == here.user_id, Conversation.persona == here.persona)
                .order_by(Turn.created_at.desc(), Turn.id)
                .limit(limit)
            )
            return [_stored(turn) for turn in session.scalars(query) if turn.id != before]

    def look_at(self, conversation_id: str, turn_id: str | None) -> None:
        """Make `turn_id` the head: what the user sees, and what the next turn follows."""
        with self._transaction() as session:
            conversation = session.get(Conversation, conversation_id)
            if conversation is not None:
                conversation.head_id = turn_id

    # ------------------------------------------------------------------ turns

    def ask(self, conversation_id: str, parent_id: str | None, mode: str, question: str) -> str:
        """Store a question under `parent_id` before it is answered; returns the turn's id."""
        with self._transaction() as session:
            conversation = session.get(Conversation, conversation_id)
            if conversation is None:
                raise MemoryStoreError(f"There is no conversation '{conversation_id}'.")
            turn = Turn(conversation_id=conversation_id, parent_id=parent_id, mode=mode, question=question)
            session.add(turn)
            session.flush()
            conversation.head_id = turn.id
            conversation.updated_at = now()
            conversation.title = conversation.title or _title(question)
            return turn.id

    def answer(
        self,
        turn_id: str,
        *,
        sent: str,
        reply: str,
        state: str,
        evidence: Sequence[dict[str, Any]] = (),
        trace: dict[str, Any] | None = None,
        error: str = "",
    ) -> None:
        """Complete a turn: its reply, evidence and trace in one transaction.

        Raises:
            MemoryStoreError: there is no such turn, or it was completed already.
        """
        with self._transaction() as session:
            turn = session.get(Turn, turn_id, with_for_update=True)
            if turn is None or turn.state != "pending":
                raise MemoryStoreError(f"The turn '{turn_id}' does not wait for an answer.")
            turn.sent, turn.reply, turn.state, turn.error = sent, reply, state, error
            turn.evidence, turn.trace = list(evidence), trace or {}
            turn.completed_at = now()

    def turn(self, turn_id: str) -> StoredTurn:
        """One turn.

        Raises:
            MemoryStoreError: there is none.
        """
        with self._transaction() as session:
            turn = session.get(Turn, turn_id)
            if turn is None:
                raise MemoryStoreError(f"There is no turn '{turn_id}'.")
            return _stored(turn)

    # ------------------------------------------------------------------ inside

    def _user(self, session: Session, name: str) -> User:
        query = select(User).where(User.name == name)
        user = session.scalar(query)
        if user is None:
            try:
                with session.begin_nested():
                    user = User(name=name)
                    session.add(user)
            except IntegrityError:  # somebody else met the same visitor at the same time
                user = session.scalar(query)
        assert user is not None  # either found or made just now
        return user

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        try:
            with self._session.begin() as session:
                yield session
        except OperationalError as error:
            raise MemoryStoreError(_advice(error)) from error
        except SQLAlchemyError as error:
            raise MemoryStoreError(f"The database refused: {_short(error)}.") from error


def _upgrade_among_others(engine: Engine) -> None:
    """Bring the database up to date, also where another process is just doing the same."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return upgrade(engine)
        except (OperationalError, ProgrammingError, IntegrityError) as error:
            beaten = any(word in str(error) for word in ("already exists", "locked", "duplicate key"))
            if not beaten or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _zoned(moment: datetime) -> datetime:
    """A time with its zone: SQLite gives them back without."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _create(url: str) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return engine


def _advice(error: OperationalError) -> str:
    text = str(error.orig or error)
    if "locked" in text or "busy" in text:
        return "The database is locked by another program. Close it and send the message again; nothing is lost."
    if "full" in text:
        return "The disk is full, so nothing more can be stored. Free some space and send the message again."
    if "readonly" in text:
        return "The database cannot be written to. Check the rights of its file and folder."
    return f"The database cannot be reached: {_short(error)}. Start it, or correct BAKERSTREET_DATABASE_URL."


def _short(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().split("\n")[0]


def _hidden(url: str) -> str:
    try:
        return make_url(url).difference_update_query(["password"]).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):  # what cannot be parsed may hold a password all the same
        return f"***@{url.rpartition('@')[2]}" if "@" in url else url


def _title(question: str) -> str:
    line = " ".join(question.split())
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"


def _summary(conversation: Conversation, turns: int) -> ConversationSummary:
    return ConversationSummary(
        id=conversation.id,
        persona=conversation.persona,
        title=conversation.title,
        greeting=conversation.greeting,
        turns=turns,
        updated_at=_zoned(conversation.updated_at),
        head_id=conversation.head_id,
    )


def _stored(turn: Turn) -> StoredTurn:
    return StoredTurn(
        id=turn.id,
        conversation_id=turn.conversation_id,
        parent_id=turn.parent_id,
        mode=turn.mode,
        question=turn.question,
        sent=turn.sent,
        reply=turn.reply,
        state=turn.state,
        error=turn.error,
        created_at=_zoned(turn.created_at),
        evidence=list(turn.evidence),
        trace=dict(turn.trace),
    )

"""Conversations as trees of turns in SQL: a question is stored before it is answered, and nothing is overwritten."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from chatbot.errors import MemoryStoreError
from memory.database import Database
from memory.models import Conversation, Turn, User, now
from memory.records import ConversationSummary, StoredTurn

TITLE_LENGTH = 60  # characters


class Memory:
    """The conversations of every user.

    Args:
        url: a SQLAlchemy URL, as `memory.database.Database` takes it.

    Raises:
        MemoryStoreError: by every method too: the database cannot be reached, is locked or is full.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    # ------------------------------------------------------------------ conversations

    def start(self, user: str, persona: str, greeting: str = "") -> str:
        """Start a conversation; returns its id."""
        with self._database.transaction() as session:
            conversation = Conversation(user_id=_user(session, user).id, persona=persona, greeting=greeting)
            session.add(conversation)
            session.flush()
            return conversation.id

    def conversations(self, user: str | None = None, limit: int = 100) -> list[ConversationSummary]:
        """Conversations with at least one turn, the latest first; of every user if `user` is None."""
        query = (
            select(Conversation, func.count(Turn.id))
            .join(Turn, Turn.conversation_id == Conversation.id)
            .group_by(Conversation.id)
            .order_by(Conversation.updated_at.desc())
            .limit(limit)
        )
        if user is not None:
            query = query.join(User, User.id == Conversation.user_id).where(User.name == user)
        with self._database.transaction() as session:
            return [ConversationSummary.of(conversation, turns) for conversation, turns in session.execute(query)]

    def conversation(self, conversation_id: str, user: str | None = None) -> ConversationSummary:
        """One conversation by its id or a prefix of it.

        Raises:
            MemoryStoreError: there is none, there are several, or it belongs to another user than `user`.
        """
        with self._database.transaction() as session:
            query = select(Conversation).where(Conversation.id.startswith(conversation_id, autoescape=True))
            if user is not None:
                query = query.join(User, User.id == Conversation.user_id).where(User.name == user)
            found = session.scalars(query.limit(2)).all()
            if len(found) != 1 or not conversation_id:
                who = "Several conversations have" if len(found) > 1 else "No conversation has"
                raise MemoryStoreError(
                    f"{who} an id that starts with '{conversation_id}'. See `bakerstreet memory list`."
                )
            turns = session.scalar(select(func.count(Turn.id)).where(Turn.conversation_id == found[0].id)) or 0
            return ConversationSummary.of(found[0], turns)

    def turns(self, conversation_id: str) -> list[StoredTurn]:
        """Every turn of a conversation, on every branch, in the order they were stored."""
        query = select(Turn).where(Turn.conversation_id == conversation_id).order_by(Turn.created_at, Turn.id)
        with self._database.transaction() as session:
            return [StoredTurn.of(turn) for turn in session.scalars(query)]

    def path(self, conversation_id: str, turn_id: str | None = None) -> list[StoredTurn]:
        """The turns from the root to `turn_id` (default: the head of the conversation), the oldest first."""
        with self._database.transaction() as session:
            if turn_id is None:
                conversation = session.get(Conversation, conversation_id)
                turn_id = conversation.head_id if conversation else None
            by_id = {
                turn.id: turn for turn in session.scalars(select(Turn).where(Turn.conversation_id == conversation_id))
            }
            path: list[StoredTurn] = []
            while turn_id is not None and turn_id in by_id:
                path.append(StoredTurn.of(by_id[turn_id]))
                turn_id = by_id[turn_id].parent_id
            return path[::-1]

    def said(self, conversation_id: str, *, before: str | None = None, limit: int = 200) -> list[StoredTurn]:
        """What the user of a conversation said to its persona, in any conversation with it, the latest first.

        Args:
            conversation_id: one of the user's conversations.
            before: the turn that is being answered, which is left out.
            limit: the maximum number of turns.
        """
        with self._database.transaction() as session:
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
            return [StoredTurn.of(turn) for turn in session.scalars(query) if turn.id != before]

    def look_at(self, conversation_id: str, turn_id: str | None) -> None:
        """Make `turn_id` the head: the end of the path that the user sees and that the next turn continues."""
        with self._database.transaction() as session:
            conversation = session.get(Conversation, conversation_id)
            if conversation is not None:
                conversation.head_id = turn_id

    # ------------------------------------------------------------------ turns

    def ask(self, conversation_id: str, parent_id: str | None, mode: str, question: str) -> str:
        """Store a question as a child of `parent_id` before it is answered; returns the id of the turn.

        Raises:
            MemoryStoreError: there is no such conversation or parent.
        """
        with self._database.transaction() as session:
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
        evidence: Sequence[dict[str, object]] = (),
        trace: dict[str, object] | None = None,
        error: str = "",
    ) -> None:
        """Complete a turn: store reply, evidence and trace in one transaction.

        Raises:
            MemoryStoreError: there is no such turn, or it is complete already.
        """
        with self._database.transaction() as session:
            turn = session.get(Turn, turn_id, with_for_update=True)
            if turn is None or turn.state != "pending":
                raise MemoryStoreError(f"The turn '{turn_id}' is not waiting for an answer.")
            turn.sent, turn.reply, turn.state, turn.error = sent, reply, state, error
            turn.evidence, turn.trace = list(evidence), trace or {}
            turn.completed_at = now()

    def turn(self, turn_id: str) -> StoredTurn:
        """One turn.

        Raises:
            MemoryStoreError: there is none.
        """
        with self._database.transaction() as session:
            turn = session.get(Turn, turn_id)
            if turn is None:
                raise MemoryStoreError(f"There is no turn '{turn_id}'.")
            return StoredTurn.of(turn)


def _user(session: Session, name: str) -> User:
    """The user of that name, added if there is none."""
    query = select(User).where(User.name == name)
    user = session.scalar(query)
    if user is None:
        try:
            with session.begin_nested():
                user = User(name=name)
                session.add(user)
        except IntegrityError:  # another transaction added the same user at the same time
            user = session.scalar(query)
    assert user is not None  # found or added
    return user


def _title(question: str) -> str:
    line = " ".join(question.split())
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"

"""The tables.

    users 1 --- n conversations 1 --- n turns 1 --- n recollections n --- 1 users
      |                                turns.parent_id -> turns.id: the tree
      +--- n profiles                  turns 1 --- 0..1 summaries
      +--- n comparisons

A turn is stored with its question before the reply is generated, then with what was shown of the reply as it grows, and
completed once with its reply and trace.
Edit, retry and branch add turns with the same parent; nothing is overwritten. `conversations.head_id` is the last turn
of the path that the user sees.

Recollections of one user and persona that are of one matter stand in each other's place: the last one told counts, and
those before it are replaced. Nothing has to be changed when one goes: what it had replaced counts again.

What `memory.fulltext` searches lies beside these tables: on SQLite in `turn_words` and `turn_numbers`, which triggers
keep in step, on PostgreSQL in a generated column. The migrations make it.
"""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from sqlalchemy import JSON, DateTime, ForeignKey, Index, String, Text, false, text, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chatbot import clock

PENDING = "state = 'pending'"  # the rows of a partial index
DELETED = "deleted_at IS NOT NULL"  # those of another
UNDRAWN = "NOT drawn"
RATED = "thumb IS NOT NULL"


def new_id() -> str:
    """A new random identifier of 32 hexadecimal digits."""
    return uuid4().hex


def now() -> datetime:
    """The current time in UTC, with its zone."""
    return clock.now()


class Base(DeclarativeBase):
    """The base class of the tables."""


class User(Base):
    """A user, known by name. `recall`: whether what he tells is kept and brought back."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    recall: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)


class Conversation(Base):
    """A tree of turns with one persona.

    `title` is empty until it is made or given; see `Memory.answer`. One that is deleted is there, unseen, until it is
    purged.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        Index("ix_conversations_listed", "user_id", "archived", "pinned", "updated_at", "id"),
        Index("ix_conversations_deleted", "deleted_at", sqlite_where=text(DELETED), postgresql_where=text(DELETED)),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    persona: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(120), default="")
    greeting: Mapped[str] = mapped_column(Text, default="")
    head_id: Mapped[str | None] = mapped_column(String(32), default=None)
    pinned: Mapped[bool] = mapped_column(default=False, server_default=false())
    archived: Mapped[bool] = mapped_column(default=False, server_default=false())
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)


class Turn(Base):
    """One question and its answer.

    `state` is 'pending' once the question is stored, then 'done', 'stopped' (by the user), 'failed', or 'interrupted':
    the process that wrote it ended before the reply did. `owner` names that process; see `memory.owners`. `sent` is the
    user's message as the model read it, with its evidence: the next prompt repeats it character for character. `drawn`
    tells whether the recollections of what the user told in it have been stored. `thumb` is the user's rating: 1 up,
    -1 down; `note` is what he wrote beside it.
    """

    __tablename__ = "turns"
    __table_args__ = (
        # With the id, so that the latest turns are found without reading the rows of all others.
        Index("ix_turns_conversation", "conversation_id", "created_at", "id"),
        Index("ix_turns_parent", "parent_id", "conversation_id"),
        Index("ix_turns_pending", "owner", sqlite_where=text(PENDING), postgresql_where=text(PENDING)),
        Index("ix_turns_undrawn", "conversation_id", sqlite_where=text(UNDRAWN), postgresql_where=text(UNDRAWN)),
        Index("ix_turns_rated", "conversation_id", sqlite_where=text(RATED), postgresql_where=text(RATED)),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"), default=None)
    mode: Mapped[str] = mapped_column(String(32))
    question: Mapped[str] = mapped_column(Text)
    sent: Mapped[str] = mapped_column(Text, default="")
    reply: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(16), default="pending")
    error: Mapped[str] = mapped_column(Text, default="")
    owner: Mapped[str | None] = mapped_column(String(32), default=None)
    evidence: Mapped[list[dict[str, object]]] = mapped_column(JSON, default=list)
    trace: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)
    drawn: Mapped[bool] = mapped_column(default=False, server_default=false())
    thumb: Mapped[int | None] = mapped_column(default=None)
    note: Mapped[str] = mapped_column(Text, default="", server_default="")


class Recollection(Base):
    """Something that a user told a persona of himself, in a turn, or wrote by hand (no turn).

    `topic` says what it is about ("home"); `matter` is the same for those of which only the last one told is true. One
    that was forgotten is kept, so that it can be restored and is not drawn out again.
    """

    __tablename__ = "recollections"
    __table_args__ = (
        Index("ix_recollections_matter", "user_id", "persona", "matter", "told_at", "id"),
        Index("ix_recollections_turn", "turn_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    persona: Mapped[str] = mapped_column(String(64))
    turn_id: Mapped[str | None] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"), default=None)
    topic: Mapped[str] = mapped_column(String(32))
    matter: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    told_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    forgotten_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)


class Profile(Base):
    """What a user wrote of himself by hand for a persona: his name, and who he is to it."""

    __tablename__ = "profiles"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    persona: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    about: Mapped[str] = mapped_column(Text, default="")
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)


class Summary(Base):
    """What was said on the way from the root to a turn, that turn included; `turns` is their number."""

    __tablename__ = "summaries"

    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    turns: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)


class Comparison(Base):
    """A reply that a user chose among those that several modes gave to one question.

    `modes` are those whose replies he saw; `best` are those that gave the one he chose, of which there are several
    where they said the same. `blind`: he did not know which was whose.
    """

    __tablename__ = "comparisons"
    __table_args__ = (Index("ix_comparisons_user", "user_id", "persona"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    persona: Mapped[str] = mapped_column(String(64))
    question: Mapped[str] = mapped_column(Text)
    modes: Mapped[list[str]] = mapped_column(JSON)
    best: Mapped[list[str]] = mapped_column(JSON)
    blind: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)

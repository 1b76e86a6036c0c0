"""What the memory hands out: frozen copies of rows, usable after the session is closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from memory.models import Conversation


@dataclass(frozen=True)
class StoredTurn:
    """A turn as it was stored, without its evidence and trace; see `memory.models.Turn` for the fields."""

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


@dataclass(frozen=True)
class TracedTurn(StoredTurn):
    """A turn with its evidence and trace, which are many times as long as the rest of it."""

    evidence: list[dict[str, object]] = field(default_factory=list)
    trace: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Remark:
    """What a user said, and when."""

    id: str
    question: str
    created_at: datetime


@dataclass(frozen=True)
class ConversationSummary:
    """A conversation without its turns; `turns` is their number."""

    id: str
    persona: str
    title: str
    greeting: str
    turns: int
    updated_at: datetime
    head_id: str | None

    @classmethod
    def of(cls, conversation: Conversation, turns: int) -> ConversationSummary:
        """A copy of a row, with the number of its turns."""
        return cls(
            id=conversation.id,
            persona=conversation.persona,
            title=conversation.title,
            greeting=conversation.greeting,
            turns=turns,
            updated_at=with_zone(conversation.updated_at),
            head_id=conversation.head_id,
        )


def with_zone(moment: datetime) -> datetime:
    """A time with its zone: SQLite returns times without one."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

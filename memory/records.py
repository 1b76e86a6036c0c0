"""What the memory hands out: frozen copies of rows, usable after the session is closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from memory.models import Conversation, Turn


@dataclass(frozen=True)
class StoredTurn:
    """A turn as it was stored; see `memory.models.Turn` for the fields."""

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
    evidence: list[dict[str, object]] = field(default_factory=list)
    trace: dict[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, turn: Turn) -> StoredTurn:
        """A copy of a row."""
        return cls(
            id=turn.id,
            conversation_id=turn.conversation_id,
            parent_id=turn.parent_id,
            mode=turn.mode,
            question=turn.question,
            sent=turn.sent,
            reply=turn.reply,
            state=turn.state,
            error=turn.error,
            created_at=_with_zone(turn.created_at),
            evidence=list(turn.evidence),
            trace=dict(turn.trace),
        )


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
            updated_at=_with_zone(conversation.updated_at),
            head_id=conversation.head_id,
        )


def _with_zone(moment: datetime) -> datetime:
    """A time with its zone: SQLite returns times without one."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

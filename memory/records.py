"""What the memory hands out: frozen copies of rows, usable after the session is closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

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
    """What a user said, when, and the turn before it."""

    id: str
    parent_id: str | None
    question: str
    created_at: datetime


@dataclass(frozen=True)
class ConversationSummary:
    """A conversation without its turns.

    Attributes:
        title: its name; empty until one is made.
        turns: the number of its turns, on every branch.
        mode: that of the turn at its head; empty where there is none.
        updated_at: when its last turn was asked.
        deleted_at: when it was deleted; None: it is not.
    """

    id: str
    persona: str
    title: str
    greeting: str
    turns: int
    mode: str
    created_at: datetime
    updated_at: datetime
    pinned: bool
    archived: bool
    deleted_at: datetime | None
    head_id: str | None

    @classmethod
    def of(cls, conversation: Conversation, turns: int, mode: str | None) -> ConversationSummary:
        """A copy of a row, with the number of its turns and the mode of the turn at its head."""
        return cls(
            id=conversation.id,
            persona=conversation.persona,
            title=conversation.title,
            greeting=conversation.greeting,
            turns=turns,
            mode=mode or "",
            created_at=with_zone(conversation.created_at),
            updated_at=with_zone(conversation.updated_at),
            pinned=conversation.pinned,
            archived=conversation.archived,
            deleted_at=conversation.deleted_at and with_zone(conversation.deleted_at),
            head_id=conversation.head_id,
        )


@dataclass(frozen=True)
class Versions:
    """What else was asked and answered at the place of a turn.

    Attributes:
        replies: the turns with the same question at the same place, the oldest first.
        reply: the index of the turn among them.
        questions: one turn for each question at the same place, in the order they were first asked: the latest with
            that question; for the turn's own, the turn itself.
        question: the index of the turn among them.
    """

    replies: tuple[str, ...]
    reply: int
    questions: tuple[str, ...]
    question: int


@dataclass(frozen=True)
class BranchNode:
    """A turn on the map of a conversation, with the first words of its question and reply.

    Attributes:
        on_path: whether it is on the path that the user sees.
    """

    id: str
    parent_id: str | None
    question: str
    reply: str
    mode: str
    state: str
    created_at: datetime
    on_path: bool


@dataclass(frozen=True)
class Hit:
    """A turn that a search found.

    Attributes:
        title: the name of its conversation.
        field: where the words stand.
        snippet: what stands around them, in pieces: a text, and whether it is one of the words that were looked for.
    """

    conversation_id: str
    turn_id: str
    title: str
    persona: str
    created_at: datetime
    field: Literal["question", "reply"]
    snippet: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Drawn:
    """What was drawn out of a turn: a text to be kept as a recollection, its topic and its matter."""

    text: str
    topic: str
    matter: str


@dataclass(frozen=True)
class Recollection:
    """Something that a user told a persona of himself.

    Attributes:
        text: as he said it, a sentence or a part of one.
        topic: what it is about, a short key: "home".
        matter: the same for those of which the last one told is true; see `memory.models.Recollection`.
        state: 'replaced' where another of the same matter was told later.
        told_at: when he said or wrote it, in UTC.
        turn_id: the turn he said it in; None: it is written by hand.
        conversation_id: the conversation of that turn.
        replaced_by: the id of the one that counts in its place.
    """

    id: str
    persona: str
    text: str
    topic: str
    matter: str
    state: Literal["active", "replaced", "forgotten"]
    told_at: datetime
    turn_id: str | None
    conversation_id: str | None
    replaced_by: str | None

    @property
    def by_hand(self) -> bool:
        """Whether the user wrote it in the list of recollections, and not in a conversation."""
        return self.turn_id is None


@dataclass(frozen=True)
class Profile:
    """What a user wrote of himself by hand for a persona.

    Attributes:
        name: his.
        about: who he is to the persona, in sentences of his own.
        updated_at: when he wrote it; None: he has not.
    """

    name: str = ""
    about: str = ""
    updated_at: datetime | None = None


@dataclass(frozen=True)
class Rating:
    """What a user thought of a turn: 1 up or -1 down, and what he wrote beside it."""

    thumb: int
    note: str = ""


@dataclass(frozen=True)
class RatingCounts:
    """How many turns have each rating."""

    up: int = 0
    down: int = 0


@dataclass(frozen=True)
class Wins:
    """How often a mode was chosen among others.

    Attributes:
        best: in so many comparisons it was.
        compared: in so many it took part.
        by_chance: how often it would have been, had the choices been drawn by lot.
    """

    best: int = 0
    compared: int = 0
    by_chance: float = 0.0

    def after(self, best: bool, chance: float) -> Wins:
        """The counts after another comparison, in which the mode was chosen, or was not, and would be by chance."""
        return Wins(self.best + best, self.compared + 1, self.by_chance + chance)


@dataclass(frozen=True)
class Summary:
    """What was said on the way from the root of a conversation to a turn, that turn included.

    Attributes:
        turn_id: that turn.
        text: a line for each exchange.
        turns: their number, of which the text need not have all.
    """

    turn_id: str
    text: str
    turns: int


def with_zone(moment: datetime) -> datetime:
    """A time with its zone: SQLite returns times without one."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def storable(text: str) -> str:
    """A text that every database takes: none takes half of a surrogate pair, and PostgreSQL takes no NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\N{REPLACEMENT CHARACTER}")

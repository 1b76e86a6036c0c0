"""What goes into a turn and what comes out of it while it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chatbot import DEFAULT_PERSONA
from chatbot.library.search import Found
from chatbot.prompts import Exchange
from chatbot.trace import Trace


@dataclass(frozen=True)
class Asked:
    """The question is stored; whatever happens now, it is not lost.

    Attributes:
        turn_id: in memory; None where nothing is stored.
        warning: why nothing is stored although the question belongs to a conversation.
    """

    turn_id: str | None
    warning: str = ""


@dataclass(frozen=True)
class Searched:
    """The evidence has been chosen; `found` holds it as it is handed over."""

    found: Found


@dataclass(frozen=True)
class Said:
    """Another piece of the reply."""

    text: str


@dataclass(frozen=True)
class Revised:
    """The reply did not rest on its evidence; this replaces it."""

    text: str


@dataclass(frozen=True)
class Answered:
    """The turn is complete and stored.

    Attributes:
        warning: why it is not stored, or not yet; empty where it is.
    """

    turn_id: str | None
    question: str
    reply: str
    state: str
    trace: Trace
    warning: str = ""


Event = Asked | Searched | Said | Revised | Answered


@dataclass(frozen=True)
class Question:
    """What is asked of the bot.

    Attributes:
        text: the user's message.
        persona: who answers.
        mode: a mode's name; None: the persona's own.
        conversation: the conversation in memory that the turn belongs to; None: nothing is stored.
        parent: the turn that this one follows; None: it is the first of its conversation.
        history: earlier exchanges, where nothing is stored.
        attempt: 0 for the first answer; a retry counts up, which gives another seed.
        visitor: the id of who asks, whose own texts are searched too; None: the shared ones alone.
        seed: of what is written by chance.
        length: the most tokens that the model writes; None: as the persona has it.
        temperature: how freely; None: as the persona has it.
        voice: the folder of another adapter, for modes with a voice; None: the persona's own.
    """

    text: str
    persona: str = DEFAULT_PERSONA
    mode: str | None = None
    conversation: str | None = None
    parent: str | None = None
    history: tuple[Exchange, ...] = ()
    attempt: int = 0
    visitor: str | None = None
    seed: int = 0
    length: int | None = None
    temperature: float | None = None
    voice: Path | None = None

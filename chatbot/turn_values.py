"""The values that a turn goes through, each frozen: the turn, what was gathered, the draft, and what was held."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chatbot.drafts import Candidate
from chatbot.engines import Completion
from chatbot.errors import ModeError
from chatbot.events import Question
from chatbot.exchanges import NearExchange
from chatbot.language import Language, language_of
from chatbot.library.search import Evidence, Found
from chatbot.modes import Mode
from chatbot.prompts import Exchange, Prompt
from chatbot.resources import Resources
from chatbot.sampling import longest
from chatbot.trace import Check
from chatbot.wording import Wording
from personas import LoadedPersona

State = Literal["done", "stopped", "failed"]


@dataclass(frozen=True)
class Turn:
    """One turn to be answered.

    Attributes:
        resources: what every turn shares.
        loaded: who answers.
        mode: how.
        asked: the question, its text cleaned.
        id: in memory; None where nothing is stored.
        began: when it was asked, by `time.perf_counter`.
        warning: why nothing is stored although the question belongs to a conversation.
    """

    resources: Resources
    loaded: LoadedPersona
    mode: Mode
    asked: Question
    id: str | None
    began: float
    warning: str = ""

    @property
    def language(self) -> Language:
        """The persona's."""
        return language_of(self.loaded.persona)

    @property
    def wording(self) -> Wording:
        """The persona's own lines for this question."""
        return Wording(self.loaded.persona, self.asked.text, self.asked.attempt)

    @property
    def seed(self) -> int:
        """A retry gets another one."""
        return self.asked.seed + self.asked.attempt

    @property
    def prompt_tokens(self) -> int:
        """The most that its prompt may have: what the window has left when the reply has its room."""
        return self.resources.settings.context_tokens - longest(self.asked, self.loaded.persona.generation)

    @property
    def voice(self) -> Path | None:
        """The folder of the adapter that the mode answers with; None: the plain model.

        Raises:
            ModeError: the mode needs one, and the persona has none.
        """
        voice = self.asked.voice or self.loaded.voice
        if self.mode.voice and voice is None:
            raise ModeError(
                f"The persona '{self.asked.persona}' has no voice, so the mode '{self.mode.name}' cannot be used. "
                "Use 'rag', or train a voice with `bakerstreet voice train`."
            )
        return voice if self.mode.voice else None

    def milliseconds(self) -> float:
        """Since it was asked."""
        return round((time.perf_counter() - self.began) * 1000, 1)


@dataclass(frozen=True)
class Gathered:
    """What the reply may rest on: earlier exchanges and evidence.

    Attributes:
        history: the earlier exchanges.
        found: what was found; None where nothing was searched.
        parts: where the message asks several things: each as a turn of its own, with what was gathered for it. `found`
            is then all of that.
        near: the persona's own exchanges that are most like the message, the nearest first.
        told: what the visitor told of himself that bears on the message.
        summary: of what was said before the last exchange.
        line: the reply, where nothing has to be found for it.
        ready: the reply to one of several questions, where that is known already.
    """

    history: tuple[Exchange, ...] = ()
    found: Found | None = None
    parts: tuple[tuple[Turn, Gathered], ...] = ()
    near: tuple[NearExchange, ...] = ()
    told: tuple[str, ...] = ()
    summary: str = ""
    line: str = ""
    ready: Draft | None = None

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The pieces that are handed over."""
        return self.found.evidence if self.found else ()


@dataclass(frozen=True)
class Reasoning:
    """What the plain model wrote over the evidence before the answer.

    Attributes:
        thoughts: its sentences; those that the evidence holds are the chosen ones.
        tokens: how many were written.
        milliseconds: how long that took, and to hold it against the evidence.
    """

    thoughts: tuple[Candidate, ...]
    tokens: int = 0
    milliseconds: float = 0.0

    @property
    def used(self) -> str:
        """What of it the evidence holds, which the prompt of the answer has; empty: nothing."""
        return " ".join(thought.text for thought in self.thoughts if thought.chosen)


@dataclass(frozen=True)
class Draft:
    """The reply as far as it is written.

    Attributes:
        text: all of it so far.
        piece: what the last step added.
        prompt: what the model was asked; None where the persona's own line stands and no model wrote.
        completion: the engine's account of it; None until it has ended.
        first_token_ms: from the question to the first piece.
        judged: the drafts that it was chosen from.
        reasoning: what went before it; None: nothing did.
        ready: the verdict on a line of the persona's own, which no model wrote; empty where one did.
        parts: where the message asks several things: the draft for each, as far as they are written.
    """

    text: str = ""
    piece: str = ""
    prompt: Prompt | None = None
    completion: Completion | None = None
    first_token_ms: float = 0.0
    judged: tuple[Candidate, ...] = ()
    reasoning: Reasoning | None = None
    ready: Literal["grounded", "declined", "unchecked", ""] = ""
    parts: tuple[Draft, ...] = ()

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The pieces that the model was shown."""
        return self.prompt.evidence if self.prompt else ()

    @property
    def stopped(self) -> bool:
        """Whether somebody else ended it before its time."""
        return self.completion is not None and self.completion.finish == "cancelled"


@dataclass(frozen=True)
class Held:
    """A draft after it was held against its evidence.

    Attributes:
        reply: what the visitor gets.
        check: what was found.
        addition: the end of `reply` that was added to the draft; empty where nothing was.
        replaced: `reply` replaces the draft.
    """

    reply: str
    check: Check
    addition: str = ""
    replaced: bool = False

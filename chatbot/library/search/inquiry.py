"""An inquiry: what one search knows so far. Every module of a plan takes one and gives the next.

Values are never changed in place, so that a module can be left out, run twice or run on a part of the question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from chatbot.language import Kind
from chatbot.library.search.evidence import Reason, Step
from chatbot.library.texts import Passage


@dataclass(frozen=True)
class Phrasing:
    """Words that are searched for; `weight` is what their lists count for when lists are fused.

    `vector` is what the dense search looks for in place of the text's own: a mean of several.
    """

    text: str
    weight: float = 1.0
    by: str = "question"
    vector: tuple[float, ...] = ()


@dataclass(frozen=True)
class Ranking:
    """The list that one module found for one phrasing: positions of passages and scores, the best first."""

    module: str
    weight: float
    items: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Candidate:
    """A passage, or a window of sentences of it, on its way to becoming evidence.

    Attributes:
        position: of the passage in the library.
        score: as the last module gave it; higher is better.
        first, last: the window's sentences within the passage; the whole of it where `last` is -1.
        text: what would be handed over.
        key: the sentence that bears most on the question; empty where none was singled out.
        asked: the probable question that brought it; empty where none did.
        answer: to the question, as the reader or the probable question has it; empty where there is none.
        answer_confidence: how likely that is right, from 0 to 1.
        correction: what is true where the question takes something false for granted.
    """

    passage: Passage
    position: int
    score: float
    reasons: tuple[Reason, ...] = ()
    first: int = 0
    last: int = -1
    text: str = ""
    key: str = ""
    asked: str = ""
    answer: str = ""
    answer_confidence: float = 0.0
    correction: str = ""

    @property
    def window(self) -> tuple[str, int, int]:
        """Which sentences of which passage it is."""
        return self.passage.id, self.first, self.last

    @property
    def rank(self) -> int:
        """The place that the last module gave it, from 1."""
        return self.reasons[-1].rank if self.reasons else 1

    def with_reason(self, module: str, rank: int, score: float, note: str = "") -> Self:
        """The same with one more reason."""
        return replace(self, reasons=(*self.reasons, Reason(module, rank, round(float(score), 4), note)))


@dataclass(frozen=True)
class Inquiry:
    """The state of one search.

    Attributes:
        question: as it was asked.
        history: the exchanges before it as (question, reply), the oldest first.
        kind: what kind of message it is.
        context: what a follow-up refers to, in words of the exchange before it.
        context_weight: how much the words of the context count within a passage; the question's own count 1.
        phrasings: what is searched for.
        works: where not empty, passages of these works alone.
        rankings: the lists found so far.
        candidates: the best first.
        dropped: what modules took out, with the reason.
        pieces: how many candidates are wanted at the end.
        budget: the most tokens of evidence in all; 0: as much as there is.
        intent: what the router took the message for.
        ended: nothing more is to be done.
        shares: how many sub-questions share what a search may cost.
        signals: what modules measured, for the confidence at the end.
    """

    question: str
    history: tuple[tuple[str, str], ...] = ()
    kind: Kind = "question"
    context: str = ""
    context_weight: float = 0.3
    phrasings: tuple[Phrasing, ...] = ()
    works: frozenset[str] = frozenset()
    rankings: tuple[Ranking, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    dropped: tuple[Candidate, ...] = ()
    pieces: int = 4
    budget: int = 0
    intent: str = ""
    ended: bool = False
    shares: int = 1
    signals: Mapping[str, float] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()

    @property
    def asked(self) -> tuple[Phrasing, ...]:
        """What is searched for: the question as it is where nothing has put it in other words."""
        return self.phrasings or (Phrasing(self.question),)

    @property
    def main(self) -> Phrasing:
        """The phrasing that says most of what is meant."""
        return self.asked[0]

    def measured(self, **values: float) -> Self:
        """The same with more signals."""
        return replace(self, signals={**self.signals, **values})

    def narrowed(self, kept: Sequence[Candidate], dropped: Sequence[Candidate]) -> Self:
        """The same with `kept` as candidates and `dropped` added to what was dropped."""
        return replace(self, candidates=tuple(kept), dropped=(*self.dropped, *dropped))

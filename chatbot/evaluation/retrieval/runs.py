"""A run: one system asked every question. Nothing is generated; the figures say what a reply could at best rest on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from chatbot.evaluation.questions import KnownQuestion
from chatbot.evaluation.retrieval.judging import Judge, Judgement
from chatbot.evaluation.retrieval.systems import History
from chatbot.library.search import Found
from chatbot.progress import Progress

PIECES = 4  # the most pieces that count as handed over
DEPTH = 10  # how much of the ranked list is judged
WARM_UP = "Who are you, and where do you live?"


class Searches(Protocol):
    """What a run asks of a system; it is asked once, for `DEPTH` pieces."""

    def search(self, question: str, history: History, pieces: int) -> Found:
        """The evidence for a question, the best first."""


@dataclass(frozen=True)
class SearchOutcome:
    """One question as one system answered it.

    Attributes:
        relevant: how many passages of the library answer it; 0 where it is not about one work.
        milliseconds: for the whole search, wall clock.
        tokens: of the first `PIECES` pieces.
    """

    known: KnownQuestion
    judged: tuple[Judgement, ...]
    relevant: int
    weak: bool
    why_weak: str
    confidence: float
    milliseconds: float
    tokens: int

    def answered(self, number: int) -> bool:
        """Whether the first `number` pieces answer every target."""
        return self._all_targets(piece.answers for piece in self.judged[:number])

    def gold(self, number: int) -> bool:
        """Whether the first `number` pieces answer every target from the casebook or its gold passage."""
        return self._all_targets(piece.gold for piece in self.judged[:number])

    def right_work(self, number: int) -> bool:
        """Whether the first `number` pieces include one of every target's work."""
        return self._all_targets(piece.right_works for piece in self.judged[:number])

    @property
    def gains(self) -> list[bool]:
        """Whether each piece answers; a second piece of the same passage adds nothing."""
        seen: set[str] = set()
        gains = []
        for judged in self.judged:
            gains.append(bool(judged.answers) and judged.piece.passage.id not in seen)
            seen |= {judged.piece.passage.id} if judged.answers else set()
        return gains

    def _all_targets(self, found: Iterable[frozenset[int]]) -> bool:
        targets = range(len(self.known.targets))
        return bool(targets) and frozenset(targets) <= frozenset().union(*found)


def run(
    system: Searches,
    questions: Sequence[KnownQuestion],
    judge: Judge,
    count: Callable[[str], int],
    on_progress: Progress = lambda done, total: None,
) -> list[SearchOutcome]:
    """Ask a system every question.

    Args:
        system: what is asked. One question that is not counted comes first, so that nothing is still being loaded.
        questions: of any kind.
        judge: judges what the system finds.
        count: the tokens of a text.
        on_progress: told how many questions are done, of how many.
    """
    system.search(WARM_UP, (), PIECES)
    outcomes: list[SearchOutcome] = []
    on_progress(0, len(questions))
    for known in questions:
        began = time.perf_counter()
        found = system.search(known.question, known.history, DEPTH)
        milliseconds = (time.perf_counter() - began) * 1000
        outcomes.append(
            SearchOutcome(
                known=known,
                judged=tuple(judge.judge(known, piece) for piece in found.evidence[:DEPTH]),
                relevant=judge.relevant(known),
                weak=found.weak,
                why_weak=found.why_weak,
                confidence=found.confidence,
                milliseconds=milliseconds,
                tokens=sum(count(piece.text) for piece in found.evidence[:PIECES]),
            )
        )
        on_progress(len(outcomes), len(questions))
    return outcomes

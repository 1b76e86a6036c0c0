"""What every module of a search is: a plain value that takes an inquiry and the tools, and gives the next inquiry."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from chatbot.library.search.evidence import Step
from chatbot.library.search.inquiry import Candidate, Inquiry
from chatbot.library.search.tools import Tools

SHOWN = 3  # of the candidates that a module has no room for, how many are kept among what was dropped


@dataclass(frozen=True)
class Module(ABC):
    """One step of a search.

    Subclasses are frozen dataclasses: their fields are their settings, each with a default. A module does nothing where
    it has nothing to work on, so that any other may be left out.

    Attributes:
        name: as plans, traces and persona files write it.
        finds: it finds passages; a plan needs one such module at least.
        stand_in: the module that searches in its place until there are vectors; empty where it needs none.
        reranks: it works on candidates; lists that no module has fused are merged before it.
    """

    name: ClassVar[str]
    finds: ClassVar[bool] = False
    stand_in: ClassVar[str] = ""
    reranks: ClassVar[bool] = False

    @abstractmethod
    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """The next inquiry, and a few words on what was done; empty where there is nothing to say."""

    def __call__(self, inquiry: Inquiry, tools: Tools) -> Inquiry:
        """Run the module and note what it did."""
        if inquiry.ended:
            return inquiry
        began = time.perf_counter()
        done, note = self.apply(tools.with_candidates(inquiry) if self.reranks else inquiry, tools)
        step = Step(self.name, round((time.perf_counter() - began) * 1000, 2), len(done.candidates), note)
        return replace(done, steps=(*done.steps, step))


@dataclass(frozen=True)
class Nested(Module):
    """A module that runs steps of its own.

    Attributes:
        unwraps: taken out of a plan, it leaves its steps in its place.
        steps: what it runs, in order.
    """

    unwraps: ClassVar[bool] = False
    steps: tuple[Module, ...] = ()


def run(steps: Iterable[Module], inquiry: Inquiry, tools: Tools) -> Inquiry:
    """An inquiry that has gone through modules, one after the other."""
    for step in steps:
        inquiry = step(inquiry, tools)
    return inquiry


def reordered(module: str, before: Sequence[Candidate], scores: Sequence[float]) -> list[Candidate]:
    """Candidates by a new score, the best first, each with a note of its former place.

    Args:
        module: the name of the one that scored them.
        before: their order until now.
        scores: of each.
    """
    places = sorted(range(len(before)), key=lambda at: -scores[at])
    return [
        replace(before[at], score=scores[at]).with_reason(module, rank, scores[at], f"from place {at + 1}")
        for rank, at in enumerate(places, 1)
    ]


def reranked(module: str, candidates: Sequence[Candidate], gains: Sequence[float]) -> tuple[Candidate, ...]:
    """Candidates after a model has read the first of them.

    Those that it did not read count like the worst of those that it read: otherwise one that was read and found bad
    would fall behind one that nobody looked at.

    Args:
        module: the name of the one that reranks.
        candidates: all of them.
        gains: what each of those that were read gets on top of its score.
    """
    read, unread = candidates[: len(gains)], candidates[len(gains) :]
    loss = min(0.0, *gains) if gains else 0.0
    scores = [candidate.score + gain for candidate, gain in zip(read, gains, strict=True)]
    return (
        *reordered(module, read, scores),
        *(replace(candidate, score=candidate.score + loss) for candidate in unread),
    )

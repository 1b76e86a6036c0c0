"""Iterative retrieval: a second search with what the first one taught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chatbot.language import names_in
from chatbot.library.search.inquiry import Candidate, Inquiry, Phrasing
from chatbot.library.search.modules.base import Nested, run
from chatbot.library.search.tools import Tools


@dataclass(frozen=True)
class IterativeRetrieval(Nested):
    """Where the first search covers too little of the question, its steps search again.

    The first search finds the story more often than the place: so the second looks in the works that it found, for
    the question together with the names in its best windows. What both found competes once more.

    Attributes:
        steps: the modules that search.
        coverage: the share of the question's words, by rarity, that makes one search enough.
        works: how many works the second search looks in.
    """

    name = "iterative-retrieval"
    reranks = True
    coverage: float = 0.75
    works: int = 2

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Search again where it is worth it."""
        covered = inquiry.signals.get("coverage", 0.0)
        if not inquiry.candidates or covered >= self.coverage:
            return inquiry, f"once: {covered:.2f} of the question is covered"
        works = tuple(dict.fromkeys(candidate.passage.work for candidate in inquiry.candidates))[: self.works]
        names = dict.fromkeys(
            name for candidate in inquiry.candidates[:2] for name in names_in(candidate.key, tools.language)
        )
        learnt = Phrasing(f"{inquiry.question} {' '.join(names)}", 0.5, self.name)
        asked = replace(
            inquiry,
            candidates=(),
            rankings=(),
            steps=(),
            phrasings=(*inquiry.asked, learnt),
            works=frozenset(works),
        )
        again = run(self.steps, asked, tools)
        second = [
            candidate.with_reason(self.name, rank, candidate.score, "found by the second search")
            for rank, candidate in enumerate(again.candidates, 1)
        ]
        signals = {name: max(inquiry.signals.get(name, value), value) for name, value in again.signals.items()}
        done = replace(
            again,
            works=inquiry.works,
            phrasings=inquiry.phrasings,
            candidates=tuple(interleaved(inquiry.candidates, second)),
            steps=(*inquiry.steps, *again.steps),
            signals={**inquiry.signals, **signals},
        )
        return done, f"again in {', '.join(works)}: {covered:.2f} of the question was covered"


def interleaved(one: Sequence[Candidate], other: Sequence[Candidate]) -> list[Candidate]:
    """Two lists as one by score; a window that is in both is kept once, with the better score."""
    best: dict[tuple[str, int, int], Candidate] = {}
    for candidate in (*one, *other):
        if candidate.window not in best or candidate.score > best[candidate.window].score:
            best[candidate.window] = candidate
    return sorted(best.values(), key=lambda candidate: -candidate.score)

"""The router decides what a turn needs: whether to search at all, where, and whether once or again.

Plain rules, which can be read and take no time. The check of the reply against the evidence is `chatbot.grounding`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from langchain_core.runnables import Runnable

from chatbot.language import kind_of, meaning_words, names_in
from chatbot.library.index import terms
from chatbot.library.search.inquiry import Candidate, Inquiry, Phrasing
from chatbot.library.search.modules.base import Module, Tools, run
from chatbot.library.search.modules.finding import unjoined


class Router(Module):
    """Small talk opens no books; what visitors ask about themselves is looked up in what they said; everything else is
    searched for in casebook and texts.
    """

    title = "router"
    rewrites = True

    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """Decide whether, and where."""
        language = self.tools.language
        words, strange = meaning_words(inquiry.question, language), self.tools.lexical.unknown(inquiry.question)
        unknown = [word for word in words if word in strange]
        known = [word for word in words if word not in strange]
        intent = kind_of(inquiry.question, language, known=known, unknown=unknown)
        routed = replace(inquiry, intent=intent)
        if intent in ("small talk", "unknown words"):
            return replace(routed, ended=True), f"{intent}: no books are opened"
        if intent == "about the visitor":
            said = tuple(inquiry.recollections()) if inquiry.recollections else ()
            asked = set(terms(inquiry.question, language))
            ranked = sorted(
                said, key=lambda passage: -len(asked & set(terms(passage.text, language)))
            )  # given latest first
            made = [
                Candidate(passage, -1, 1 / (60 + rank), text=passage.text).because(self.title, rank, 1 / rank)
                for rank, passage in enumerate(ranked, 1)
            ]
            done = replace(routed, candidates=tuple(made[: inquiry.pieces]), ended=True)
            return done, f"{intent}: {len(said)} earlier messages"
        return routed, intent


class Again(Module):
    """A second search with what the first one taught, where that covers too little of the question.

    The first search finds the story more often than the place: so the second looks in the works that it found, for
    the question together with the names in its best windows. What both found competes once more.

    Args:
        chain: the modules that search, as they stand before this one in the plan.
        coverage: the share of the question's words, by rarity, that the best windows must hold for one search to do.
        works: how many works the second search looks in.
    """

    title = "again"

    def __init__(
        self, tools: Tools, chain: Sequence[Runnable[Inquiry, Inquiry]], *, coverage: float = 0.75, works: int = 2
    ) -> None:
        super().__init__(tools)
        self._chain, self._coverage, self._works = tuple(chain), coverage, works

    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """Search again where it is worth it."""
        inquiry = unjoined(self.tools, inquiry)
        covered = inquiry.signals.get("coverage", 0.0)
        if not inquiry.candidates or covered >= self._coverage:
            return inquiry, f"once: {covered:.2f} of the question is covered"
        works = tuple(dict.fromkeys(candidate.passage.work for candidate in inquiry.candidates))[: self._works]
        names = dict.fromkeys(
            name for candidate in inquiry.candidates[:2] for name in names_in(candidate.key, self.tools.language)
        )
        learnt = Phrasing(f"{inquiry.question} {' '.join(names)}", 0.5, self.title)
        fresh = replace(inquiry, candidates=(), rankings=(), steps=())
        again = run(self._chain, replace(fresh, phrasings=(*inquiry.asked, learnt), works=frozenset(works)))
        second = [
            candidate.because(self.title, rank, candidate.score, "found by the second search")
            for rank, candidate in enumerate(again.candidates, 1)
        ]
        merged = interleaved(inquiry.candidates, second)
        signals = {name: max(inquiry.signals.get(name, value), value) for name, value in again.signals.items()}
        done = replace(again, works=inquiry.works, phrasings=inquiry.phrasings, candidates=tuple(merged))
        done = replace(done, steps=(*inquiry.steps, *again.steps), signals={**inquiry.signals, **signals})
        return done, f"again in {', '.join(works)}: {covered:.2f} of the question was covered"


def interleaved(one: Sequence[Candidate], other: Sequence[Candidate]) -> list[Candidate]:
    """Two lists as one by score; a window that stands in both is kept once, with the better score."""
    best: dict[tuple[str, int, int], Candidate] = {}
    for candidate in (*one, *other):
        key = (candidate.passage.id, candidate.first, candidate.last)
        if key not in best or candidate.score > best[key].score:
            best[key] = candidate
    return sorted(best.values(), key=lambda candidate: -candidate.score)

"""In the search: lists of passages by sense and by words, and one list made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

from chatbot.library.search.evidence import Reason
from chatbot.library.search.inquiry import Candidate, Inquiry, Ranking
from chatbot.library.search.modules.base import Module, Tools
from chatbot.library.texts import CASEBOOK

RRF_K = 60  # Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion", 2009


class DenseSearch(Module):
    """The passages nearest in sense (bi-encoder; Karpukhin et al., "Dense Passage Retrieval", 2020)."""

    title = "dense"

    def __init__(self, tools: Tools, *, number: int = 40, embedder: str = "") -> None:
        super().__init__(tools)
        self._number, self._embedder = number, embedder

    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """Add a list for every phrasing."""
        vectors = self.tools.vectors(self._embedder)
        if not vectors.index.ready:
            return inquiry, "left out: the passages are still being embedded"
        within = self.tools.passages.of_works(inquiry.works) if inquiry.works else None
        asked = self._number if within is None else self._number * 4
        rankings = []
        for phrasing in inquiry.asked:
            vector = phrasing.vector or self.tools.vector(phrasing.text, self._embedder)
            found = [item for item in vectors.index.search(vector, asked) if within is None or item[0] in within]
            rankings.append(Ranking(self.title, phrasing.weight, tuple(found[: self._number])))
        nearest = max((ranking.items[0][1] for ranking in rankings if ranking.items), default=0.0)
        searched = replace(inquiry, rankings=(*inquiry.rankings, *rankings))
        return searched.signal(nearest=nearest), f"nearest {nearest:.2f}"


class Bm25Search(Module):
    """The passages that share the rarest words with the question (see `lexical`)."""

    title = "bm25"

    def __init__(self, tools: Tools, *, number: int = 60) -> None:
        super().__init__(tools)
        self._number = number

    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """Add a list for every phrasing."""
        works = inquiry.works or None
        rankings = tuple(
            Ranking(self.title, phrasing.weight, tuple(self.tools.lexical.search(phrasing.text, self._number, works)))
            for phrasing in inquiry.asked
        )
        return replace(inquiry, rankings=(*inquiry.rankings, *rankings)), ""


class Fuse(Module):
    """The lists joined by reciprocal rank; a passage of the casebook counts `casebook` times."""

    title = "fuse"

    def __init__(self, tools: Tools, *, casebook: float = 2.2, passages: int = 24) -> None:
        super().__init__(tools)
        self._casebook, self._passages = casebook, passages

    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """Turn the lists into candidates."""
        if not inquiry.rankings:
            return inquiry, ""
        scores = fused(
            inquiry.rankings, lambda position: self._casebook if position in self._casebook_positions else 1.0
        )
        reasons: dict[int, list[Reason]] = {}
        for ranking in inquiry.rankings:
            for rank, (position, score) in enumerate(ranking.items, 1):
                known = reasons.setdefault(position, [])
                if all(reason.module != ranking.module for reason in known):
                    known.append(Reason(ranking.module, rank, round(score, 4)))
        order = sorted(scores, key=lambda position: -scores[position])
        joined = [
            candidate_at(self.tools, position, scores[position], reasons[position]).because(
                self.title,
                rank,
                scores[position],
                "" if rank <= self._passages else f"not among the first {self._passages}",
            )
            for rank, position in enumerate(order[: self._passages + REMEMBERED], 1)
        ]
        done = replace(inquiry, rankings=()).without(joined[self._passages :], joined[: self._passages])
        return done.signal(considered=float(len(order))), f"{len(order)} passages"

    @cached_property
    def _casebook_positions(self) -> frozenset[int]:
        return self.tools.passages.of_source(CASEBOOK)


def fused(rankings: Sequence[Ranking], weight: Callable[[int], float] = lambda _: 1.0) -> dict[int, float]:
    """The score of every position in ranked lists by reciprocal rank, `weight` of it times."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, (position, _) in enumerate(ranking.items, 1):
            scores[position] = scores.get(position, 0.0) + ranking.weight * weight(position) / (RRF_K + rank)
    return scores


REMEMBERED = 3  # of those that a module leaves behind for want of room


def candidate_at(tools: Tools, position: int, score: float, reasons: Sequence[Reason]) -> Candidate:
    """A whole passage as a candidate."""
    passage = tools.passages[position]
    return Candidate(passage, position, score, tuple(reasons), text=passage.text)


def unjoined(tools: Tools, inquiry: Inquiry) -> Inquiry:
    """The inquiry with candidates where no module joined its lists: the first of each list in turn."""
    if not inquiry.rankings:
        return inquiry
    joined: dict[int, Candidate] = {}
    longest = max(len(ranking.items) for ranking in inquiry.rankings)
    for rank in range(longest):
        for ranking in inquiry.rankings:
            if rank < len(ranking.items):
                position, score = ranking.items[rank]
                if position not in joined:
                    reason = Reason(ranking.module, rank + 1, round(score, 4))
                    joined[position] = candidate_at(tools, position, score, [reason])
    done = replace(inquiry, candidates=(*inquiry.candidates, *joined.values()), rankings=())
    return done.signal(considered=float(len(joined)))

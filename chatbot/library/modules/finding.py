"""In the search: lists of passages by sense and by words, and one list made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from chatbot.library.evidence import Reason
from chatbot.library.inquiry import Candidate, Inquiry, Phrasing, Ranking
from chatbot.library.modules.base import Module, Tools
from chatbot.library.passage_file import Ints
from chatbot.library.passages import CASEBOOK

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
        within = allowed(self.tools, inquiry)
        asked = self._number if within is None else self._number * 4
        keep = None if within is None else set(within.tolist())
        rankings = []
        for phrasing in inquiry.phrasings or (Phrasing(inquiry.question),):
            vector = phrasing.vector or self.tools.vector(phrasing.text, self._embedder)
            found = [item for item in vectors.index.search(vector, asked) if keep is None or item[0] in keep]
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
        within = allowed(self.tools, inquiry)
        rankings = tuple(
            Ranking(self.title, phrasing.weight, tuple(self.tools.lexical.search(phrasing.text, self._number, within)))
            for phrasing in inquiry.phrasings or (Phrasing(inquiry.question),)
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
        casebook = set(self.tools.positions("kind", CASEBOOK).tolist())
        scores = fused(inquiry.rankings, lambda position: self._casebook if position in casebook else 1.0)
        reasons: dict[int, list[Reason]] = {}
        for ranking in inquiry.rankings:
            for rank, (position, score) in enumerate(ranking.items, 1):
                known = reasons.setdefault(position, [])
                if all(reason.module != ranking.module for reason in known):
                    known.append(Reason(ranking.module, rank, round(score, 4)))
        order = sorted(scores, key=lambda position: -scores[position])
        return take(
            self.tools, self.title, inquiry, [(at, scores[at], tuple(reasons[at])) for at in order], self._passages
        )


def fused(rankings: Sequence[Ranking], weight: Callable[[int], float] = lambda _: 1.0) -> dict[int, float]:
    """The score of every position in ranked lists by reciprocal rank, `weight` of it times."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, (position, _) in enumerate(ranking.items, 1):
            scores[position] = scores.get(position, 0.0) + ranking.weight * weight(position) / (RRF_K + rank)
    return scores


def take(
    tools: Tools, title: str, inquiry: Inquiry, joined: list[tuple[int, float, tuple[Reason, ...]]], number: int
) -> tuple[Inquiry, str]:
    """The first `number` of a joined list as candidates; a few of the others are remembered as dropped."""
    made = [
        Candidate(tools.passages[position], position, score, reasons).because(title, rank, score)
        for rank, (position, score, reasons) in enumerate(joined[: number + REMEMBERED], 1)
    ]
    made = [replace(candidate, text=candidate.passage.text) for candidate in made]
    over = [
        candidate.because(title, rank, candidate.score, f"not among the first {number}")
        for rank, candidate in enumerate(made[number:], number + 1)
    ]
    done = replace(inquiry, candidates=tuple(made[:number]), rankings=(), dropped=(*inquiry.dropped, *over))
    return done.signal(considered=float(len(joined))), f"{len(joined)} passages"


REMEMBERED = 3  # of those that a module leaves behind for want of room


def unjoined(tools: Tools, inquiry: Inquiry) -> Inquiry:
    """The inquiry with candidates where no module joined its lists: the first of each list in turn."""
    if not inquiry.rankings:
        return inquiry
    joined: dict[int, tuple[int, float, tuple[Reason, ...]]] = {}
    longest = max(len(ranking.items) for ranking in inquiry.rankings)
    for rank in range(longest):
        for ranking in inquiry.rankings:
            if rank < len(ranking.items):
                position, score = ranking.items[rank]
                joined.setdefault(position, (position, score, (Reason(ranking.module, rank + 1, round(score, 4)),)))
    made = [
        Candidate(tools.passages[position], position, score, reasons, text=tools.passages[position].text)
        for position, score, reasons in joined.values()
    ]
    done = replace(inquiry, candidates=(*inquiry.candidates, *made), rankings=())
    return done.signal(considered=float(len(joined)))


def allowed(tools: Tools, inquiry: Inquiry) -> Ints | None:
    """The positions that may be found; None: all."""
    kinds = {"casebook", "text"} - set(inquiry.places)
    if not kinds and not inquiry.works:
        return None
    mask = np.ones(len(tools.passages), bool)
    for kind in kinds:
        mask[tools.positions("kind", kind)] = False
    if inquiry.works:
        of_works = np.zeros(len(tools.passages), bool)
        for work in inquiry.works:
            of_works[tools.positions("work", work)] = True
        mask &= of_works
    return np.flatnonzero(mask)

"""Lists of passages by sense and by words, and one list made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from chatbot.library.search.evidence import Reason
from chatbot.library.search.inquiry import Inquiry, Ranking
from chatbot.library.search.modules.base import SHOWN, Module
from chatbot.library.search.tools import Tools
from chatbot.progress import counted

RRF_K = 60  # Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion", 2009


@dataclass(frozen=True)
class DenseSearch(Module):
    """The passages nearest in sense (bi-encoder; Karpukhin et al., "Dense Passage Retrieval", 2020).

    Attributes:
        number: how many.
        embedder: 'plain' or 'tuned'; empty: the one that built the library.
    """

    name = "dense"
    finds = True
    stand_in = "bm25"
    number: int = 40
    embedder: str = ""

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Add a list for every phrasing."""
        _, dense = tools.vectors(self.embedder)
        if not dense.ready:
            return inquiry, f"left out: {dense.why_not}"
        within = tools.passages.of_works(inquiry.works) if inquiry.works else None
        asked = self.number if within is None else self.number * 4
        rankings = []
        for phrasing in inquiry.asked:
            vector = phrasing.vector or tools.vector(phrasing.text, self.embedder)
            found = [item for item in dense.search(vector, asked) if within is None or item[0] in within]
            rankings.append(Ranking(self.name, phrasing.weight, tuple(found[: self.number])))
        nearest = max((ranking.items[0][1] for ranking in rankings if ranking.items), default=0.0)
        searched = replace(inquiry, rankings=(*inquiry.rankings, *rankings))
        return searched.measured(nearest=nearest), f"nearest {nearest:.2f}"


@dataclass(frozen=True)
class Bm25Search(Module):
    """The passages that share the rarest words with the question (see `index.lexical`).

    Attributes:
        number: how many.
    """

    name = "bm25"
    finds = True
    number: int = 60

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Add a list for every phrasing."""
        works = inquiry.works or None
        rankings = tuple(
            Ranking(self.name, phrasing.weight, tuple(tools.lexical.search(phrasing.text, self.number, works)))
            for phrasing in inquiry.asked
        )
        return replace(inquiry, rankings=(*inquiry.rankings, *rankings)), ""


@dataclass(frozen=True)
class Fuse(Module):
    """The lists fused by reciprocal rank into candidates.

    Attributes:
        casebook: how many times a passage of the casebook counts.
        passages: how many candidates are made.
    """

    name = "fuse"
    casebook: float = 2.2
    passages: int = 24

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Turn the lists into candidates."""
        if not inquiry.rankings:
            return inquiry, ""
        scores = fused(inquiry.rankings, lambda position: self.casebook if position in tools.casebook else 1.0)
        reasons: dict[int, dict[str, Reason]] = {}  # one of each module: from its first list
        for ranking in inquiry.rankings:
            for rank, (position, score) in enumerate(ranking.items, 1):
                of_passage = reasons.setdefault(position, {})
                of_passage.setdefault(ranking.module, Reason(ranking.module, rank, round(score, 4)))
        order = sorted(scores, key=lambda position: -scores[position])
        candidates = [
            tools.candidate(position, scores[position], list(reasons[position].values())).with_reason(
                self.name,
                rank,
                scores[position],
                "" if rank <= self.passages else f"not among the first {self.passages}",
            )
            for rank, position in enumerate(order[: self.passages + SHOWN], 1)
        ]
        done = replace(inquiry, rankings=()).narrowed(candidates[: self.passages], candidates[self.passages :])
        return done.measured(considered=float(len(order))), counted(len(order), "passage")


def fused(rankings: Sequence[Ranking], weight: Callable[[int], float] = lambda _: 1.0) -> dict[int, float]:
    """The score of every position in ranked lists by reciprocal rank, `weight` of it times."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, (position, _) in enumerate(ranking.items, 1):
            scores[position] = scores.get(position, 0.0) + ranking.weight * weight(position) / (RRF_K + rank)
    return scores

"""Maximal marginal relevance: near-duplicates are dropped, and what repeats a better candidate counts for less."""

from __future__ import annotations

from dataclasses import dataclass

from chatbot.library.search.inquiry import Candidate, Inquiry
from chatbot.library.search.modules.base import SHOWN, Module
from chatbot.library.search.tools import Tools


@dataclass(frozen=True)
class MaximalMarginalRelevance(Module):
    """Candidates chosen one after another (Carbonell and Goldstein, 1998); works repeat a page, and there are editions
    of one text.

    Attributes:
        relevance: how much a candidate's score counts, against its likeness to those chosen before; 0 to 1.
        same: the share of words in common with a better one above which a candidate is dropped.
    """

    name = "mmr"
    reranks = True
    relevance: float = 0.9
    same: float = 0.8

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Choose one candidate after another."""
        left = [
            (candidate, set(tools.terms(candidate.text)), rank) for rank, candidate in enumerate(inquiry.candidates, 1)
        ]
        chosen: list[tuple[Candidate, set[str], int]] = []
        dropped: list[Candidate] = []
        wanted = max(inquiry.pieces, 1) + SHOWN
        while left and len(chosen) < wanted:
            likeness = [max((overlap(held, other) for _, other, _ in chosen), default=0.0) for _, held, _ in left]
            worth = [
                self.relevance * candidate.score - (1 - self.relevance) * like
                for (candidate, _, _), like in zip(left, likeness, strict=True)
            ]
            best = max(range(len(left)), key=worth.__getitem__)
            item = left.pop(best)
            if likeness[best] > self.same:
                dropped.append(item[0].with_reason(self.name, item[2], worth[best], "says what a better one says"))
            else:
                chosen.append(item)
        kept = [
            candidate
            if rank == before
            else candidate.with_reason(self.name, rank, candidate.score, f"from place {before}")
            for rank, (candidate, _, before) in enumerate(chosen, 1)
        ]
        done = inquiry.narrowed([*kept, *(candidate for candidate, _, _ in left)], dropped)
        return done, f"{len(dropped)} said the same" if dropped else ""


def overlap(one: set[str], other: set[str]) -> float:
    """The share of the smaller set that both hold, from 0 to 1."""
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0

"""The order that a model reads best: long contexts are "lost in the middle"."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatbot.library.search.inquiry import Inquiry
from chatbot.library.search.modules.base import Module
from chatbot.library.search.tools import Tools


@dataclass(frozen=True)
class Reorder(Module):
    """The best piece first and the second best last, the weakest in the middle, where a model reads least (Liu et al.,
    "Lost in the Middle", 2023; LongLLMLingua orders so too).

    Attributes:
        pieces: how many a prompt gets at most: of a longer list the first of them are ordered, so that they are the
            same however many are wanted.
    """

    name = "reorder"
    reranks = True
    pieces: int = 4

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Order what will be handed over."""
        number = min(self.pieces, inquiry.pieces)
        chosen, rest = list(enumerate(inquiry.candidates[:number], 1)), inquiry.candidates[number:]
        if len(chosen) < 3:
            return inquiry, ""
        order = [*chosen[0::2], *reversed(chosen[1::2])]
        moved = [
            candidate
            if rank == before
            else candidate.with_reason(self.name, rank, candidate.score, f"from place {before}")
            for rank, (before, candidate) in enumerate(order, 1)
        ]
        return replace(inquiry, candidates=(*moved, *rest)), ""

"""A cross-encoder, which reads question and window together."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatbot.library.search.inquiry import Inquiry
from chatbot.library.search.modules.base import Module, reranked
from chatbot.library.search.tools import Tools

LOGIT = 0.03  # what a logit of a cross-encoder adds to a score that runs from 0 to 1


@dataclass(frozen=True)
class CrossEncode(Module):
    """The first candidates scored by a cross-encoder (Nogueira and Cho, "Passage Re-ranking with BERT", 2019). Does
    nothing where there is none, or where a reader is to read them anyway.

    Attributes:
        number: how many candidates are read.
        weight: what a logit of it adds to a score.
    """

    name = "cross-encoder"
    reranks = True
    number: int = 8
    weight: float = LOGIT

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Reorder the first candidates."""
        if tools.models.reader() is not None:
            return inquiry, "left to the reader"
        scorer = tools.models.cross_encoder()
        if scorer is None or not inquiry.candidates:
            return inquiry, "no cross-encoder" if scorer is None else ""
        some = inquiry.candidates[: max(1, self.number // inquiry.shares)]
        texts = [candidate.passage.titled(candidate.text) for candidate in some]
        logits = scorer.score(inquiry.main.text if inquiry.context else inquiry.question, texts)
        candidates = reranked(self.name, inquiry.candidates, [self.weight * logit for logit in logits])
        return replace(inquiry, candidates=candidates).measured(cross=max(logits)), f"{len(some)} read"

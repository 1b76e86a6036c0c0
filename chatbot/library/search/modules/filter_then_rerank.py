"""Filter, then rerank: only the cases that the search leaves open go to a stronger model."""

from __future__ import annotations

from dataclasses import dataclass

from chatbot.library.search.inquiry import Inquiry
from chatbot.library.search.modules.base import Module
from chatbot.library.search.modules.perplexity import by_perplexity
from chatbot.library.search.tools import Tools


@dataclass(frozen=True)
class FilterThenRerank(Module):
    """Where the first candidate is well ahead the case is settled; a hard one is reranked by the stronger model that
    the settings name, else by the small model (Ma et al., "Large Language Model Is Not a Good Few-shot Information
    Extractor, but a Good Reranker for Hard Samples!", 2023).

    Attributes:
        margin: how far ahead, in score, settles a case.
        number: how many candidates are read.
        weight: what a nat above the mean adds to a score.
    """

    name = "filter-then-rerank"
    reranks = True
    margin: float = 0.1
    number: int = 6
    weight: float = 0.12

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Settle the easy case; rerank the hard one."""
        if len(inquiry.candidates) < 2:
            return inquiry, ""
        lead = inquiry.candidates[0].score - inquiry.candidates[1].score
        inquiry = inquiry.measured(lead=lead)
        if lead >= self.margin:
            return inquiry, f"settled: {lead:.2f} ahead"
        stronger = tools.models.stronger_model()
        model = stronger or tools.models.language_model()
        if model is None:
            return inquiry, "hard, and no language model to ask"
        done, note = by_perplexity(self.name, inquiry, model, tools.language, self.number, self.weight)
        return done, f"hard ({lead:.2f} ahead): {note}" + (" by the stronger model" if stronger else "")

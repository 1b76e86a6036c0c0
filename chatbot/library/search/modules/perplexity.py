"""LongLLMLingua's question-aware perplexity as a reranker."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from chatbot.errors import BakerStreetError
from chatbot.language import Language
from chatbot.library.search.inquiry import Inquiry
from chatbot.library.search.models import LanguageModel
from chatbot.library.search.modules.base import Module, reranked
from chatbot.library.search.tools import Tools


@dataclass(frozen=True)
class Perplexity(Module):
    """The first candidates reordered by how likely the small model finds the question after each (Jiang et al.,
    "LongLLMLingua", 2023): contrastive, in that what counts is what a passage adds to the mean.

    Attributes:
        number: how many candidates are read.
        weight: what a nat above the mean adds to a score.
    """

    name = "perplexity"
    reranks = True
    number: int = 8
    weight: float = 0.12

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Reorder the first candidates."""
        model = tools.models.language_model()
        if model is None or len(inquiry.candidates) < 2:
            return inquiry, "no language model" if model is None else ""
        return by_perplexity(self.name, inquiry, model, tools.language, self.number, self.weight)


def by_perplexity(
    module: str, inquiry: Inquiry, model: LanguageModel, language: Language, number: int, weight: float
) -> tuple[Inquiry, str]:
    """The inquiry with its first `number` candidates reordered, and what was done; see `Perplexity`."""
    asked = f" {inquiry.question} {language.restriction}"  # ties the question to the passage, as LongLLMLingua has it
    contexts = [candidate.passage.titled(candidate.text) for candidate in inquiry.candidates[:number]]
    try:
        likelihoods = model.likelihood([(context, asked) for context in contexts])
    except BakerStreetError as error:
        return inquiry, f"left as it was: {error}"
    gains = weight * (np.asarray(likelihoods) - float(np.mean(likelihoods)))
    done = replace(inquiry, candidates=reranked(module, inquiry.candidates, gains.tolist()))
    return done.measured(perplexity=max(likelihoods)), f"{len(contexts)} read"

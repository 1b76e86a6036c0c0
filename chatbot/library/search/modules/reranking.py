"""After the search: the order of the candidates, by language models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from chatbot.errors import BakerStreetError
from chatbot.language import Language
from chatbot.library.search.inquiry import Candidate, Inquiry, Phrasing
from chatbot.library.search.modules.base import LanguageModel, Module, Tools, behind, reordered
from chatbot.library.search.modules.finding import unjoined


class Perplexity(Module):
    """The first candidates reordered by how likely the small model finds the question behind each (Jiang et al.,
    "LongLLMLingua", 2023): question-aware, and contrastive in that what counts is what a passage adds to the mean.
    """

    title = "perplexity"

    def __init__(self, tools: Tools, *, number: int = 8, weight: float = 0.12) -> None:
        super().__init__(tools)
        self._number, self._weight = number, weight

    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """Reorder the first candidates."""
        inquiry = unjoined(self.tools, inquiry)
        reader = self.tools.reader()
        if reader is None or len(inquiry.candidates) < 2:
            return inquiry, "no language model" if reader is None else ""
        return by_perplexity(self.title, inquiry, reader, self._number, self._weight, self.tools.language)


def by_perplexity(
    title: str, inquiry: Inquiry, reader: LanguageModel, number: int, weight: float, language: Language
) -> tuple[Inquiry, str]:
    """The inquiry with its first `number` candidates reordered, and what was done."""
    some, rest = inquiry.candidates[:number], inquiry.candidates[number:]
    try:
        likely = question_likelihoods(reader, inquiry, some, language)
    except BakerStreetError as error:
        return inquiry, f"left as it was: {error}"
    above = np.asarray(likely) - float(np.mean(likely))
    mixed = [(candidate.score + weight * float(gain), candidate) for candidate, gain in zip(some, above, strict=True)]
    order = [*reordered(title, some, mixed), *behind(rest, weight * float(above.min()))]
    return replace(inquiry, candidates=tuple(order)).signal(perplexity=max(likely)), f"{len(some)} read"


def question_likelihoods(
    reader: LanguageModel, inquiry: Inquiry, candidates: Sequence[Candidate], language: Language
) -> list[float]:
    """The mean log-probability of a token of the question behind each candidate, in nats."""
    asked = f" {inquiry.question} {language.restriction}"  # ties the question to the passage, as in LongLLMLingua
    return reader.likelihood([(candidate.passage.titled(candidate.text), asked) for candidate in candidates])


class Settle(Module):
    """Filter, then rerank (Ma et al., "Large Language Model Is Not a Good Few-shot Information Extractor, but a Good
    Reranker for Hard Samples!", 2023): where the first candidate is well ahead the case is settled; only the hard ones
    go to a stronger reranker: the model that the settings name, else the small model's perplexity.
    """

    title = "settle"

    def __init__(self, tools: Tools, *, margin: float = 0.1, number: int = 6, weight: float = 0.12) -> None:
        super().__init__(tools)
        self._margin, self._number, self._weight = margin, number, weight

    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """Settle the easy case; hand the hard one on."""
        inquiry = unjoined(self.tools, inquiry)
        if len(inquiry.candidates) < 2:
            return inquiry, ""
        lead = inquiry.candidates[0].score - inquiry.candidates[1].score
        if lead >= self._margin:
            return inquiry.signal(lead=lead), f"settled: {lead:.2f} ahead"
        strong = self.tools.strong()
        reader = strong or self.tools.reader()
        if reader is None:
            return inquiry.signal(lead=lead), "hard, and no language model to ask"
        done, note = by_perplexity(self.title, inquiry, reader, self._number, self._weight, self.tools.language)
        return done.signal(lead=lead), f"hard ({lead:.2f} ahead): {note}" + (" by the stronger model" if strong else "")


class Hypothetical(Module):
    """A passage that might answer, written by the small model, is searched for beside the question (HyDE: Gao et al.,
    "Precise Zero-Shot Dense Retrieval without Relevance Labels", 2023). What it says need not be true.
    """

    title = "hypothetical"
    rewrites = True

    def __init__(self, tools: Tools, *, tokens: int = 40, weight: float = 0.5) -> None:
        super().__init__(tools)
        self._tokens, self._weight = tokens, weight

    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """Add the mean of the question's vector and the passage's as a phrasing."""
        reader = self.tools.reader()
        if reader is None:
            return inquiry, "no language model"
        main = inquiry.main
        try:
            written = reader.write(self.tools.language.hypothetical.format(question=main.text), self._tokens).strip()
        except BakerStreetError as error:
            return inquiry, f"left out: {error}"
        if not written:
            return inquiry, "nothing was written"
        both = np.asarray(self.tools.vector(main.text)) + np.asarray(self.tools.vector(written))
        mean = tuple((both / max(float(np.linalg.norm(both)), 1e-9)).tolist())
        phrasing = Phrasing(written, self._weight, self.title, mean)
        return replace(inquiry, phrasings=(*inquiry.asked, phrasing)), written

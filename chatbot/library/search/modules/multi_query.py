"""Multi-query: the question in other words as well, without a model."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatbot.language import meaning_words
from chatbot.library.search.inquiry import Inquiry, Phrasing
from chatbot.library.search.modules.base import Module
from chatbot.library.search.tools import Tools


@dataclass(frozen=True)
class MultiQuery(Module):
    """Searches for the question's words that carry meaning alone, and for it without what frames it ("Tell me", "In
    Silver Blaze,"), too. A model's paraphrase is what `hyde` adds.

    Attributes:
        weight: how much the lists of these phrasings count.
    """

    name = "multi-query"
    weight: float = 0.4

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Add phrasings that are not searched for already."""
        given, language = inquiry.asked, tools.language
        said = given[0].text
        others = (" ".join(meaning_words(said, language)), language.framing.sub("", said))
        known = {phrasing.text for phrasing in given}
        fresh = [text for text in dict.fromkeys(others) if text and text not in known]
        more = tuple(Phrasing(text, self.weight, self.name) for text in fresh)
        return replace(inquiry, phrasings=(*given, *more)), " | ".join(fresh)

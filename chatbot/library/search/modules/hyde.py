"""HyDE: a hypothetical passage is searched for beside the question."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from chatbot.errors import BakerStreetError
from chatbot.library.search.inquiry import Inquiry, Phrasing
from chatbot.library.search.modules.base import Module
from chatbot.library.search.tools import Tools
from chatbot.templates import fill_in


@dataclass(frozen=True)
class Hyde(Module):
    """The small model writes a passage that might answer, which need not be true (Gao et al., "Precise Zero-Shot Dense
    Retrieval without Relevance Labels", 2023).

    Attributes:
        tokens: how long the passage may be.
        weight: how much its list counts.
    """

    name = "hyde"
    tokens: int = 40
    weight: float = 0.5

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Add the passage as a phrasing with the mean of the question's vector and its own."""
        model = tools.models.language_model()
        if model is None:
            return inquiry, "no language model"
        question = inquiry.main.text
        try:
            asked = fill_in(tools.language.hypothetical, {"question": question})
            written = model.write(asked, self.tokens).strip()
        except BakerStreetError as error:
            return inquiry, f"left out: {error}"
        if not written:
            return inquiry, "nothing was written"
        total = np.asarray(tools.vector(question)) + np.asarray(tools.vector(written))
        unit = tuple((total / max(float(np.linalg.norm(total)), 1e-9)).tolist())
        return replace(inquiry, phrasings=(*inquiry.asked, Phrasing(written, self.weight, self.name, unit))), written

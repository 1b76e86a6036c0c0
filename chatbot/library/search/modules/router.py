"""The router decides whether to search at all, and where: by plain rules, which can be read and take no time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatbot.language import WITHOUT_BOOKS, meaning_words
from chatbot.library.search.inquiry import Inquiry
from chatbot.library.search.modules.base import Module
from chatbot.library.search.tools import Tools


@dataclass(frozen=True)
class Router(Module):
    """Small talk opens no books, nor does what is mostly strange to them; all else is searched for."""

    name = "router"

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Decide whether, and where."""
        intent: str = inquiry.kind
        if intent in WITHOUT_BOOKS or self._strange(inquiry, tools):
            intent = intent if intent in WITHOUT_BOOKS else "unknown words"
            return replace(inquiry, intent=intent, ended=True), f"{intent}: no books are opened"
        return replace(inquiry, intent=intent), intent

    def _strange(self, inquiry: Inquiry, tools: Tools) -> bool:
        """Whether half of what a question asks about, or more, is strange."""
        if inquiry.kind == "going on":
            return False
        strange = tools.reading(inquiry.question).strange
        words = meaning_words(inquiry.question, tools.language)
        unknown = [word for word in words if word in strange]
        return bool(unknown) and 2 * len(unknown) >= len(words)

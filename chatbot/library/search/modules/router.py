"""The router decides whether to search at all, and where: by plain rules, which can be read and take no time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatbot.language import WITHOUT_BOOKS, meaning_words, tells_of_self
from chatbot.library.search.inquiry import Candidate, Inquiry
from chatbot.library.search.modules.base import Module
from chatbot.library.search.tools import Tools
from chatbot.library.texts import Passage


@dataclass(frozen=True)
class Router(Module):
    """Small talk opens no books; what visitors ask about themselves is looked up in what they said; everything else is
    searched for in casebook and texts.
    """

    name = "router"
    recalls = True

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Decide whether, and where."""
        if inquiry.kind == "about the visitor":
            return self._recalled(inquiry, tools)
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

    def _recalled(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """What the visitor told, the nearest to the question first.

        Where his name is asked for, where he gave it; then what shares most words with the question; then what he told
        of himself; then the latest, as they are given.
        """
        language = tools.language
        asked = set(tools.terms(inquiry.question))
        name = bool(language.talk.asks_name.search(inquiry.question))

        def nearness(passage: Passage) -> tuple[bool, int, bool]:
            return (
                name and bool(language.talk.gives_name.search(passage.text)),
                len(asked & set(tools.terms(passage.text))),
                tells_of_self(passage.text, language),
            )

        told = tuple(inquiry.recollections()) if inquiry.recollections else ()
        made = [
            Candidate(passage, -1, 1 / (60 + rank), text=passage.text).with_reason(self.name, rank, 1 / rank)
            for rank, passage in enumerate(sorted(told, key=nearness, reverse=True), 1)
        ]
        done = replace(inquiry, intent=inquiry.kind, candidates=tuple(made[: inquiry.pieces]), ended=True)
        return done, f"{inquiry.kind}: {len(told)} earlier messages"

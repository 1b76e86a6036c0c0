"""The router decides whether to search at all, and where: by plain rules, which can be read and take no time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatbot.language import kind_of, meaning_words
from chatbot.library.search.inquiry import Candidate, Inquiry
from chatbot.library.search.modules.base import Module
from chatbot.library.search.tools import Tools


@dataclass(frozen=True)
class Router(Module):
    """Small talk opens no books; what visitors ask about themselves is looked up in what they said; everything else is
    searched for in casebook and texts.
    """

    name = "router"
    recalls = True

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Decide whether, and where."""
        language = tools.language
        words, strange = meaning_words(inquiry.question, language), tools.lexical.unknown(inquiry.question)
        unknown = [word for word in words if word in strange]
        known = [word for word in words if word not in strange]
        intent = kind_of(inquiry.question, language, known=known, unknown=unknown)
        routed = replace(inquiry, intent=intent)
        if intent in ("small talk", "unknown words"):
            return replace(routed, ended=True), f"{intent}: no books are opened"
        if intent == "about the visitor":
            said = tuple(inquiry.recollections()) if inquiry.recollections else ()
            asked = set(tools.terms(inquiry.question))
            ranked = sorted(
                said, key=lambda passage: -len(asked & set(tools.terms(passage.text)))
            )  # given latest first
            made = [
                Candidate(passage, -1, 1 / (60 + rank), text=passage.text).with_reason(self.name, rank, 1 / rank)
                for rank, passage in enumerate(ranked, 1)
            ]
            done = replace(routed, candidates=tuple(made[: inquiry.pieces]), ended=True)
            return done, f"{intent}: {len(said)} earlier messages"
        return routed, intent

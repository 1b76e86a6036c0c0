"""The router decides whether to search at all, and where: by plain rules, which can be read and take no time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chatbot.language import is_about_visitor, is_small_talk, meaning_words, words_of
from chatbot.library.index import terms
from chatbot.library.search.inquiry import Candidate, Inquiry
from chatbot.library.search.modules.base import Module
from chatbot.library.search.modules.rewriting import names_in
from chatbot.library.search.tools import Tools

Intent = Literal["small talk", "about you", "about himself", "about a case", "out of his world"]

_SECOND_PERSON = frozenset("you your yours yourself".split())


def intent_of(message: str, knows: Sequence[str], unknown: Sequence[str]) -> Intent:
    """What a message is about.

    Args:
        message: as it was written.
        knows: its words that carry meaning and stand in the books.
        unknown: its words that stand nowhere in them.
    """
    if is_about_visitor(message):  # before small talk: "what is my name?" is made of its words
        return "about you"
    if is_small_talk(message):
        return "small talk"
    if unknown and len(knows) <= len(unknown):
        return "out of his world"
    if _SECOND_PERSON & set(words_of(message)) and not names_in(message):
        return "about himself"
    return "about a case"


@dataclass(frozen=True)
class Router(Module):
    """Small talk opens no books; what the visitor asks about himself is looked up in what he said; the rest is
    searched for in casebook and texts.
    """

    name = "router"
    recalls = True

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Decide whether, and where."""
        words, strange = meaning_words(inquiry.question), tools.lexical.unknown(inquiry.question)
        unknown = [word for word in words if word in strange]
        known = [word for word in words if word not in strange]
        intent = intent_of(inquiry.question, known, unknown)
        routed = replace(inquiry, intent=intent)
        if intent in ("small talk", "out of his world"):
            return replace(routed, ended=True), f"{intent}: no books are opened"
        if intent == "about you":
            said = tuple(inquiry.recollections()) if inquiry.recollections else ()
            asked = set(terms(inquiry.question))
            ranked = sorted(said, key=lambda passage: -len(asked & set(terms(passage.text))))  # given latest first
            made = [
                Candidate(passage, -1, 1 / (60 + rank), text=passage.text).with_reason(self.name, rank, 1 / rank)
                for rank, passage in enumerate(ranked, 1)
            ]
            done = replace(routed, candidates=tuple(made[: inquiry.pieces]), ended=True)
            return done, f"{intent}: {len(said)} earlier messages"
        return routed, intent

"""Before the search: a question that only makes sense in its conversation is given what it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chatbot.language import ENGLISH, IN_CONTEXT, Language, kind_of, last_matter, names_in
from chatbot.library.search.inquiry import Inquiry, Phrasing
from chatbot.library.search.modules.base import Module
from chatbot.library.search.tools import Tools


@dataclass(frozen=True)
class FollowUp(Module):
    """A follow-up is searched with the words of the exchange before it.

    Where it names somebody or something itself it may as well stand alone, so both phrasings are searched and the
    context counts for less. The question comes last in the text that is embedded.

    Attributes:
        weight: how much the words of the context count within a passage; the question's own count 1.
        doubtful_weight: the same where the question names somebody or something itself.
    """

    name = "follow-up"
    weight: float = 0.3
    doubtful_weight: float = 0.15

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Give a follow-up its context."""
        if inquiry.kind not in IN_CONTEXT:
            return inquiry, ""
        context = _context(inquiry.history, tools.language)
        phrasings = [Phrasing(f"{context} {inquiry.question}", by=self.name)]
        doubtful = bool(names_in(inquiry.question, tools.language))
        if doubtful:
            phrasings.append(Phrasing(inquiry.question))
        return (
            replace(
                inquiry,
                context=context,
                context_weight=self.doubtful_weight if doubtful else self.weight,
                phrasings=tuple(phrasings),
            ),
            "searched with the exchange before it" + (", and alone" if doubtful else ""),
        )


def in_context(question: str, history: Sequence[tuple[str, str]], language: Language = ENGLISH) -> str:
    """A follow-up after the exchange before it; any other question as it is."""
    follows = kind_of(question, language, history) in IN_CONTEXT
    return f"{_context(history, language)} {question}" if follows else question


def _context(history: Sequence[tuple[str, str]], language: Language) -> str:
    return " ".join(text for exchange in last_matter(history, language) for text in exchange)


@dataclass(frozen=True)
class NamePersona(Module):
    """The books speak of the persona by name where the visitor says "you"."""

    name = "persona"

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Put the persona's name in the place of "you" and "your" in what is searched for."""
        name = tools.persona
        given = inquiry.asked
        named = tuple(
            replace(phrasing, text=in_third_person(phrasing.text, name, tools.language)) for phrasing in given
        )
        if not name or named == given:
            return inquiry, ""
        return replace(inquiry, phrasings=named), f"you: {name}"


def in_third_person(text: str, name: str, language: Language = ENGLISH) -> str:
    """The text with `name` in the place of "you", "your" and "yourself"."""
    for addressed, named in language.in_third_person:
        text = addressed.sub(named.replace("{name}", name).replace("\\", r"\\"), text)
    return text

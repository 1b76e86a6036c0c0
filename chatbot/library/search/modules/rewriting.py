"""Before the search: a question that only makes sense in its conversation is given what it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chatbot.language import ENGLISH, Language, meaning_words, names_in, words_of
from chatbot.library.search.inquiry import Inquiry, Phrasing
from chatbot.library.search.modules.base import Module, Tools

SHORT = 4  # words; a question of so few seldom stands alone


class FollowUp(Module):
    """A follow-up is searched with the words of the exchange before it.

    Where it names somebody or something itself it may as well stand alone, so both phrasings are searched and the
    context counts for less. The question comes last in the text that is embedded.
    """

    title = "follow-up"
    rewrites = True

    def __init__(self, tools: Tools, *, weight: float = 0.3, doubtful_weight: float = 0.15) -> None:
        super().__init__(tools)
        self._weight, self._doubtful = weight, doubtful_weight

    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """Give a follow-up its context."""
        language = self.tools.language
        if not inquiry.history or not is_follow_up(inquiry.question, language):
            return inquiry, ""
        context = " ".join(inquiry.history[-1])
        phrasings = [Phrasing(in_context(inquiry.question, inquiry.history, language), by=self.title)]
        doubtful = bool(names_in(inquiry.question, language))
        if doubtful:
            phrasings.append(Phrasing(inquiry.question))
        return (
            replace(
                inquiry,
                context=context,
                context_weight=self._doubtful if doubtful else self._weight,
                phrasings=tuple(phrasings),
            ),
            "searched with the exchange before it" + (", and alone" if doubtful else ""),
        )


def is_follow_up(question: str, language: Language = ENGLISH) -> bool:
    """Whether a question seems to need the exchange before it: it points back ("he", "there"), or is very short."""
    words = words_of(question)
    return bool(words) and (
        len(words) <= SHORT or words[0] in language.continuing or not language.referring.isdisjoint(words)
    )


def in_context(question: str, history: Sequence[tuple[str, str]], language: Language = ENGLISH) -> str:
    """A follow-up behind the exchange before it; any other question as it is."""
    return " ".join((*history[-1], question)) if history and is_follow_up(question, language) else question


class Persona(Module):
    """The books speak of the persona by name where the visitor says "you"."""

    title = "persona"
    rewrites = True

    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """Put the persona's name in the place of "you" and "your" in what is searched for."""
        name = self.tools.persona
        given = inquiry.asked
        named = tuple(
            replace(phrasing, text=in_third_person(phrasing.text, name, self.tools.language)) for phrasing in given
        )
        if not name or named == given:
            return inquiry, ""
        return replace(inquiry, phrasings=named), f"you: {name}"


def in_third_person(text: str, name: str, language: Language = ENGLISH) -> str:
    """The text with `name` in the place of "you", "your" and "yourself"."""
    for addressed, named in language.in_third_person:
        text = addressed.sub(named.replace("{name}", name).replace("\\", r"\\"), text)
    return text


class Phrasings(Module):
    """The question in other words as well: its words that carry meaning alone, and without what frames it ("Tell me",
    "In Silver Blaze,"). A model's paraphrase is what `hypothetical` adds.
    """

    title = "phrasings"
    rewrites = True

    def __init__(self, tools: Tools, *, weight: float = 0.4) -> None:
        super().__init__(tools)
        self._weight = weight

    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """Add what says the same in other words."""
        given = inquiry.asked
        said = given[0].text
        language = self.tools.language
        others = [" ".join(meaning_words(said, language)), unframed(said, language)]
        known = {phrasing.text for phrasing in given}
        fresh = [text for text in dict.fromkeys(others) if text and text not in known]
        more = tuple(Phrasing(text, self._weight, self.title) for text in fresh)
        return replace(inquiry, phrasings=(*given, *more)), " | ".join(fresh)


def unframed(question: str, language: Language = ENGLISH) -> str:
    """A question without the words that only introduce it."""
    return language.framing.sub("", question)


def parts_of(question: str, language: Language = ENGLISH) -> tuple[str, ...]:
    """The questions that one asks at once ("Who hid the gem, and who found it?"); itself alone where it is one.

    What stands before a colon goes with each of them.
    """
    head, colon, rest = question.rpartition(": ")
    parts = [part.strip() for part in language.joining.split(rest)]
    if len(parts) < 2 or not all(
        len(words_of(part)) >= 3 and language.interrogative.search(part) for part in parts[:1]
    ):
        return (question,)
    return tuple(f"{head}{colon}{part}" for part in parts)

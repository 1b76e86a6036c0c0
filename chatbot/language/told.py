"""What a message tells of the visitor, by the rules of its language; what is not said in it is not in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from chatbot.language.language import Language
from chatbot.language.normal import to_plain
from chatbot.language.text import words_of

OTHER, PLAN = "other", "plan"  # topics: of what no rule knows, and of what somebody will do


@dataclass(frozen=True)
class Told:
    """One thing that a visitor told.

    Attributes:
        text: in his words, a sentence.
        topic: what it is about; `OTHER` where no rule knows it.
        matter: the same for those of which the last one counts; empty: it stands beside all others.
        changes: whether it ends what was true before.
    """

    text: str
    topic: str
    matter: str
    changes: bool


@dataclass(frozen=True)
class Wish:
    """What a visitor wants forgotten: the last thing he told, everything, or what he told `about` something."""

    what: Literal["last", "everything", "about"]
    about: str = ""


def topic_of(statement: str, language: Language) -> tuple[str, str]:
    """What a statement is about, and its matter: `OTHER` and none where no rule knows it."""
    plain = to_plain(statement).strip()
    for rule in language.telling.rules:
        if (match := rule.pattern.search(plain)) and not _no_name(rule.topic, match[0], language):
            of = " ".join(words_of(match["of"])) if "of" in match.re.groupindex else ""
            return rule.topic, rule.matter.format(of=of)[:64]
    return OTHER, ""


def told_in(statements: list[str], language: Language) -> list[Told]:
    """What statements tell of who makes them.

    Args:
        statements: sentences of one message that ask nothing, in order. One of somebody else that goes on with the one
            before ("She lives in York") is told with it.
        language: the persona's.
    """
    told: list[Told] = []
    for sentence in statements:
        if not language.talk.first_person & set(words_of(sentence)):
            if told and language.referring & set(words_of(sentence)):
                told[-1] = Told(f"{told[-1].text} {_sentence(sentence)}", *_rest(told[-1]))
            continue
        for clause in clauses(sentence, language):
            if not language.talk.first_person & set(words_of(clause)) or is_idle(clause, language):
                continue
            topic, matter = topic_of(clause, language)
            changes = language.telling.changing.search(to_plain(clause)) is not None
            told.append(Told(_sentence(clause), topic, matter, changes))
    return told


def clauses(sentence: str, language: Language) -> list[str]:
    """The statements of a sentence, each with its subject."""
    for cut, instead in language.telling.cuts:
        sentence = cut.sub(instead, sentence)
    return [clause.strip() for clause in sentence.split("\n") if clause.strip()]


def is_idle(statement: str, language: Language) -> bool:
    """Whether somebody speaks of himself and tells nothing of himself: "I think it was the butler"."""
    return bool(language.telling.idle.match(to_plain(statement)))


def asked_topics(question: str, language: Language) -> frozenset[str]:
    """The topics of what a visitor asks about himself, or wants forgotten."""
    plain = to_plain(question)
    return frozenset(topic for topic, pattern in language.telling.asks.items() if pattern.search(plain))


def lasting_topics(language: Language) -> frozenset[str]:
    """The topics of which one statement counts at a time: he has one name, and likes many things."""
    return frozenset(rule.topic for rule in language.telling.rules if rule.matter == rule.topic)


def asked_about(question: str, language: Language) -> str:
    """What it is that a visitor asks what he told of; empty where he asks no such thing."""
    return _group(language.telling.asks_about.search(to_plain(question)))


def asked_name_of(question: str, language: Language) -> str:
    """Whose name a visitor asks for, "sister"; empty where he asks for none, or for his own."""
    return _group(language.telling.asks_called.search(to_plain(question)))


def wish_to_forget(message: str, language: Language) -> Wish | None:
    """What a visitor wants forgotten; None where he wants nothing of the kind."""
    plain, telling = to_plain(message).strip(), language.telling
    if telling.forget_last.match(plain):
        return Wish("last")
    if telling.forget_all.match(plain):
        return Wish("everything")
    if plain.endswith("?") or not (match := telling.forget.match(plain)):
        return None
    return Wish("about", next(filter(None, match.groups())).strip(" .!"))


def _no_name(topic: str, told: str, language: Language) -> bool:
    """Whether what seems to be a name is a people or a day: "I am English"."""
    return topic == "name" and bool(set(words_of(told)) & language.capitals)


def _group(match: re.Match[str] | None) -> str:
    return next(filter(None, match.groups()), "").strip(" ?.!") if match else ""


def _rest(told: Told) -> tuple[str, str, bool]:
    return told.topic, told.matter, told.changes


def _sentence(text: str) -> str:
    text = text.strip(" ,;")
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", '"')) else f"{text}."

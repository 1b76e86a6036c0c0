"""What a message tells of the visitor, by the rules of its language; what is not said in it is not in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chatbot.language.language import Language
from chatbot.language.normal import to_plain
from chatbot.language.relations import relations_told
from chatbot.language.text import content_words, names_in, words_of

NAME, OTHER, PLAN = "name", "other", "plan"  # topics: his name, what no rule knows, and what he will do
SUBJECT = 4  # words at the beginning of a sentence of which one names whom it is about
SHORTEST = 3  # words of a statement


@dataclass(frozen=True)
class Correction:
    """What puts something right that was told before.

    Attributes:
        new: what is so.
        old: what was said in its place; empty where that is not said again.
    """

    new: str
    old: str = ""


@dataclass(frozen=True)
class Told:
    """One thing that a visitor told.

    Attributes:
        text: in his words, a sentence.
        topic: what it is about; `OTHER` where no rule knows it.
        matter: the same for those of which the last one counts; empty: it stands beside all others.
        changes: whether it ends what was true before.
        of_himself: whether he speaks of himself in it: "I", "my".
        corrects: what it puts right, if it does.
        goes_on: whether it only makes sense behind what was told before it: "She lives in York."
    """

    text: str
    topic: str = OTHER
    matter: str = ""
    changes: bool = False
    of_himself: bool = True
    corrects: Correction | None = None
    goes_on: bool = False


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


def topics_told(statement: str, topic: str, language: Language) -> frozenset[str]:
    """A statement's topic, and what it tells of besides."""
    plain = to_plain(statement)
    return frozenset({topic, *(rule.topic for rule in language.telling.besides if rule.pattern.search(plain))})


def told_in(statements: Sequence[str], language: Language, earlier: Sequence[str] = ()) -> list[Told]:
    """What statements tell of who makes them.

    Args:
        statements: sentences of one message that ask nothing, in order. One of somebody else that goes on with the one
            before ("She lives in York") is told with it.
        language: the persona's.
        earlier: what he told before, by which those are known whom he named.
    """
    told: list[Told] = []
    denied = ""
    for said in statements:
        sentence = _by_itself(said, language)
        match = language.telling.correcting.denying.match(sentence)
        if correction := correction_in(said, language, denied):
            told.append(_corrected(said, correction, language))
        elif match:
            denied = match["old"]  # "Not Saturday, sorry. Sunday it was."
            continue
        elif told and language.telling.naming.match(sentence):
            told[-1] = replace(told[-1], text=f"{told[-1].text} {_sentence(sentence)}")
        elif speaks_of_himself(sentence, language):
            told += _clauses_told(sentence, language)
        elif told and language.referring & set(words_of(sentence)):
            told[-1] = replace(told[-1], text=f"{told[-1].text} {_sentence(sentence)}")
        elif touches_his(sentence, [*earlier, *(each.text for each in told)], language):
            told.append(Told(_sentence(sentence), changes=_changes(sentence, language), of_himself=False))
        elif not told and set(words_of(sentence)[:1]) & language.talk.third_person:
            told.append(Told(_sentence(sentence), of_himself=False, goes_on=True))
        denied = ""
    return told


def speaks_of_himself(sentence: str, language: Language) -> bool:
    """Whether somebody speaks of himself: "I", "my", "The name is Quill"."""
    return bool(language.talk.first_person & set(words_of(sentence))) or topic_of(sentence, language)[0] == NAME


def is_of_his(sentence: str, earlier: Sequence[str], language: Language) -> bool:
    """Whether a statement is of somebody or something that he has told of: "Clara lives in York", "The flight is off".

    Args:
        sentence: without a word of himself.
        earlier: what he told before.
        language: the persona's.
    """
    first = words_of(sentence)[:SUBJECT]
    if set(first) & relations_told(earlier, language).keys():
        return True
    named = [language.stem(word) for word in first[1:] if word not in language.stopwords]
    return bool(
        len(first) > 1
        and first[0] in language.telling.correcting.filler
        and any(named[0] in content_words(text, language) for text in earlier if named)
    )


def touches_his(sentence: str, earlier: Sequence[str], language: Language) -> bool:
    """Whether a statement may be of what he has told of: it has a word of meaning in common with that, and names nobody
    else.
    """
    if is_of_his(sentence, earlier, language):
        return True
    words = content_words(sentence, language)
    strangers = set(map(str.lower, names_in(sentence, language))) - language.capitals
    return not strangers and any(words & content_words(text, language) for text in earlier)


def correction_in(sentence: str, language: Language, denied: str = "") -> Correction | None:
    """What a sentence puts right, if it does: "Not Leeds, Bath.", "It's Bath now."; `denied` in the one before it."""
    plain = to_plain(sentence).strip()
    for pattern in language.telling.correcting.patterns:
        if match := pattern.match(plain):
            found = match.groupdict()
            return Correction(found["new"].strip(), (found.get("old") or denied).strip())
    return None


def _corrected(sentence: str, correction: Correction, language: Language) -> Told:
    of_himself = speaks_of_himself(sentence, language)
    topic, matter = topic_of(sentence, language) if of_himself else (OTHER, "")
    return Told(_sentence(sentence), topic, matter, True, of_himself, correction)


def _clauses_told(sentence: str, language: Language) -> list[Told]:
    parts = clauses(sentence, language)
    own = [clause for clause in parts if speaks_of_himself(clause, language)]
    tells = [clause for clause in own if not is_idle(clause, language)]
    if len(own) < len(parts) and tells == own:  # "There is a locked room, and I hear steps in it": one thing
        tells = [sentence]
    return [Told(_sentence(each), *topic_of(each, language), _changes(each, language)) for each in tells]


def _by_itself(sentence: str, language: Language) -> str:
    """A sentence without what introduces it."""
    plain = to_plain(sentence).strip()
    for head, instead in language.telling.heads:
        plain = head.sub(instead, plain)
    return plain


def clauses(sentence: str, language: Language) -> list[str]:
    """The statements of a sentence, each with its subject."""
    divided = sentence
    for cut, instead in language.telling.cuts:
        divided = cut.sub(instead, divided)
    parts = [clause.strip() for clause in divided.split("\n") if clause.strip()]
    if any(_is_fragment(part, language) for part in parts):
        return [sentence]
    joined: list[str] = []
    for part in parts:  # "I don't live in Cardiff any more, I'm in Newport"
        if joined and language.telling.going_on.search(joined[-1]) and topic_of(part, language)[0] == OTHER:
            joined[-1] = f"{joined[-1].rstrip('.')}, {part}"
        else:
            joined.append(part)
    return joined


def _is_fragment(part: str, language: Language) -> bool:
    """Whether what was cut off is no statement: "my pals", of "my pals and I go fishing"."""
    return len(words_of(part)) < SHORTEST and not re.match(rf"(?:{language.first_person})\b", part, re.IGNORECASE)


def _changes(statement: str, language: Language) -> bool:
    return language.telling.changing.search(to_plain(statement)) is not None


def is_of_change(statement: str, language: Language) -> bool:
    """Whether a statement says that something is otherwise than it was: "now", "since", "I have sold the mare"."""
    plain, telling = to_plain(statement), language.telling
    return bool(telling.changing.search(plain) or telling.renewing.search(plain))


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
    plain, telling = to_plain(question), language.telling
    return _group(telling.asks_called.search(plain) or telling.relations.asks_who.search(plain))


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
    """Whether what seems to be a name is a people or a day, and nothing else: "I am English"."""
    said = set(words_of(told))
    return (
        topic == NAME
        and bool(said & language.capitals)
        and said <= language.capitals | language.stopwords | language.talk.first_person
    )


def _group(match: re.Match[str] | None) -> str:
    return next(filter(None, match.groups()), "").strip(" ?.!") if match else ""


def _sentence(text: str) -> str:
    text = text.strip(" ,;")
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", '"')) else f"{text}."

"""What speaks for a statement of a visitor's being the answer to his question about himself: signs with their weights.

Sense (a cosine) and the reader say how well the words fit; the rest is who is who and what is wanted, of which neither
knows: his wife's work is not his, his sister's name is answered by a name, and "when" by a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chatbot.language import (
    SUBJECT,
    Language,
    alike,
    asked_name_of,
    asked_topics,
    content_words,
    lasting_topics,
    persons_in,
    spoken_of,
    to_plain,
    topic_of,
    topics_told,
    words_of,
)

TYPICAL = (-2.0, 0.45)  # logit and cosine of a statement that does not answer, where there is no model to tell

# A logistic regression over the pairs of a question and a statement of the development visitors (tests/recalling.py
# makes it anew). That what is said of others is not said of him is held stronger than so few cases make it.
WEIGHTS: Mapping[str, float] = {
    "logit": 0.45,
    "cosine": 13.95,
    "of them": 1.09,
    "not of them": -1.47,
    "of it": 1.44,
    "not of it": -0.06,
    "of others": -3.0,
    "named": 9.54,
    "not named": -1.84,
    "lacks": -2.92,
    "topic": 0.55,
    "lasting": 2.46,
    "other topic": -0.58,
    "words": -0.47,
    "age": 0.04,
}
BIAS = -6.77


@dataclass(frozen=True)
class Asked:
    """A question about the visitor, taken apart.

    Attributes:
        text: as it was asked.
        topics: of what is asked for.
        persons: words for kin and others by which he speaks of somebody of his: "sister".
        things: the other words that stand behind "my": "brooch".
        names: those of his who are named in it, in small letters.
        named: whose name is asked for; empty: nobody's.
        doing: whether it asks what he himself does or did.
    """

    text: str
    topics: frozenset[str]
    persons: frozenset[str]
    things: frozenset[str]
    names: frozenset[str]
    named: str
    doing: bool


def taken_apart(question: str, relations: Mapping[str, frozenset[str]], language: Language) -> Asked:
    """A question about the visitor, of whose people `relations` has the names (`language.relations_told`)."""
    mine = spoken_of(question, language)
    persons = persons_in(mine, language)
    naming = language.telling.relations.naming
    return Asked(
        question,
        asked_topics(question, language),
        persons,
        frozenset(mine - persons - naming),
        frozenset(relations.keys() & set(words_of(question))),
        asked_name_of(question, language).lower(),
        language.telling.relations.doing.search(to_plain(question)) is not None,
    )


def lasting_of(asked: Asked, language: Language) -> frozenset[str]:
    """The topics of what a question asks of himself that he has one of: his name, his home."""
    return frozenset() if asked.persons or asked.names else asked.topics & lasting_topics(language)


def signs_of(
    asked: Asked,
    statement: str,
    topic: str,
    relations: Mapping[str, frozenset[str]],
    language: Language,
    *,
    logit: float = TYPICAL[0],
    cosine: float = TYPICAL[1],
    age: float = 0.0,
) -> dict[str, float]:
    """The signs of one statement, by the names of `WEIGHTS`.

    Args:
        asked: the question.
        statement: what he told.
        topic: of it.
        relations: who his people are.
        language: the persona's.
        logit: the reader's.
        cosine: of the vectors of the two.
        age: 0 for the latest statement, and 1 for the first.
    """
    words = set(words_of(statement))
    of = frozenset().union(*(relations[name] for name in words & relations.keys()))  # who those are whom it names
    said = {language.stem(word) for word in words | of}

    def has(word: str) -> bool:
        return any(language.stem(each) in said for each in alike(word, language))

    of_them = [has(person) for person in asked.persons]
    of_them += [name in words or bool(relations[name] & words) for name in asked.names]
    called = [name for name in words & relations.keys() if relations[name] & alike(asked.named, language)]
    begins = words_of(statement)[:SUBJECT]
    of_others = bool(persons_in(begins, language) or set(begins) & relations.keys())
    plain, told = to_plain(asked.text), to_plain(statement)
    lacks = [wanted.search(plain) and not given.search(told) for wanted, given in language.telling.needs]
    (asked_topic, matter), (told_topic, other) = topic_of(asked.text, language), topic_of(statement, language)
    lacks.append(asked_topic == told_topic and matter != other and ":" in matter and ":" in other)  # another favourite
    lasting = lasting_of(asked, language)
    wanted = content_words(asked.text, language)
    topics = topics_told(statement, topic, language)
    return {
        "logit": logit,
        "cosine": cosine,
        "of them": float(bool(of_them) and all(of_them)),
        "not of them": float(bool(of_them) and not any(of_them)),
        "of it": float(bool(asked.things) and all(map(has, asked.things))),
        "not of it": float(bool(asked.things) and not any(map(has, asked.things))),
        "of others": float(asked.doing and of_others and not of_them),
        "named": float(bool(called)),
        "not named": float(bool(asked.named) and not called),
        "lacks": float(any(lacks)),
        "topic": float(bool(topics & asked.topics)),
        "lasting": float(bool(topics & lasting)),
        "other topic": float(bool(lasting) and not topics & lasting),
        "words": len(wanted & content_words(statement, language)) / max(1, len(wanted)),
        "age": age,
    }


def worth_of(signs: Mapping[str, float]) -> float:
    """How surely a statement answers, as a logit."""
    return BIAS + sum(weight * signs[name] for name, weight in WEIGHTS.items())

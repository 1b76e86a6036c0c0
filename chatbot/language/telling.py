"""What has to be known of a language to tell what visitors say of themselves, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)  # compared and hashed by identity, as `Language`
class Rule:
    """How something is told of oneself.

    Attributes:
        topic: what it is about, a short key.
        matter: the same for statements of which the last one counts; `{of}` stands for the group of that name in the
            pattern. Empty: it stands beside all others.
        pattern: found in the statement.
    """

    topic: str
    matter: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, eq=False)
class Correcting:
    """How visitors put right what they told just before.

    Attributes:
        patterns: match such sentences: the group `new`, and `old` where it is said what was wrong ("Not Leeds, Bath").
        denying: matches a sentence that says what was wrong, where the next says what is right: the group `old`.
        filler: words around such a value that are none of it: "the", "in".
        placeholder: a word for what was named before: "the right one".
    """

    patterns: tuple[re.Pattern[str], ...]
    denying: re.Pattern[str]
    filler: frozenset[str]
    placeholder: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Relations:
    """How visitors speak of their people, animals and things.

    Attributes:
        named: found where one of them is named: the group `of`, and others, which are names ("my sister Clara").
        his: found where he speaks of one of them, the group `of`.
        alike: by a word for kin or an animal, others that may be said of the same one: "doctor" of a "physician".
        naming: words behind "my" in a question for a name that mean nothing of his: "my sister's name".
        persons: found in the words for kin, animals and those one has to do with.
        asks_who: found where he asks who somebody of his is, which is its group.
        doing: found in a question for what he himself does: "Do I ...", and not for what is done to him.
    """

    named: tuple[re.Pattern[str], ...]
    his: re.Pattern[str]
    alike: Mapping[str, frozenset[str]]
    naming: frozenset[str]
    persons: re.Pattern[str]
    asks_who: re.Pattern[str]
    doing: re.Pattern[str]


@dataclass(frozen=True, eq=False)
class Telling:
    """How visitors speak of themselves. Patterns are for plain text in small letters or capitals.

    Attributes:
        rules: the first that is found in a statement gives its topic.
        besides: what a statement of another topic tells as well: "I mend clocks in Ghent" tells of work and home.
        asks: by topic, what is found in a question for it, and in the name of what is to be forgotten.
        questions: by topic, what a reader is asked of a statement that no rule knows.
        asks_about: found where he asks what he told of something, which is its group.
        asks_called: found where he asks for the name of somebody or something of his, which is its group.
        everything: found where a visitor asks for whatever he told.
        heads: patterns of how a sentence begins, and what takes their place so that it says the same by itself.
        cuts: patterns, and what takes their place so that a sentence of two statements becomes two lines.
        idle: the beginning of what somebody says of himself that tells nothing of him: "I think".
        changing: found in a statement that ends what was true before: "no longer".
        renewing: found in one that may say that something is otherwise now, and need not: "now", "I have bought".
        naming: the beginning of a sentence that names what was told just before: "I call her ...".
        going_on: found in a clause that only makes sense with the one behind it: "I don't live there any more, ...".
        correcting: how he puts right what he told.
        relations: how he speaks of those who are his.
        needs: what is found in a question, and what then is found in whatever answers it: "when", and a time.
        forget_last: the whole of a message that wants the last thing told forgotten.
        forget_all: the whole of one that wants everything forgotten.
        forget: the beginning of one that wants something forgotten, which is the group `about`.
        name_is: the statement of a {name}.
        forgotten: what is said where something is forgotten, by a persona without lines of its own for it.
    """

    rules: tuple[Rule, ...]
    besides: tuple[Rule, ...]
    asks: Mapping[str, re.Pattern[str]]
    questions: Mapping[str, str]
    asks_about: re.Pattern[str]
    asks_called: re.Pattern[str]
    everything: re.Pattern[str]
    heads: tuple[tuple[re.Pattern[str], str], ...]
    cuts: tuple[tuple[re.Pattern[str], str], ...]
    idle: re.Pattern[str]
    changing: re.Pattern[str]
    renewing: re.Pattern[str]
    naming: re.Pattern[str]
    going_on: re.Pattern[str]
    correcting: Correcting
    relations: Relations
    needs: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]
    forget_last: re.Pattern[str]
    forget_all: re.Pattern[str]
    forget: re.Pattern[str]
    name_is: str
    forgotten: str


def same(*groups: str) -> dict[str, frozenset[str]]:
    """By each word of several groups those of the same group; of "pet: dog cat" by the word before the colon alone."""
    found: dict[str, frozenset[str]] = {}
    for group in groups:
        one, colon, others = group.partition(":")
        words = frozenset((others if colon else group).split())
        for word in [one] if colon else words:
            found[word] = found.get(word, frozenset()) | words
    return found


def rule(topic: str, matter: str, *patterns: str) -> Rule:
    """A rule of patterns of which one is found; letters count as written after `(?-i:`."""
    return Rule(topic, matter, re.compile(rf"(?:{'|'.join(patterns)})", re.IGNORECASE))


def found(*patterns: str) -> re.Pattern[str]:
    """A pattern of several, each of whole words."""
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b", re.IGNORECASE)


def whole(*patterns: str) -> re.Pattern[str]:
    """What matches one of several patterns as a whole message, with courtesies around it left to the patterns."""
    return re.compile(rf"\W*(?:{'|'.join(patterns)})\W*$", re.IGNORECASE)

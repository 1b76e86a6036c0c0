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
class Telling:
    """How visitors speak of themselves. Patterns are for plain text in small letters or capitals.

    Attributes:
        rules: the first that is found in a statement gives its topic.
        asks: by topic, what is found in a question for it, and in the name of what is to be forgotten.
        questions: by topic, what a reader is asked of a statement that no rule knows.
        asks_about: found where he asks what he told of something, which is its group.
        asks_called: found where he asks for the name of somebody or something of his, which is its group.
        everything: found where a visitor asks for whatever he told.
        cuts: patterns, and what takes their place so that a sentence of two statements becomes two lines.
        idle: the beginning of what somebody says of himself that tells nothing of him: "I think".
        changing: found in a statement that ends what was true before: "no longer".
        forget_last: the whole of a message that wants the last thing told forgotten.
        forget_all: the whole of one that wants everything forgotten.
        forget: the beginning of one that wants something forgotten, which is the group `about`.
        name_is: the statement of a {name}.
        forgotten: what is said where something is forgotten, by a persona without lines of its own for it.
    """

    rules: tuple[Rule, ...]
    asks: Mapping[str, re.Pattern[str]]
    questions: Mapping[str, str]
    asks_about: re.Pattern[str]
    asks_called: re.Pattern[str]
    everything: re.Pattern[str]
    cuts: tuple[tuple[re.Pattern[str], str], ...]
    idle: re.Pattern[str]
    changing: re.Pattern[str]
    forget_last: re.Pattern[str]
    forget_all: re.Pattern[str]
    forget: re.Pattern[str]
    name_is: str
    forgotten: str


def rule(topic: str, matter: str, *patterns: str) -> Rule:
    """A rule of patterns of which one is found; letters count as written after `(?-i:`."""
    return Rule(topic, matter, re.compile(rf"(?:{'|'.join(patterns)})", re.IGNORECASE))


def found(*patterns: str) -> re.Pattern[str]:
    """A pattern of several, each of whole words."""
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b", re.IGNORECASE)


def whole(*patterns: str) -> re.Pattern[str]:
    """What matches one of several patterns as a whole message, with courtesies around it left to the patterns."""
    return re.compile(rf"\W*(?:{'|'.join(patterns)})\W*$", re.IGNORECASE)

"""What has to be known of a language to tell what kind of message was written, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

NOTHING = re.compile(r"(?!)")  # is found nowhere


@dataclass(frozen=True, eq=False)  # compared and hashed by identity, as `Language`
class Talk:
    """The words and phrases of talk. Words are in lower case and without a possessive's 's; phrases are patterns.

    Attributes:
        light: stems of the words of which small talk is made.
        courtesies: phrases of which it is made besides: "how are you".
        fillers: words without meaning that may stand among both.
        addressing: forms of address and exclamations: "sir", "oh".
        endearing: words that are forms of address behind a comma alone: "What would you do, love?"
        going_on: phrases that ask for more of what was said before: "yes", "and then", "tell me more".
        accepting: the same, where they answer a question alone: "all right".
        asking: the beginning of a sentence that asks something, with or without a question mark.
        first_person: words by which somebody speaks of himself.
        third_person: words by which others are spoken of.
        introducing: the beginning of a sentence in which visitors say who they are.
        about_visitor: found in a question that visitors ask about themselves ("What is my name?").
        wants_recalled: found in what asks for the same without a question: "You know my name."
        asides: what stands around a question and asks nothing of its own: "Can you tell me".
        of_himself: matches what is left of a question for what only the visitor can have told, with or without asides.
        named_of_himself: the same, where there were asides: "(Tell me) my brother's name."
        perhaps_of_himself: matches what is left of a question that may be one as well: "Do I eat meat?"
        of_two_of_his: a question for two things of his: the groups `ask`, `one` and `other`.
        testing: found where they say that they want to see whether they are listened to, and ask nothing by it.
        presumes_told: found in a question about himself of somebody who knows that he told it: "Did I say ...?"
        asks_advice: found where they ask what to do.
        asks_opinion: found where they ask what one thinks or feels of something.
        asks_name: found where they ask for their own name.
        gives_name: found where they have told it.
        not_a_person: found where somebody says of himself that he is a program, a model or made up, or speaks as one.
        asks_agreement: the whole of a question whether what somebody said is so, with what leads to it: "Is he right?"
        framed: the beginning of a question in which somebody is said to ask it ("She wants to know").
        asks_deduction: found where visitors want something read from what they describe.
        asks_reading: the same, where nothing but a deduction will do: "What can you deduce?"
        of_others: found where what they describe is somebody else's, although they say "my": "my friend's hat".
        telling: words by which visitors ask to be told a case, and those that they call it: "relate", "history".
        before: what may stand before a question in a chat and asks nothing: "Be honest,".
        behind: what may stand behind it: "I have always wondered."
        acts: what a message does, by the kind of the persona's lines that answer it; the first that is found counts.
        spellings: of chats, as patterns, each with the usual one.
    """

    light: frozenset[str]
    courtesies: tuple[str, ...]
    fillers: frozenset[str]
    addressing: frozenset[str]
    going_on: tuple[str, ...]
    accepting: tuple[str, ...]
    asking: re.Pattern[str]
    first_person: frozenset[str]
    third_person: frozenset[str]
    introducing: re.Pattern[str]
    about_visitor: re.Pattern[str]
    wants_recalled: re.Pattern[str]
    asks_advice: re.Pattern[str]
    asks_name: re.Pattern[str]
    gives_name: re.Pattern[str]
    not_a_person: re.Pattern[str]
    framed: re.Pattern[str]
    asks_deduction: re.Pattern[str]
    of_others: re.Pattern[str]
    telling: frozenset[str] = frozenset()
    before: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    acts: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    spellings: tuple[tuple[str, str], ...] = ()
    asides: re.Pattern[str] = NOTHING
    of_himself: re.Pattern[str] = NOTHING
    named_of_himself: re.Pattern[str] = NOTHING
    perhaps_of_himself: re.Pattern[str] = NOTHING
    asks_opinion: re.Pattern[str] = NOTHING
    asks_agreement: re.Pattern[str] = NOTHING
    asks_reading: re.Pattern[str] = NOTHING
    of_two_of_his: re.Pattern[str] = NOTHING
    testing: re.Pattern[str] = NOTHING
    presumes_told: re.Pattern[str] = NOTHING
    endearing: frozenset[str] = frozenset()


def phrases(text: str) -> tuple[str, ...]:
    """The patterns of a list that is written as a text, with strokes or line ends between them."""
    return tuple(phrase.strip() for line in text.split("\n") for phrase in line.split(" / ") if phrase.strip())


def beginning(opening: str, *choices: str) -> re.Pattern[str]:
    """What matches one of several patterns at the beginning, behind an opening that may be repeated or left out."""
    return re.compile(rf"(?:{opening})*(?:{'|'.join(choices)})", re.IGNORECASE)


def spellings(text: str) -> tuple[tuple[str, str], ...]:
    """The spellings of a list that is written as a text, "pattern = usual" with strokes or line ends between them."""
    pairs = (entry.partition(" = ") for entry in phrases(text))
    return tuple((found.strip(), usual.strip()) for found, _, usual in pairs)

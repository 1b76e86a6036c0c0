"""What kind of message was written: small talk or a question, about the visitor or the persona; an answer or none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from chatbot.language.language import Language
from chatbot.language.text import meaning_words, names_in, to_plain, words_of

Kind = Literal["small talk", "about the visitor", "about the persona", "question", "unknown words"]

SMALL_TALK_WORDS = 12  # a longer message is no small talk
MIN_QUOTE_WORDS = 4  # fewer words between quotation marks are a manner of speaking

QUOTED = re.compile(r'"([^"]+)"')


def kind_of(message: str, language: Language, *, known: Sequence[str], unknown: Sequence[str]) -> Kind:
    """What kind of message a visitor wrote.

    Args:
        message: as it was written.
        language: the persona's.
        known: its words that carry meaning and occur in the books.
        unknown: those that do not occur in them.
    """
    if is_about_visitor(message, language):  # before small talk: "what is my name?" is made of its words
        return "about the visitor"
    if is_small_talk(message, language):
        return "small talk"
    if unknown and len(known) <= len(unknown):
        return "unknown words"
    if language.second_person & set(words_of(message)) and not names_in(message, language):
        return "about the persona"
    return "question"


def is_small_talk(message: str, language: Language) -> bool:
    """Whether a message holds nothing that a book could answer: a greeting, thanks, "who are you?"."""
    return len(words_of(message)) <= SMALL_TALK_WORDS and all(
        language.stem(word) in language.small_talk for word in meaning_words(message, language)
    )


def is_about_visitor(message: str, language: Language) -> bool:
    """Whether visitors ask about themselves or what they said before ("What is my name?", "Have we met?")."""
    return bool(language.about_visitor.search(message.replace("’", "'")))


def declines(reply: str, language: Language) -> bool:
    """Whether a reply says that the answer is not known, and quotes nothing."""
    plain = to_plain(reply)
    said = QUOTED.sub(" ", plain)
    return any(pattern.search(said) for pattern in language.declining) and not any(
        len(quote.split()) >= MIN_QUOTE_WORDS for quote in QUOTED.findall(plain)
    )


def as_written(word: str, message: str) -> str:
    """A word as the visitor wrote it ("iphone" -> "iPhone")."""
    match = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", message, re.IGNORECASE)
    return match[0] if match else word

"""What kind of thing was said: small talk, a follow-up, a question that stands alone.

Plain rules for now; the router of the modular rung takes their place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatbot.text import STOPWORDS, stem, words_of

_SMALL_TALK = frozenset(
    stem(word)
    for word in """hello hi hey greetings good morning afternoon evening night day today tonight thanks thank
    goodbye bye farewell welcome nice pleased meet how fine well sorry yes no okay ok sure joke bored clever
    brilliant wonderful great amazing cool lol haha really there again soon see later sleep weather name friend mr
    holmes sherlock""".split()
)

_REFERRING = frozenset(
    """he she it they him her them his hers its their that this these those there then one ones who why""".split()
)

MAX_FOLLOW_UP_WORDS = 9


def is_small_talk(message: str) -> bool:
    """Whether a message holds nothing that a book could answer: a greeting, thanks, "who are you?"."""
    words = words_of(message)
    meaning = [word for word in words if word not in STOPWORDS]
    return len(words) <= 12 and all(stem(word) in _SMALL_TALK for word in meaning)


def context_of(question: str, history: Sequence[tuple[str, str]]) -> str:
    """What a follow-up ("Why did he do it?") refers to, in the words of the exchange before it; empty where it stands
    alone.

    Args:
        question: as it was asked.
        history: the exchanges before it as (question, reply), the oldest first.
    """
    words = words_of(question)
    if not history or len(words) > MAX_FOLLOW_UP_WORDS:
        return ""
    names = re.findall(r"(?<!^)\b[A-Z][a-z]{2,}", question)
    refers = any(word in _REFERRING for word in words) or len(words) <= 3
    if names or not refers:
        return ""
    earlier, reply = history[-1]
    # Of the reply its names alone: the rest is the search's own words, and would find the same place again.
    named = dict.fromkeys(re.findall(r"(?<![.!?] )(?<!^)\b[A-Z][a-z]{2,}", reply))
    return " ".join([earlier, *named])


def as_written(word: str, message: str) -> str:
    """A word as the visitor wrote it ("iphone" -> "iPhone")."""
    match = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", message, re.IGNORECASE)
    return match[0] if match else word

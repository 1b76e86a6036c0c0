"""What kind of thing was said: small talk, or something that a book could answer."""

from __future__ import annotations

import re

from chatbot.language.text import meaning_words, stem, words_of

_SMALL_TALK = frozenset(
    stem(word)
    for word in """hello hi hey greetings good morning afternoon evening night day today tonight thanks thank
    goodbye bye farewell welcome nice pleased meet how fine well sorry yes no okay ok sure joke bored clever
    brilliant wonderful great amazing cool lol haha really there again soon see later sleep weather name friend mr
    holmes sherlock""".split()
)


def is_small_talk(message: str) -> bool:
    """Whether a message holds nothing that a book could answer: a greeting, thanks, "who are you?"."""
    return len(words_of(message)) <= 12 and all(stem(word) in _SMALL_TALK for word in meaning_words(message))


_ABOUT_VISITOR = re.compile(
    r"\b(?:do you (?:remember|recall|know) (?:about )?(?:me|my|what i|when i|who i)|(?:remember|recall) me\b|"
    r"(?:what|which|who|where|when) (?:is|was|are|were|did|do|have) (?:i|my)\b|"
    r"what(?:'s| is) my|who am i|have (?:we|i) (?:met|spoken|talked|asked|told)|"
    r"(?:did|have) i (?:tell|told|ask|asked|say|said|mention|mentioned)|i (?:told|asked|mentioned to) you)\b",
    re.IGNORECASE,
)


def is_about_visitor(message: str) -> bool:
    """Whether the visitor asks about himself or what he said before ("What is my name?", "Have we met?")."""
    return bool(_ABOUT_VISITOR.search(message.replace("’", "'")))


def as_written(word: str, message: str) -> str:
    """A word as the visitor wrote it ("iphone" -> "iPhone")."""
    match = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", message, re.IGNORECASE)
    return match[0] if match else word

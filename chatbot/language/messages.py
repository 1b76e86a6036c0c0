"""What was written, word by word: a reply that declines, and a visitor's own spelling."""

from __future__ import annotations

import re

from chatbot.language.language import Language
from chatbot.language.normal import to_plain

MIN_QUOTE_WORDS = 4  # fewer words between quotation marks are a manner of speaking

QUOTED = re.compile(r'"([^"]+)"')


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


def in_second_person(text: str, language: Language) -> str:
    """What a visitor says of himself as it is said to him: "your name is Ada" for "My name is Ada".

    Returns:
        An empty string where the language does not say how.
    """
    words = language.in_second_person
    if not words:
        return ""
    longest_first = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    plain = to_plain(text)

    def changed(found: re.Match[str]) -> str:
        begins = found[0][0].isupper() and plain[: found.start()].endswith((". ", "! ", "? "))
        return words[found[0].lower()].capitalize() if begins else words[found[0].lower()]

    return re.sub(rf"(?<![\w'])(?:{longest_first})(?![\w'])", changed, plain, flags=re.I)

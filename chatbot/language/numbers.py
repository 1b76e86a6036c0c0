"""Numbers in figures, in words and as Roman numerals: "22", "twenty-two", "22nd" and "XXII" are one number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chatbot.language.language import Language

SMALLEST = 2  # "one" and "first" are seldom said of a number
SMALLEST_ORDINAL = 3  # a "second" is a time as well

_FIGURES = re.compile(r"(?<![\d.,])\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_WORD = re.compile(r"[^\W\d_]+")
_ROMAN = re.compile(
    r"\b(?=[IVXLC]{2,}\b)(?:C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?<=[IVXLC])\b|(?<=[^\W\d_] )[VX]\b"
)
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


@dataclass(frozen=True)
class Number:
    """A number as it stands in a text, and its value: an integer, or a decimal number as it is written."""

    text: str
    value: str


def numbers_in(text: str, language: Language) -> Iterator[Number]:
    """The numbers of a text; of those in words, neither the smallest nor such as "hundreds"."""
    for match in _FIGURES.finditer(text):
        figures = match[0]
        whole = re.sub("[.,]", "", figures) if _THOUSANDS.fullmatch(figures) else figures.replace(",", ".")
        yield Number(figures, str(int(whole)) if whole.isdigit() else whole)
    for match in _ROMAN.finditer(text):
        values = [_ROMAN_VALUES[letter] for letter in match[0]]
        signed = [-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True)]
        yield Number(match[0], str(sum(signed)))
    yield from _in_words(text, language)


def _in_words(text: str, language: Language) -> Iterator[Number]:
    """Words of number that stand together, with a hyphen, a space or "and" between them, are one number."""
    words = [(match.start(), match.end(), match[0].lower()) for match in _WORD.finditer(text)]
    at = 0
    while at < len(words):
        taken, total, part, ordinal = 0, 0, -1, False
        for start, _, word in words[at:]:
            before = text[words[at + taken - 1][1] : start] if taken else ""
            if taken and (before.strip(" -") or ordinal):
                break
            if word in language.scales and (taken or language.scales[word] == 12):
                part = max(part, 1) * language.scales[word]
                if language.scales[word] >= 1000:
                    total, part = total + part, 0
            elif (value := language.numerals.get(word)) is not None and _fits(part, value):
                part = max(part, 0) + value
                ordinal = word in language.ordinals
            elif not (word in language.linking and taken and part >= 100):
                break
            taken += 1
        value = total + max(part, 0)
        if taken and value >= (SMALLEST_ORDINAL if ordinal else SMALLEST):
            end = words[at + taken - 1][1]
            yield Number(text[words[at][0] : end], str(value))
        at += max(taken, 1)


def _fits(part: int, value: int) -> bool:
    """Whether a number may go on with this one: "twenty" with "two", "hundred" with either, "two" with none."""
    return part <= 0 or (part % 100 == 0 and value < 100) or (part % 100 >= 20 and part % 10 == 0 and value < 10)

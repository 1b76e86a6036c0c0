"""Letters: what a word is made of, in every script.

Python's `re` has no classes for capitals, small letters and marks (`\\p{Lu}`, `\\p{Ll}`, `\\p{M}`), so they are written
out here as the inside of a character class.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache

WITH_CASE = range(0x530)  # the blocks of Latin, Greek and Cyrillic


def _class(chosen: Callable[[str], bool], codes: Iterable[int]) -> str:
    """The characters among `codes` for which `chosen` holds, as ranges within a character class."""
    ranges: list[list[int]] = []
    for code in codes:
        if chosen(chr(code)):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in ranges)


CAPITALS = _class(str.isupper, WITH_CASE)
SMALL = _class(str.islower, WITH_CASE)

_ASCII_WORD = re.compile(r"[A-Za-z0-9]+(?:['-][A-Za-z0-9]+)*")


@cache
def _any_word() -> re.Pattern[str]:
    # Vowel signs (Devanagari, Thai and others) are marks, which Python's \w leaves out.
    marks = _class(lambda char: unicodedata.category(char).startswith("M"), range(0x20000))
    letter = rf"(?:[^\W_][{marks}]*)"
    return re.compile(rf"{letter}+(?:['-]{letter}+)*")


def word_pattern(text: str) -> re.Pattern[str]:
    """What finds the words of a text: letters and digits of any script, with apostrophes and hyphens between them.

    A script without spaces (Chinese, Japanese, Thai) is not divided into words.
    """
    return _ASCII_WORD if text.isascii() else _any_word()


def without_accents(word: str) -> str:
    """A word with plain letters in place of accented Latin ones: "zoë" -> "zoe"; other scripts stay as they are."""
    return word if word.isascii() else "".join(map(_plain_letter, word))


def _plain_letter(char: str) -> str:
    base = unicodedata.normalize("NFD", char)[0]
    return base if base.isascii() and base.isalpha() else char

"""Letters: what a word is made of, in every script.

Python's `re` has no classes for capitals, small letters and marks (`\\p{Lu}`, `\\p{Ll}`, `\\p{M}`), so they are written
out here as the inside of a character class.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from itertools import pairwise

WITH_CASE = (*range(0x590), *range(0x10A0, 0x1100), *range(0x1C80, 0x2000))  # Latin to Armenian, Georgian; the rest
# The blocks of Thai, Lao, Burmese, Khmer, Chinese, Japanese and Korean: words that no space parts, or endings that
# belong to them. As the inside of a character class; of the signs in them only those count that are letters.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3021-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U00031fff"
)


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
_RUN = re.compile(rf"(?=\w)[{UNSPACED}]")


@cache
def _marks() -> str:
    """What may follow a letter and belongs to it: vowel signs (Devanagari, Thai) are marks, which \\w leaves out."""
    marks = _class(lambda char: unicodedata.category(char).startswith("M"), range(0x20000))
    return rf"[{marks}\u200c\u200d]*"


@cache
def _any_word() -> re.Pattern[str]:
    letter = rf"(?:[^\W_{UNSPACED}]{_marks()})"
    return re.compile(rf"{letter}+(?:['-]{letter}+)*|(?:(?=\w)[{UNSPACED}]{_marks()})+")


@cache
def _signs() -> re.Pattern[str]:
    return re.compile(rf"\w{_marks()}")


def word_pattern(text: str) -> re.Pattern[str]:
    """What finds the words of a text: letters and digits of any script, with apostrophes and hyphens between them.

    Of a script without spaces (Chinese, Japanese, Thai) it finds whole runs, which `pieces` divides.
    """
    return _ASCII_WORD if text.isascii() else _any_word()


def is_unspaced(text: str) -> bool:
    """Whether a text begins in a script whose words are not parted by spaces."""
    return not text.isascii() and bool(_RUN.match(text))


def pieces(word: str) -> list[str]:
    """What a word is searched for as: itself; of a script without spaces, every two signs that stand together.

    Pairs find what is asked for about as well as a dictionary's words (Nie and others, "On the use of words and n-grams
    for Chinese information retrieval", 2000), in every such script.
    """
    if not is_unspaced(word):
        return [word]
    signs = _signs().findall(word)
    return ["".join(pair) for pair in pairwise(signs)] if len(signs) > 1 else [word]

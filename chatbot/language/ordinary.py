"""How usual a word is in a language, from `wordfreq` (Speer, 2022): counts of subtitles, books, news and the web."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from string import ascii_lowercase
from typing import TYPE_CHECKING

from chatbot.language.later import LATER_YEARS

if TYPE_CHECKING:
    from chatbot.language.language import Language

USUAL = 3.0  # Zipf: once in a million words
RARE = 2.0
MIN_PART = 3  # letters of a part of a compound
MIN_STEM = 4  # letters: of shorter ones, other words have the same
MIN_MENDED = 4  # letters: a shorter word is one letter from too many others

_ALPHABET = f"{ascii_lowercase}äöüß"


@lru_cache(maxsize=16384)
def zipf(word: str, code: str) -> float:
    """How often a word is used, as the logarithm of its occurrences in a thousand million words; 0: never seen.

    Args:
        word: in small letters.
        code: of the language (ISO 639-1); a language that is not known knows no words.
    """
    from wordfreq import zipf_frequency

    try:
        return float(zipf_frequency(word, code))
    except LookupError:
        return 0.0


@lru_cache(maxsize=16)
def _later_stems(language: Language) -> frozenset[str]:
    return frozenset(stem for word in language.later if len(stem := language.stem(word)) >= MIN_STEM)


def is_later(word: str, language: Language) -> bool:
    """Whether a word in small letters, or a part of it between hyphens, is one of later times, or such a year."""
    if word.isdecimal():
        return int(word) in LATER_YEARS
    return any(
        part in language.later
        or part.removesuffix("s") in language.later
        or language.stem(part) in _later_stems(language)
        for part in (word, *word.split("-"))
    )


@lru_cache(maxsize=4096)
def is_ordinary(word: str, language: Language) -> bool:
    """Whether a word in small letters is one of the language: seen, made of usual ones, or one letter from one."""
    return zipf(word, language.code) > 0 or _is_derived(word, language) or _is_misspelt(word, language)


def _is_derived(word: str, language: Language) -> bool:
    """Whether a word is a usual one with a syllable before or behind it, or two of them."""
    code = language.code
    bare = [word.removeprefix(start) for start in language.prefixes if word.startswith(start)]
    bare += [word.removesuffix(end) for end in language.suffixes if word.endswith(end)]
    if any(len(root) >= MIN_PART and max(zipf(root, code), zipf(f"{root}e", code)) >= USUAL for root in bare):
        return True
    return any(
        zipf(word[:place], code) >= USUAL and zipf(word[place + len(link) :], code) >= USUAL
        for place in range(MIN_PART, len(word) - MIN_PART + 1)
        for link in language.compound_links
        if word.startswith(link, place) and len(word) - place - len(link) >= MIN_PART
    )


def _is_misspelt(word: str, language: Language) -> bool:
    return len(word) >= MIN_MENDED and any(zipf(near, language.code) >= USUAL for near in _one_off(word))


def _one_off(word: str) -> Iterator[str]:
    """What differs from a word by one letter: too many, too few, another, or two that are exchanged (Norvig, 2007)."""
    for place in range(len(word) + 1):
        before, after = word[:place], word[place:]
        yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        for letter in _ALPHABET:
            yield before + letter + after
            yield before + letter + after[1:]


def distance(one: str, other: str, limit: int) -> int:
    """How many letters one word is from another, `limit` + 1 where it is more than that.

    Optimal string alignment (Damerau, 1964): letters too many, too few, others, and neighbours that are exchanged.
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    earlier: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, last, row = row, earlier, [i]
        for j, facing in enumerate(other, 1):
            cost = min(earlier[j] + 1, row[j - 1] + 1, earlier[j - 1] + (letter != facing))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == facing:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)

"""The words that are looked for, and what stands around them in a text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from memory.records import storable

WORDS = 32  # of a search at most; the rest is not looked at
PREFIX = 3  # letters; the last word of a search may be the beginning of a longer one, if it has as many
SNIPPET = 160  # characters
BEFORE = 40  # characters before the first word that was found

_WORD = re.compile(r"[^\W_]+")
_MARKS = re.compile("[\u0300-\u036f]")


@dataclass(frozen=True)
class Wanted:
    """The words of a search. All of them have to be found.

    Attributes:
        words: as they were written.
        prefix: whether the last one may be the beginning of a longer word.
    """

    words: tuple[str, ...]
    prefix: bool

    @classmethod
    def of(cls, text: str) -> Wanted:
        """The words of what somebody types; no sign in it means anything else."""
        written = unicodedata.normalize("NFC", storable(text))
        words = tuple(dict.fromkeys(match[0] for match in _WORD.finditer(written)))[:WORDS]
        return cls(words, bool(words) and len(words[-1]) >= PREFIX and written[-1:].isalnum())

    def folded(self) -> tuple[str, ...]:
        """The words without capitals and accents."""
        return tuple(map(folded, self.words))

    def named(self, word: str) -> str:
        """Which of the words a word of a text is, without capitals and accents; empty: none."""
        word, mine = folded(word), self.folded()
        if word in mine:
            return word
        return mine[-1] if self.prefix and word.startswith(mine[-1]) else ""


def folded(text: str) -> str:
    """A text without capitals and accents."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFC", plain).lower()


def named_in(text: str, wanted: Wanted) -> int:
    """How many of the words stand in a text."""
    return len({wanted.named(match[0]) for match in _WORD.finditer(text)} - {""})


def snippet(text: str, wanted: Wanted) -> tuple[tuple[str, bool], ...]:
    """What stands around the first of the words in a text, at most `SNIPPET` characters and the marks of what is cut.

    Returns:
        Pieces, which are a text, and whether it is one of the words. The beginning where none of them is there.
    """
    line = " ".join(text.split())
    found = [match.span() for match in _WORD.finditer(line) if wanted.named(match[0])]
    begin, end = _window(line, found[0][0] if found else 0)
    pieces: list[tuple[str, bool]] = [("…", False)] if begin else []
    for start, stop in found:
        if begin <= start < end:
            pieces += [(line[begin:start], False), (line[start : min(stop, end)], True)]
            begin = min(stop, end)
    pieces += [(line[begin:end], False), ("…" if end < len(line) else "", False)]
    return _joined(pieces)


def excerpt(text: str, length: int) -> str:
    """The first words of a text: at most `length` characters, with a mark where it goes on."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    whole = cut if line[length - 1] == " " else cut.rpartition(" ")[0] or cut
    return whole.rstrip() + "…"


def _window(line: str, first: int) -> tuple[int, int]:
    """From where to where a line is shown: whole words, as far as there are any."""
    begin = max(0, min(first - BEFORE, len(line) - SNIPPET))
    if begin:
        begin = min(line.find(" ", begin - 1, first) + 1 or begin, first)
    end = min(len(line), begin + SNIPPET)
    if end < len(line) and line[end] != " ":
        end = max(line.rfind(" ", first, end), first) if line.rfind(" ", first, end) > first else end
    return begin, end


def _joined(pieces: Sequence[tuple[str, bool]]) -> tuple[tuple[str, bool], ...]:
    """The pieces without empty ones, and those that are alike put together."""
    joined: list[tuple[str, bool]] = []
    for text, marked in pieces:
        if joined and joined[-1][1] == marked and not marked:
            joined[-1] = (joined[-1][0] + text, marked)
        elif text:
            joined.append((text, marked))
    return tuple(joined)

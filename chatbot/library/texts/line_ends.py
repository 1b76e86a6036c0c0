"""Words that a line end cut in two are put together again, in texts of every format."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from itertools import pairwise

from chatbot.language import ENGLISH, Language, normal, zipf

USUAL = 3.0  # of both parts of a word that keeps its hyphen (Zipf scale): "well" and "known"
UNUSUAL = 2.4  # of what it would be without: "redheaded" is rarer, "turpentine" is not

_END = r"[ \t]*[\r\n]\s*"
_SOFT = re.compile(rf"(?<=\w)\u00ad{_END}(?=\w)")
_HARD = re.compile(rf"(?P<before>[-‐]?)(?P<first>[^\W_]+)[-‐]{_END}(?=(?P<rest>[^\W_]+))")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_CUT = re.compile(r"-[ \t]*[\r\n]")


class LineEnds:
    """Joins the lines of a text.

    A hyphen stays where the text writes the word with it elsewhere ("well-known"). Where it writes neither form, usual
    words of the language decide.

    Args:
        text: the whole of it, which says how words are written.
        language: of the text.
    """

    def __init__(self, text: str, language: Language = ENGLISH) -> None:
        self._text = text
        self._language = language

    def joined(self, lines: str) -> str:
        """Lines as one."""
        if "\n" not in lines and "\r" not in lines:
            return lines
        return " ".join(_HARD.sub(self._mended, _SOFT.sub("", lines)).split())

    @cached_property
    def _words(self) -> Counter[str]:
        """How often the text has each word and each two that a hyphen joins, away from the ends of lines."""
        whole: Counter[str] = Counter()
        for found in _WORD.findall(normal(_CUT.sub(" ", self._text)).lower()):
            parts = found.split("-")
            whole.update(parts)
            whole.update(f"{one}-{other}" for one, other in pairwise(parts))
        return whole

    def _mended(self, match: re.Match[str]) -> str:
        before, first, rest = match["before"], match["first"], match["rest"]
        kept, put_together = f"{before}{first}-", f"{before}{first}"
        alike = rest[0].islower() or (first.isupper() and rest.isupper() and len(rest) > 1)
        if before or not alike or not (first[-1].isalpha() and rest[0].isalpha()):
            return kept  # "mother-in-" "law", "Anglo-" "Saxon", "1914-" "1918"
        one, other = first.lower(), rest.lower()
        if other in self._language.continuing:
            return f"{kept} "  # "two-" "and three-storeyed"
        hyphened, whole = self._words[f"{one}-{other}"], self._words[f"{one}{other}"]
        if hyphened or whole:
            return kept if hyphened > whole else put_together
        code = self._language.code
        usual = min(zipf(one, code), zipf(other, code)) >= USUAL and zipf(f"{one}{other}", code) < UNUSUAL
        return kept if usual and self._language.hyphened_compounds else put_together

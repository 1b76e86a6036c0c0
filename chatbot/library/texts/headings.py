"""Headings that are recognised by their words: `CHAPTER II. THE LOST KEY`, `2.  The Lost Key`, `II.`, `Prologue`.

What counts as a heading, besides, is for each reader to say: a persona's books have chapters and parts, a line of a
plain text also has to stand alone, a web page marks its headings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chatbot.language import to_plain

MAX_LINE = 90  # characters of a heading that nothing marks as one
MAX_WORDS = 12  # of a title

_NUMBER = r"[IVXLCDM]+|\d{1,3}|(?i:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|the first|the last)"
_KINDS = (
    r"(?i:chapter|adventure|part|book|volume|act|scene|letter|canto|stave|section|story|kapitel|chapitre|cap[ií]tulo)"
)
_NUMBERED = re.compile(rf"^(?P<kind>{_KINDS})\s+(?P<number>{_NUMBER}|(?i:[ivxlc]+))(?!\w)\s*(?P<title>[.:)\]–—-].*)?$")
_NUMBER_AND_TITLE = re.compile(r"^(?P<number>\d{1,2})\.\s+(?P<title>[^\W\d_].{4,70})$")
_UNNUMBERED = re.compile(
    r"^(?:prologue|epilogue|preface|introduction|foreword|afterword|postscript|appendix|conclusion"
    r"|(?:table of )?contents)\s*[.:]?$",
    re.IGNORECASE,
)
_NUMERAL = re.compile(r"^[IVXLC]+\.?$")
_HIGHER = ("Part", "Book", "Volume", "Act")
_ITALICS = re.compile(r"(?<!\w)_|_(?!\w)")  # Project Gutenberg writes _italics_ so
_NO_TITLE_END = tuple('.,;:"”»?!-。！？؟')


@dataclass(frozen=True)
class Heading:
    """A heading with a number.

    Attributes:
        kind: such as `Chapter` or `Part`; empty where the line has only a number.
        number: such as `II`, `2` or `Two`.
        title: empty where the line has none.
    """

    kind: str
    number: str
    title: str = ""

    @property
    def label(self) -> str:
        """Kind and number."""
        return f"{self.kind} {self.number}".lstrip()

    @property
    def name(self) -> str:
        """As passages are labelled: `Chapter II: The Lost Key`."""
        return f"{self.label}: {self.title}" if self.title else self.label

    @property
    def holds_chapters(self) -> bool:
        """Whether it is of a kind that is divided into chapters."""
        return self.kind in _HIGHER


def numbered(line: str) -> Heading | None:
    """The heading in a line that names its kind and number: `Chapter II`, `PART ONE -- THE LAMP`."""
    match = _NUMBERED.match(line.strip())
    if not match:
        return None
    number = match["number"]
    roman = re.fullmatch("(?i:[ivxlcdm]+)", number)
    title = titled((match["title"] or "").lstrip(".:)]–—- "))
    has_title = any(char.isalnum() for char in title)
    return Heading(match["kind"].title(), number.upper() if roman else number.title(), title if has_title else "")


def number_and_title(line: str) -> Heading | None:
    """The heading in a line such as `2.  The Lost Key`, which may as well be an item of a list."""
    match = _NUMBER_AND_TITLE.match(line.strip())
    return Heading("", match["number"], titled(match["title"])) if match and not match["title"][0].islower() else None


def says_so(line: str) -> bool:
    """Whether a short line is a heading by its words: `Chapter II`, `Prologue`."""
    short = 0 < len(line) <= MAX_LINE and len(line.split()) <= MAX_WORDS + 2
    return short and bool(numbered(line) or _UNNUMBERED.match(line))


def is_numeral(text: str) -> bool:
    """Whether a heading is a Roman number alone, by which stories and chapters are divided."""
    return bool(_NUMERAL.match(text))


def is_label(text: str) -> bool:
    """Whether a heading is a number, whose title may stand below it."""
    heading = numbered(text)
    return is_numeral(text) or (heading is not None and not heading.title)


def divides_a_work(text: str) -> bool:
    """Whether a heading only makes sense within a work, so that it is not the title of one."""
    return bool(numbered(text) or _UNNUMBERED.match(text)) or is_numeral(text)


def is_like_a_title(line: str) -> bool:
    """Whether a line may be a title by its length, its first letter and its end."""
    line = line.strip()
    return (
        len(line) <= MAX_LINE
        and len(line.split()) <= MAX_WORDS
        and not line.endswith(_NO_TITLE_END)
        and not says_so(line)
        and not line[:1].islower()
        and any(char.isalpha() for char in line)
    )


def tidy(heading: str) -> str:
    """A heading as passages are labelled."""
    found = numbered(heading)
    return found.name if found else titled(heading)


def titled(title: str) -> str:
    """A title with plain quotation marks, without italics, and with capital initials where it is all in capitals."""
    title = to_plain(without_italics(title)).strip(" ._")
    if not title.isupper() or is_numeral(title):
        return title
    words = [word if is_numeral(word) or "." in word[:-1] else word.capitalize() for word in title.split()]
    return re.sub(r"(?<=-)[a-z]", lambda match: match[0].upper(), " ".join(words))


def without_italics(text: str) -> str:
    """A text without the underscores that mark `_italics_`; those inside words stay."""
    return _ITALICS.sub("", text)

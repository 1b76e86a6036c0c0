"""From the file of a persona's book to its sections: works and chapters recognised, contents dropped.

The files differ in everything: five styles of heading, curly and straight quotation marks, dashes, `_italics_`,
tables of contents that look like headings. A heading is a short line that stands alone; a work or chapter that is not
followed by a fair number of words is a line of the contents and is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chatbot.errors import SourceError
from chatbot.language import ENGLISH, Language, comparable, to_plain, words_of
from chatbot.library.texts.headings import (
    MAX_LINE,
    Heading,
    is_like_a_title,
    number_and_title,
    numbered,
    titled,
    without_italics,
)
from chatbot.library.texts.line_ends import LineEnds
from chatbot.library.texts.passages import TEXT, Section
from chatbot.library.texts.source_file import strip_gutenberg
from personas import Source

MIN_WORK_WORDS = 400
MIN_CHAPTER_WORDS = 120

# What may come before a work's own name: "Adventure II. The Problem of the ...".
_LEAD = re.compile(
    r"^(?:adventure\s+)?(?:[ivxl]+\s+)?(?:the\s+)?(?:(?:adventure|problem|disappearance)\s+of\s+)?(?:the\s+)?"
)


@dataclass(frozen=True)
class _Start:
    """Where a work or chapter begins.

    Attributes:
        line: the first line of its heading.
        body: the first line after it.
        name: of the work or chapter.
    """

    line: int
    body: int
    name: str


def sections_of(source: Source, text: str, language: Language = ENGLISH) -> list[Section]:
    """The sections of a book, in order.

    Args:
        source: what the persona says of it.
        text: the book.
        language: its own.

    Raises:
        SourceError: a work that the persona names is not in the text, or there is no prose in it.
    """
    lines = strip_gutenberg(text).replace("\r\n", "\n").split("\n")
    if not source.works:
        spans = [(source.title, 0, len(lines))]
    else:
        works = _works(source, lines)
        missing = [work for work in source.works if work not in {start.name for start in works}]
        if missing:
            raise SourceError(
                f"{source.file}: these works are named by the persona but not found in the text: "
                f"{', '.join(missing)}. Is it the right file? (Project Gutenberg {source.gutenberg[0]})"
            )
        spans = [(start.name, start.body, end) for start, end in _spans(works, lines)]
    ends = LineEnds(text, language)
    sections: list[Section] = []
    for work, begin, end in spans:
        sections += _chapters(source, work, lines[begin:end], ends)
    if not sections:
        raise SourceError(f"{source.file} holds no prose. Is it the right file?")
    return sections


def _works(source: Source, lines: list[str]) -> list[_Start]:
    names = {_key(work): work for work in source.works}
    names |= {_key(other): work for work, other in source.aliases.items()}
    found: list[_Start] = []
    for number, line in enumerate(lines):
        if not line.strip() or len(line) > MAX_LINE or not _stands_alone(lines, number):
            continue
        key = _key(line)
        name = names.get(key) or next((work for k, work in names.items() if key.startswith(k + " an ")), None)
        if name:
            found.append(_Start(number, number + 1, name))
    works = _followed_by_prose(found, lines, MIN_WORK_WORDS)
    # A name that occurs again inside its own work (a notice on a door, say) begins nothing.
    return [work for at, work in enumerate(works) if at == 0 or works[at - 1].name != work.name]


def _chapters(source: Source, work: str, lines: list[str], ends: LineEnds) -> Iterator[Section]:
    starts = _followed_by_prose(list(_chapter_starts(lines)), lines, MIN_CHAPTER_WORDS)
    if not starts:
        starts = [_Start(0, 0, "")]
    elif source.works and _words(lines[: starts[0].line]) >= MIN_CHAPTER_WORDS:
        starts.insert(0, _Start(0, 0, ""))  # before a novel's first chapter there are only notes of the edition
    number = 1
    for start, end in _spans(starts, lines):
        paragraphs = tuple(_paragraphs(lines[start.body : end], ends))
        if paragraphs:
            narrator = _narrator(source, work, start.name)
            yield Section(TEXT, source.file, work, start.name, narrator, paragraphs, number)
        number += len(paragraphs)


def _chapter_starts(lines: list[str]) -> Iterator[_Start]:
    part = ""
    for number, line in enumerate(lines):
        if len(line) > MAX_LINE or not line.strip() or (number and lines[number - 1].strip()):
            continue
        heading, body = _chapter_heading(line), number + 1
        if heading is None:
            if (item := number_and_title(line)) and lines[number + 1 : number + 2] == [""]:
                yield _Start(number, body, item.name)
            continue
        if not heading.title:
            body, title = _title_below(lines, number)
            heading = Heading(heading.kind, heading.number, titled(title))
        if heading.holds_chapters:
            part = heading.label
            yield _Start(number, body, heading.name)
        else:
            yield _Start(number, body, f"{part}, {heading.name}" if part else heading.name)


def _chapter_heading(line: str) -> Heading | None:
    """Of the headings that say their kind, a persona's books are divided by these alone."""
    heading = numbered(line)
    return heading if heading and heading.kind in ("Chapter", "Part") else None


def _title_below(lines: list[str], number: int) -> tuple[int, str]:
    """A chapter's title below its number, on the next line or after a blank one; with the first line after it."""
    for at in range(number + 1, min(number + 3, len(lines))):
        if line := lines[at].strip():
            alone = at + 1 >= len(lines) or not lines[at + 1].strip()
            return (at + 1, line) if alone and is_like_a_title(line) else (number + 1, "")
    return number + 1, ""


def _followed_by_prose(starts: list[_Start], lines: list[str], words: int) -> list[_Start]:
    return [start for start, end in _spans(starts, lines) if _words(lines[start.body : end]) >= words]


def _spans(starts: list[_Start], lines: list[str]) -> Iterator[tuple[_Start, int]]:
    """Every start with the line at which the next one begins."""
    return zip(starts, [*(start.line for start in starts[1:]), len(lines)], strict=False)


def _words(lines: list[str]) -> int:
    return sum(len(line.split()) for line in lines)


def _key(heading: str) -> str:
    """A work's name as the same in every style of heading."""
    return _LEAD.sub("", " ".join(re.findall(r"[^\W_]+", comparable(heading).replace("'", ""))), count=1)


def _stands_alone(lines: list[str], number: int) -> bool:
    before = number == 0 or not lines[number - 1].strip()
    after = number + 1 >= len(lines) or not lines[number + 1].strip()
    indented_list = lines[number].startswith("  ")  # contents are indented
    return (before or indented_list) and (after or indented_list)


def _narrator(source: Source, work: str, chapter: str) -> str:
    fitting = [key for key in source.narrators if key == work or chapter.startswith(key)]
    return source.narrators[max(fitting, key=len)] if fitting else source.narrator


def _paragraphs(lines: list[str], ends: LineEnds) -> Iterator[str]:
    held: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            held.append(line)
            continue
        text = to_plain(ends.joined(without_italics("\n".join(held))))
        held = []
        if any(len(word) > 1 and word.isalpha() for word in words_of(text)) and text not in ("THE END", "The End"):
            yield text

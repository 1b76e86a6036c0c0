"""From the file of a book to its sections: headers and contents cut, works and chapters recognised.

The files differ in everything: five styles of heading, curly and straight quotation marks, dashes, `_italics_`,
tables of contents that look like headings. A heading is a short line that stands alone; a work or chapter that is not
followed by a fair number of words is a line of the contents and is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chatbot.errors import SourceError
from chatbot.language import to_plain
from chatbot.library.texts.passages import TEXT, Section
from personas import Source

MIN_WORK_WORDS = 400
MIN_CHAPTER_WORDS = 120
MAX_HEADING = 90

_START = re.compile(r"^\*\*\* ?START OF (?:THIS|THE) PROJECT GUTENBERG.*$", re.MULTILINE)
_END = re.compile(
    r"^(?:\*\*\* ?END OF (?:THIS|THE) PROJECT GUTENBERG|End of (?:the |this )?Project Gutenberg).*$", re.MULTILINE
)
_CHAPTER = re.compile(
    r"^\s*(?P<kind>chapter|part)\s+(?P<number>[ivxlc]+|\d+|one|two|three)\b\s*(?:[.:]|--|$)\s*(?P<title>.*)$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^\s*(?P<number>\d{1,2})\.\s+(?P<title>[A-Z].{4,70})$")
_LEAD = re.compile(
    r"^(?:adventure\s+)?(?:[ivxl]+\s+)?(?:the\s+)?(?:(?:adventure|problem|disappearance)\s+of\s+)?(?:the\s+)?"
)


@dataclass(frozen=True)
class _Heading:
    line: int  # the first line of the heading
    body: int  # the first line after it
    name: str


def read_source_file(file: Path) -> str:
    """The text of a file.

    Raises:
        SourceError: it is missing, empty, binary or not UTF-8; the message says which and what to do.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SourceError(f"{file} cannot be read: {error.strerror}.") from error
    if not data.strip():
        raise SourceError(f"{file} is empty. Fetch it again or take it out of the persona's sources.")
    if b"\x00" in data[:65536]:
        raise SourceError(f"{file} is not a text but a binary file. Give the plain-text edition of the book.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{file} is not UTF-8 (byte {error.start}). Save it as UTF-8, for example with "
            f"`iconv -f WINDOWS-1252 -t UTF-8 {file.name}`."
        ) from error


def strip_gutenberg(text: str) -> str:
    """The book without Project Gutenberg's header and licence; a text without them is left as it is."""
    start, end = _START.search(text), _END.search(text)
    text = text[start.end() if start else 0 : end.start() if end else len(text)]
    return re.sub(r"^\s*Produced by .*?(?:\n\s*\n)", "", text, count=1, flags=re.DOTALL)


def sections_of(source: Source, text: str) -> list[Section]:
    """The sections of a book, in order.

    Raises:
        SourceError: a work that the persona names is not in the text, or there is no prose in it.
    """
    lines = strip_gutenberg(text).replace("\r\n", "\n").split("\n")
    if not source.works:
        spans = [(source.title, 0, len(lines))]
    else:
        headings = _work_headings(source, lines)
        missing = [work for work in source.works if work not in {heading.name for heading in headings}]
        if missing:
            raise SourceError(
                f"{source.file}: these works are named by the persona but not found in the text: "
                f"{', '.join(missing)}. Is it the right file? (Project Gutenberg {source.gutenberg[0]})"
            )
        spans = [(heading.name, heading.body, end) for heading, end in _spans(headings, lines)]
    sections: list[Section] = []
    for work, start, end in spans:
        sections += _chapters(source, work, lines[start:end])
    if not sections:
        raise SourceError(f"{source.file} holds no prose.")
    return sections


def _work_headings(source: Source, lines: list[str]) -> list[_Heading]:
    names = {_key(work): work for work in source.works}
    names |= {_key(other): work for work, other in source.aliases.items()}
    found: list[_Heading] = []
    for number, line in enumerate(lines):
        if not line.strip() or len(line) > MAX_HEADING or not _alone(lines, number):
            continue
        key = _key(line)
        name = names.get(key) or next((work for k, work in names.items() if key.startswith(k + " an ")), None)
        if name:
            found.append(_Heading(number, number + 1, name))
    works = _followed_by_prose(found, lines, MIN_WORK_WORDS)
    # A name that comes again inside its own work (a notice on a door, say) begins nothing.
    return [work for at, work in enumerate(works) if at == 0 or works[at - 1].name != work.name]


def _followed_by_prose(headings: list[_Heading], lines: list[str], words: int) -> list[_Heading]:
    return [
        heading
        for heading, end in _spans(headings, lines)
        if sum(len(line.split()) for line in lines[heading.body : end]) >= words
    ]


def _spans(headings: list[_Heading], lines: list[str]) -> Iterator[tuple[_Heading, int]]:
    """Every heading with the line at which its stretch ends."""
    ends = [heading.line for heading in headings[1:]] + [len(lines)]
    return zip(headings, ends, strict=False)


def _key(heading: str) -> str:
    words = re.sub(r"[^a-z0-9 ]+", " ", to_plain(heading).lower().replace("'", ""))
    return _LEAD.sub("", " ".join(words.split()), count=1)


def _alone(lines: list[str], number: int) -> bool:
    before = number == 0 or not lines[number - 1].strip()
    after = number + 1 >= len(lines) or not lines[number + 1].strip()
    indented_list = lines[number].startswith("  ")  # contents are set in
    return (before or indented_list) and (after or indented_list)


def _chapters(source: Source, work: str, lines: list[str]) -> Iterator[Section]:
    headings = _followed_by_prose(list(_chapter_headings(lines)), lines, MIN_CHAPTER_WORDS)
    if not headings:
        headings = [_Heading(0, 0, "")]
    elif source.works and sum(len(line.split()) for line in lines[: headings[0].line]) >= MIN_CHAPTER_WORDS:
        headings.insert(0, _Heading(0, 0, ""))  # before a novel's first chapter there are only notes of the edition
    number = 1
    for heading, end in _spans(headings, lines):
        paragraphs = tuple(_paragraphs(lines[heading.body : end]))
        if paragraphs:
            narrator = _narrator(source, work, heading.name)
            yield Section(TEXT, source.file, work, heading.name, narrator, paragraphs, number)
        number += len(paragraphs)


def _chapter_headings(lines: list[str]) -> Iterator[_Heading]:
    part = ""
    for number, line in enumerate(lines):
        if len(line) > MAX_HEADING or not line.strip() or (number and lines[number - 1].strip()):
            continue
        numbered = _NUMBERED.match(line)
        match = _CHAPTER.match(line) or numbered
        if not match or (numbered and lines[number + 1 : number + 2] != [""]):
            continue
        title, body = match["title"], number + 1
        if not numbered and not title.strip():
            body, title = _title_below(lines, number)
        title = _titled(title)
        label = f"{match['kind'].title()} {match['number'].upper()}" if not numbered else f"{match['number']}"
        name = f"{label}: {title}" if title else label
        if not numbered and match["kind"].lower() == "part":
            part = label
            yield _Heading(number, body, name)
        else:
            yield _Heading(number, body, f"{part}, {name}" if part and not numbered else name)


def _title_below(lines: list[str], number: int) -> tuple[int, str]:
    """A chapter's title on the next line or two ("Chapter I" above, its name below)."""
    for at in range(number + 1, min(number + 3, len(lines))):
        line = lines[at].strip()
        if line:
            short = len(line.split()) <= 12 and not line.endswith((".", ",", '"')) and _alone_after(lines, at)
            return (at + 1, line) if short else (number + 1, "")
    return number + 1, ""


def _alone_after(lines: list[str], number: int) -> bool:
    return number + 1 >= len(lines) or not lines[number + 1].strip()


def _titled(title: str) -> str:
    title = to_plain(title.replace("_", "")).strip(" .")
    return title.title().replace("'S", "'s") if title.isupper() else title


def _narrator(source: Source, work: str, chapter: str) -> str:
    fitting = [key for key in source.narrators if key == work or chapter.startswith(key)]
    return source.narrators[max(fitting, key=len)] if fitting else source.narrator


def _paragraphs(lines: list[str]) -> Iterator[str]:
    held: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            held.append(line)
            continue
        text = to_plain(re.sub(r"(?<!\w)_|_(?!\w)", "", " ".join(held)))
        held = []
        if re.search(r"[A-Za-z]{2}", text) and text not in ("THE END", "The End"):
            yield text

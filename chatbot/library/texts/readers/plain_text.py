"""Plain text: paragraphs and headings by blank lines, by indents, or a line each.

The books of a persona are read by `chatbot.library.texts.books`, which knows what works to look for. Of a text that a
user adds nothing is known, so a line is a heading only if it says so ("Chapter II"), or stands alone below a gap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chatbot.library.texts.headings import (
    MAX_LINE,
    is_label,
    is_like_a_title,
    is_numeral,
    numbered,
    says_so,
    without_italics,
)
from chatbot.library.texts.readers.blocks import Block, Draft
from chatbot.library.texts.source_file import strip_gutenberg

MIN_BELOW = 40  # words below a heading that does not say that it is one
LONG_LINE = 120  # characters; where most of a text is in longer lines, each line is a paragraph
GAP = 2  # blank lines above a heading that does not say that it is one
MAX_BLOCK = 60  # lines; in a longer block without blank lines, an indent begins a paragraph

_HEADER = re.compile(r"^(Title|Author):[ \t]*(\S.*)$", re.MULTILINE)


@dataclass(frozen=True)
class _Chunk:
    lines: list[str]
    gap: int  # blank lines above it

    @property
    def text(self) -> str:
        return " ".join(self.as_lines.split("\n"))

    @property
    def as_lines(self) -> str:
        return without_italics("\n".join(line.strip() for line in self.lines))


def read_plain_text(text: str) -> Draft:
    """The blocks of a plain text, with title and author from Project Gutenberg's header."""
    book = strip_gutenberg(text)
    header = text[: text.find(book)] if book and len(book) < len(text) else ""
    said = {key: value.strip() for key, value in _HEADER.findall(header)}
    chunks = _joined_labels(list(_chunks(book)))
    return Draft(_blocks(chunks, titled="Title" in said), said.get("Title"), said.get("Author"))


def _chunks(text: str) -> Iterator[_Chunk]:
    lines = text.replace("\f", "\n\n").replace("\v", "\n").split("\n")
    unwrapped = sum(len(line) for line in lines if len(line) > LONG_LINE) * 2 > sum(map(len, lines))
    held: list[str] = []
    gap = blank = 0
    for line in [*lines, ""]:
        if line.strip():
            if not held:
                gap = blank
            held.append(line)
            blank = 0
            continue
        if held:
            yield from _split(held, gap, unwrapped)
            held = []
        blank += 1


def _split(lines: list[str], gap: int, unwrapped: bool) -> Iterator[_Chunk]:
    """The paragraphs between two blank lines."""
    starts = [0]
    heading = lines[0].strip()
    if unwrapped:
        starts = list(range(len(lines)))
    elif says_so(heading) and (len(lines) > 2 or not is_label(heading)):
        starts.append(1)  # the text follows without a blank line
    elif len(lines) > MAX_BLOCK:
        starts += [at for at, line in enumerate(lines) if at and line[:1].isspace()]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        if start < end:
            yield _Chunk(lines[start:end], 0 if start else gap)


def _joined_labels(chunks: list[_Chunk]) -> list[_Chunk]:
    """`Chapter II` with its title, on the next line or below a blank one, as one line."""
    joined: list[_Chunk] = []
    for chunk in chunks:
        above = joined[-1] if joined else None
        first = chunk.lines[0].strip()
        if len(chunk.lines) == 2 and is_label(first) and is_like_a_title(chunk.lines[1]):
            joined.append(_Chunk([f"{first.rstrip(' .:')}: {chunk.lines[1].strip()}"], chunk.gap))
        elif (
            above
            and len(above.lines) == len(chunk.lines) == 1
            and is_label(above.text)
            and not is_numeral(above.text)  # below a numeral alone the text itself may begin
            and is_like_a_title(first)
        ):
            joined[-1] = _Chunk([f"{above.lines[0].strip().rstrip(' .:')}: {first}"], above.gap)
        else:
            joined.append(chunk)
    return joined


def _blocks(chunks: list[_Chunk], titled: bool) -> list[Block]:
    blocks: list[Block] = []
    if chunks and chunks[0].lines[-1].strip().lower().startswith("by "):
        chunks = [*(_Chunk([line], 0) for line in chunks[0].lines), *chunks[1:]]
    if not titled and len(chunks) > 1 and is_like_a_title(chunks[0].text) and len(chunks[0].lines) == 1:
        blocks, chunks = [Block(chunks[0].text, 1)], chunks[1:]
    said = sum(says_so(chunk.text) for chunk in chunks)
    listing = False
    for at, chunk in enumerate(chunks):
        heading = says_so(chunk.text) or _stands_alone(chunks, at, in_capitals=said >= 2)
        if listing and not heading and all(len(line) <= MAX_LINE for line in chunk.lines):
            blocks += [Block(line) for line in chunk.lines]
        else:
            blocks.append(Block(chunk.as_lines, _level(chunk.text) if heading else 0))
        listing = heading and "contents" in chunk.text.lower()
    return blocks


def _level(heading: str) -> int:
    if is_numeral(heading):
        return 4
    found = numbered(heading)
    return 2 if found and found.holds_chapters else 3


def _stands_alone(chunks: list[_Chunk], at: int, in_capitals: bool) -> bool:
    """Whether a line below a gap looks like a heading and has prose below it.

    In a text of which other headings say that they are (`in_capitals`), only a line in capitals does.
    """
    chunk = chunks[at]
    line = chunk.text.rstrip(".")
    long_words = [word for word in re.findall(r"\w+", line) if len(word) > 4]
    titled = line.isupper() if in_capitals else all(not word[0].islower() for word in long_words)
    if chunk.gap < GAP or len(chunk.lines) > 1 or not titled or line[:1] in "\"“'‘«[(" or not is_like_a_title(line):
        return False
    below = 0
    for following in chunks[at + 1 :]:
        if following.gap >= GAP and len(following.text) <= MAX_LINE:
            break
        below += len(following.text.split())
        if below >= MIN_BELOW:
            return True
    return False

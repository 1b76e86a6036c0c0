"""Passages: pieces of a source text that fit the embedder, with their place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache

from chatbot.language import ENGLISH, Language, split_sentences
from chatbot.templates import fill_in

CASEBOOK = "casebook"
TEXT = "text"

CountTokens = Callable[[str], int]
LETTERS = 20  # more of them to a token there are in no language
MAX_WORD = 100  # letters; a longer one is no word, and the tokenizer sees nothing in it


@dataclass(frozen=True)
class Section:
    """A stretch of a source under one heading, before it is cut into passages.

    Attributes:
        kind: `CASEBOOK` or `TEXT`.
        source: the file it comes from.
        work: the novel, story or subject.
        chapter: the chapter or heading, empty where there is none.
        narrator: who tells it.
        paragraphs: in order, each on one line.
        first_paragraph: the number of the first of them within the work, from 1.
    """

    kind: str
    source: str
    work: str
    chapter: str
    narrator: str
    paragraphs: tuple[str, ...]
    first_paragraph: int = 1


@dataclass(frozen=True)
class Passage:
    """A piece of a source text.

    Attributes:
        id: a hash of its text and place; the same passage has the same id in every build.
        kind: `CASEBOOK` or `TEXT`.
        source: the file it comes from.
        work: the novel, story or subject.
        chapter: the chapter or heading, empty where there is none.
        place: the number of its first paragraph within the work, from 1.
        narrator: who tells it.
        text: as in the source, with plain white space and quotation marks.
    """

    id: str
    kind: str
    source: str
    work: str
    chapter: str
    place: int
    narrator: str
    text: str

    def metadata(self) -> dict[str, str | int]:
        """Everything but the text, as Chroma keeps it."""
        values = asdict(self)
        del values["text"]
        return values

    def indexed(self) -> str:
        """What is embedded and searched: with the work's name, which helps to find a short passage."""
        return self.titled(self.text)

    def titled(self, text: str) -> str:
        """A part of it as models read it: after the work's name."""
        return f"{self.work}. {text}"


RECOLLECTION = "recollection"


def recollection(said: str, when: datetime, language: Language = ENGLISH) -> Passage:
    """What a user said in a conversation, as a passage: it is evidence, though in no index."""
    stamp = hashlib.sha256(f"{when.isoformat()}\x00{said}".encode()).hexdigest()[:32]
    month = language.months[when.month - 1]
    told = fill_in(language.remembered, {"day": str(when.day), "month": month, "year": str(when.year)})
    return Passage(stamp, RECOLLECTION, RECOLLECTION, told, "", 1, "you", " ".join(said.split()))


def cut(section: Section, count: CountTokens, limit: int, language: Language = ENGLISH) -> Iterator[Passage]:
    """Cut a section into passages of at most `limit` tokens, the work's name included.

    Whole paragraphs are packed together, so that a speech is not cut from its neighbour; only a paragraph that is too
    long by itself is cut, at the end of a sentence.
    """
    room = limit - count(f"{section.work}. ") - 2
    pieces: list[tuple[int, str, int]] = []
    for number, paragraph in enumerate(section.paragraphs, section.first_paragraph):
        # A text that is too long by its letters is not counted at all: counting costs more than cutting.
        if len(paragraph) <= room * LETTERS and (tokens := count(paragraph)) <= room:
            pieces.append((number, paragraph, tokens))
        else:
            pieces += [(number, *packed) for packed in _pack(_parts(paragraph, count, room, language), count, room)]
    held: list[str] = []
    start, size, letters = 0, 0, 0
    for number, piece, tokens in pieces:
        if held and (size + tokens > room or letters + len(piece) > room * LETTERS):
            yield _passage(section, start, held)
            held, size, letters = [], 0, 0
        if not held:
            start = number
        held.append(piece)
        size += tokens
        letters += len(piece) + 1
    if held:
        yield _passage(section, start, held)


def _parts(paragraph: str, count: CountTokens, room: int, language: Language) -> list[str]:
    """Sentences; one that is itself too long is cut at commas, then between words, then within a word."""

    def fits(text: str) -> bool:
        return len(text) <= room * LETTERS and count(text) <= room

    parts: list[str] = []
    for sentence in split_sentences(paragraph, language):
        if fits(sentence):
            parts.append(sentence)
            continue
        clauses = re.sub("([;,]) |([，、])", r"\1\2\n", sentence).split("\n")
        for clause in clauses:
            parts += [clause] if fits(clause) else (part for word in clause.split() for part in _slices(word))
    return [piece for part in parts for piece in _halved(part, count, room)]


def _halved(part: str, count: CountTokens, room: int) -> list[str]:
    """A part as it is, or, where it fits no passage, in halves: a script without spaces has no words to cut between."""
    if len(part) < 2 or count(part) <= room:
        return [part]
    middle = len(part) // 2
    return [*_halved(part[:middle], count, room), *_halved(part[middle:], count, room)]


def _slices(word: str) -> Iterator[str]:
    return (word[start : start + MAX_WORD] for start in range(0, len(word), MAX_WORD))


def _pack(parts: Sequence[str], count: CountTokens, room: int) -> Iterator[tuple[str, int]]:
    """Parts put together as long as they fit, each with its tokens."""
    known = lru_cache(maxsize=4096)(count)  # where parts are words, the same ones come again and again
    marks = count("")
    held: list[str] = []
    size, letters = marks, 0
    for part in parts:
        tokens = known(part)
        if held and (size + tokens > room or letters + len(part) > room * LETTERS):
            yield " ".join(held), size
            held, size, letters = [], marks, 0
        held.append(part)
        size += tokens - marks
        letters += len(part) + 1
    if held:
        yield " ".join(held), size


def _passage(section: Section, place: int, pieces: Sequence[str]) -> Passage:
    text = "\n".join(pieces)
    stamp = hashlib.sha256("\x00".join((section.source, section.work, section.chapter, str(place), text)).encode())
    return Passage(
        id=stamp.hexdigest()[:32],
        kind=section.kind,
        source=section.source,
        work=section.work,
        chapter=section.chapter,
        place=place,
        narrator=section.narrator,
        text=text,
    )

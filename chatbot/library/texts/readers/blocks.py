"""What every reader returns, headings and paragraphs in order, and how a text is made of them.

A heading that nothing follows is not a chapter. It is a line of the contents if it occurs again later; otherwise it is
kept as a paragraph, so that nothing a user added is lost.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from chatbot.errors import SourceError
from chatbot.language import ENGLISH, Language, to_plain
from chatbot.library.texts.headings import divides_a_work, is_label, tidy, titled
from chatbot.library.texts.line_ends import LineEnds
from chatbot.library.texts.passages import TEXT, Section
from chatbot.library.texts.source_file import strip_gutenberg
from chatbot.limits import MAX_TITLE

NARRATOR = "the narrator"  # where no author is known
MAX_HEADING = 150  # characters; a longer "heading" is a paragraph that was marked up wrongly
MAX_PATH = 200  # characters of a chapter with the parts it is in
_MAX_NAME_WORDS = 6  # of an author
_MAX_CONTENTS_WORDS = 14  # of a line of the contents
_MAX_CONTENTS_LINES = 500
_MAX_FRONT = 4  # lines that state title and author; repetitions after these are part of the text

_BY = re.compile(r"^by\s+(?P<name>[^\d.,;:!?]+(?:\.[^\d.,;:!?]+)*\.?)$", re.IGNORECASE)
_BETWEEN = ", "  # a part and its chapter
_CONTENTS = ("contents", "tableofcontents")


@dataclass(frozen=True)
class Block:
    """A paragraph (level 0) or a heading (1 is the highest).

    Attributes:
        text: with the line ends of the file; `assemble` joins the lines.
    """

    text: str
    level: int = 0


@dataclass(frozen=True)
class Draft:
    """What a reader found in a file.

    Attributes:
        blocks: in the order of the text.
        title: from the file's metadata.
        author: from the file's metadata.
        fallback_title: used if neither the metadata nor the highest heading gives a title.
        notes: what was left out, for the user.
    """

    blocks: Sequence[Block]
    title: str | None = None
    author: str | None = None
    fallback_title: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TextFile:
    """A text as it goes into a library.

    Attributes:
        title: the work's name in every section.
        author: None where the file does not name one.
        sections: in order, for `passages.cut`.
        notes: what could not be read and was left out, for the user.
    """

    title: str
    author: str | None
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = field(default=())


def content_key(sections: Sequence[Section]) -> str:
    """A fingerprint of the words, the same for one text in every format.

    Only case-folded letters and digits count. The title does not, because not every format holds it. A heading counts
    once, at its place, so that it makes no difference whether a format has it as a heading or as a line.
    """
    digest = hashlib.sha256()
    before: list[str] = []
    for section in sections:
        path = section.chapter.split(_BETWEEN)
        known = next((at for at, (old, new) in enumerate(zip(before, path, strict=False)) if old != new), len(before))
        for text in (*path[known:], *section.paragraphs):
            digest.update(letters(text).encode())
        before = path
    return digest.hexdigest()[:32]


def letters(text: str) -> str:
    """Letters and digits alone, in one case."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if unicodedata.category(char)[0] in "LNM")


def assemble(draft: Draft, name: str, stem: str, language: Language = ENGLISH) -> TextFile:
    """Make a text of what a reader found.

    Args:
        draft: what it found.
        name: the file's name, which is the source of every section.
        stem: the title if there is no better one.
        language: of the text.

    Raises:
        SourceError: there are no words in it.
    """
    ends = LineEnds("\n\n".join(block.text for block in draft.blocks), language)
    blocks = [Block(text, block.level) for block in draft.blocks if (text := clean(ends.joined(block.text)))]
    title, author, blocks = _front(draft, _without_licence([_checked(block) for block in blocks]))
    title = (title or " ".join(re.sub(r"[_-]+", " ", stem).split()) or name)[:MAX_TITLE]
    sections = tuple(_sections(_resolved(blocks), name, title, author or NARRATOR))
    if not sections:
        raise SourceError(f"{name} holds no text. Open it to see what is in it; pictures of pages cannot be read.")
    return TextFile(title, author, sections, draft.notes)


def clean(text: str) -> str:
    """A text in its plain form, on one line; empty if it has no letter or digit."""
    return to_plain(text) if any(char.isalnum() for char in text) else ""


def _checked(block: Block) -> Block:
    return replace(block, level=0) if len(block.text) > MAX_HEADING else block


def _without_licence(blocks: list[Block]) -> list[Block]:
    joined = "\n\n".join(block.text for block in blocks)
    book = strip_gutenberg(joined)
    start = joined.find(book)
    kept, at = [], 0
    for block in blocks:
        if start <= at and at + len(block.text) <= start + len(book):
            kept.append(block)
        at += len(block.text) + 2
    return kept


def _front(draft: Draft, blocks: list[Block]) -> tuple[str | None, str | None, list[Block]]:
    """Title, author, and the blocks without the lines that state them."""
    title = clean(draft.title or "") or None
    author = clean(draft.author or "") or None
    highest = [at for at, block in enumerate(blocks) if block.level == 1]
    first = next((at for at, block in enumerate(blocks) if block.level), 0)
    top = 0
    if not title and highest == [first] and not divides_a_work(blocks[first].text):
        title, top = tidy(blocks[first].text), first
    title = title or clean(draft.fallback_title or "") or None
    rest = blocks[top:]
    for _ in range(_MAX_FRONT):
        if not rest:
            break
        said = letters(rest[0].text)
        named = _named(rest[0].text)
        if said == letters(title or "") or (author and said in (letters(author), letters(f"by {author}"))):
            rest = rest[1:]
        elif not author and named:
            author, rest = titled(named), rest[1:]
        elif said == "by" and len(rest) > 1 and _named(f"by {rest[1].text}"):
            rest = [Block(f"by {rest[1].text}"), *rest[2:]]
        else:
            break
    return title, author, blocks[:top] + rest


def _named(line: str) -> str | None:
    """The author in a line such as "by Jane Roe"."""
    match = _BY.match(line)
    short = match and len(match["name"].split()) <= _MAX_NAME_WORDS and match["name"][0].isupper()
    return match["name"] if match and short else None


def _resolved(blocks: list[Block]) -> list[Block]:
    """The blocks without lines of the contents, and with something below every heading."""
    done: list[Block] = []  # from the last to the first
    later: set[str] = set()
    for block in reversed(blocks):
        below = done[-1] if done else None
        if not block.level:
            done.append(block)
        elif letters(block.text) in _CONTENTS and (listed := _contents_lines(done, later)):
            del done[-listed:]
        elif below is not None and (not below.level or below.level > block.level):
            later.add(letters(block.text))
            done.append(block)
        elif below is not None and is_label(block.text) and not divides_a_work(below.text):
            done[-1] = Block(f"{block.text.rstrip(' .:')}: {below.text}", block.level)
            later.add(letters(done[-1].text))
        elif letters(block.text).rstrip("0123456789") not in later and letters(block.text) not in _CONTENTS:
            done.append(replace(block, level=0))
    return done[::-1]


def _contents_lines(following: list[Block], later: set[str]) -> int:
    """How many of the blocks after the heading "Contents" are lines of it; `following` is in reverse."""
    lines = 0
    for block in reversed(following):
        if block.level or len(block.text.split()) > _MAX_CONTENTS_WORDS:
            break
        lines += 1
    if not 0 < lines <= _MAX_CONTENTS_LINES:
        return 0
    listed = [letters(block.text).rstrip("0123456789") for block in following[len(following) - lines :]]
    known = sum(any(line and line in heading for heading in later) for line in listed)
    return lines if known * 2 >= lines else 0


def _sections(blocks: list[Block], name: str, work: str, narrator: str) -> Iterator[Section]:
    path: list[Block] = []
    held: list[str] = []
    number = 1
    for block in [*blocks, Block("", 1)]:
        if not block.level:
            held.append(block.text)
            continue
        if held:
            yield Section(TEXT, name, work, _chapter(path), narrator, tuple(held), number)
            number += len(held)
            held = []
        path = [*(above for above in path if above.level < block.level), block]


def _chapter(path: list[Block]) -> str:
    names = [tidy(block.text) for block in path]
    whole = _BETWEEN.join(names)
    return whole if len(whole) <= MAX_PATH else names[-1]

"""What every reader hands over, headings and paragraphs in order, and how a text is made of them.

A heading that nothing follows is no chapter. It is a line of the contents if it comes again later; else it is kept as a
paragraph, so that nothing a user added is lost.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from chatbot.errors import SourceError
from chatbot.language import to_plain
from chatbot.library.texts.books import strip_gutenberg
from chatbot.library.texts.passages import TEXT, Section

NARRATOR = "the narrator"  # where no author is known
MAX_HEADING = 150  # characters; a longer "heading" is a paragraph that was marked up wrongly
MAX_PATH = 200
_MAX_NAME_WORDS = 6
_MAX_CONTENTS_WORDS = 14
_MAX_CONTENTS_LINES = 500
_MAX_FRONT = 4  # lines that say title and author; what repeats them after that is a part of the text

_NUMBER = r"[IVXLCDM]+|\d{1,3}|(?i:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|the first|the last)"
_KINDS = (
    r"(?i:chapter|adventure|part|book|volume|act|scene|letter|canto|stave|section|story|kapitel|chapitre|cap[ií]tulo)"
)
NUMBERED = re.compile(rf"^(?P<kind>{_KINDS})\s+(?P<number>{_NUMBER}|(?i:[ivxlc]+))(?!\w)\s*(?P<rest>[.:)\]–—-].*)?$")
UNNUMBERED = re.compile(
    r"^(?:prologue|epilogue|preface|introduction|foreword|afterword|postscript|appendix|conclusion"
    r"|(?:table of )?contents)\s*[.:]?$",
    re.IGNORECASE,
)
_ROMAN = re.compile(r"^[IVXLC]+\.?$")
_BY = re.compile(r"^by\s+(?P<name>[^\d.,;:!?]+(?:\.[^\d.,;:!?]+)*\.?)$", re.IGNORECASE)
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")
_JOINERS = "\u200c\u200d"  # not seen either, but they change how Persian and Hindi words are written
_BETWEEN = ", "  # a part and its chapter
_CONTENTS = ("contents", "tableofcontents")


@dataclass(frozen=True)
class Block:
    """A paragraph (level 0) or a heading (1 is the highest)."""

    text: str
    level: int = 0


@dataclass(frozen=True)
class Draft:
    """What a reader found.

    Attributes:
        blocks: in the order of the text.
        title: as the file's metadata has it.
        author: likewise.
        fallback_title: taken if neither metadata nor the highest heading is a title.
        notes: what was left out, said to the user.
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
        author: None where the file does not say.
        sections: what `passages.cut` takes, in order.
        notes: what could not be read and was left out, said to the user.
    """

    title: str
    author: str | None
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = field(default=())


def content_key(sections: Sequence[Section]) -> str:
    """A fingerprint of the words, the same for one text in every format.

    Only letters and digits count, folded; the title does not, for a format may hold it or not. A heading counts once,
    where it stands, so that it makes no difference whether a format shows it as a heading or as a line.
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


def assemble(draft: Draft, name: str, stem: str) -> TextFile:
    """Make the text of what a reader found.

    Args:
        draft: the reader's.
        name: the file's name: the source of every section.
        stem: its title if there is no better one.

    Raises:
        SourceError: there is no word in it.
    """
    blocks = [Block(text, block.level) for block in draft.blocks if (text := clean(block.text))]
    title, author, blocks = _front(draft, _without_licence([_checked(block) for block in blocks]))
    title = title or " ".join(re.sub(r"[_-]+", " ", stem).split()) or name
    sections = tuple(_sections(_resolved(blocks), name, title, author or NARRATOR))
    if not sections:
        raise SourceError(f"{name} holds no text. Open it to see what is in it; pictures of pages cannot be read.")
    return TextFile(title, author, sections, draft.notes)


def clean(text: str) -> str:
    """On one line, without characters that are not seen; empty if there is no letter or digit in it."""
    line = " ".join(text.split())
    if not line.isprintable():
        line = "".join(char for char in line if char in _JOINERS or unicodedata.category(char) not in _UNSEEN)
    return to_plain(line) if any(char.isalnum() for char in line) else ""


def is_chapter(text: str) -> bool:
    """Whether a heading only makes sense within a work."""
    return bool(NUMBERED.match(text) or UNNUMBERED.match(text) or is_numeral(text))


def is_numeral(text: str) -> bool:
    """Whether a heading is a Roman number alone, by which stories and chapters are divided."""
    return bool(_ROMAN.match(text))


def is_label(text: str) -> bool:
    """Whether a heading is a number whose title may stand below it."""
    match = NUMBERED.match(text)
    return is_numeral(text) or (match is not None and not letters(match["rest"] or ""))


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
    """Title, author, and the blocks without the lines that say them."""
    title = clean(draft.title or "") or None
    author = clean(draft.author or "") or None
    highest = [at for at, block in enumerate(blocks) if block.level == 1]
    first = next((at for at, block in enumerate(blocks) if block.level), 0)
    top = 0
    if not title and highest == [first] and not is_chapter(blocks[first].text):
        title, top = _tidy(blocks[first].text), first
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
            author, rest = _titled(named), rest[1:]
        elif said == "by" and len(rest) > 1 and _named(f"by {rest[1].text}"):
            rest = [Block(f"by {rest[1].text}"), *rest[2:]]
        else:
            break
    return title, author, blocks[:top] + rest


def _named(line: str) -> str | None:
    """The author in a line that says nothing else."""
    match = _BY.match(line)
    short = match and len(match["name"].split()) <= _MAX_NAME_WORDS and match["name"][0].isupper()
    return match["name"] if match and short else None


def _resolved(blocks: list[Block]) -> list[Block]:
    """Every heading followed by what it heads."""
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
        elif below is not None and is_label(block.text) and not is_chapter(below.text):
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
    names = [_tidy(block.text) for block in path]
    whole = _BETWEEN.join(names)
    return whole if len(whole) <= MAX_PATH else names[-1]


def _tidy(heading: str) -> str:
    """As the persona's own books have it: `Chapter II: The Lost Key`."""
    match = NUMBERED.match(heading)
    if not match:
        return _titled(heading)
    number = match["number"]
    label = f"{match['kind'].title()} {number.upper() if re.fullmatch('(?i:[ivxlcdm]+)', number) else number.title()}"
    title = _titled((match["rest"] or "").lstrip(".:)]–—- "))
    return f"{label}: {title}" if title else label


def _titled(title: str) -> str:
    title = title.strip(" ._")
    if not title.isupper() or _ROMAN.match(title):
        return title
    words = [word if _ROMAN.match(word) or "." in word[:-1] else word.capitalize() for word in title.split()]
    return re.sub(r"(?<=-)[a-z]", lambda match: match[0].upper(), " ".join(words))

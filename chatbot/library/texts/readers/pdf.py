"""PDF by pypdf: pages joined, running headers and page numbers dropped.

A PDF states where letters are, not what a paragraph is. A line that ends a sentence well short of the right edge ends a
paragraph; passages that are still too long are cut at sentences later.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any

from chatbot.errors import SourceError
from chatbot.library.texts.headings import says_so
from chatbot.library.texts.readers import limits
from chatbot.library.texts.readers.blocks import Block, Draft
from chatbot.library.texts.readers.limits import Deadline

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

EDGE = 2  # lines at the top and at the bottom of a page that may be running headers
MIN_REPEATS = 3  # pages on which a line has to be repeated to be one
SHORT = 0.8  # of the usual line; a shorter line ends a paragraph, if it ends a sentence

_PAGE_NUMBER = re.compile(
    r"^[\s\[(–—-]*(?:page\s+)?(?:\d{1,4}|[ivxlc]{1,7})(?:\s*(?:/|of)\s*\d{1,4})?[\s\])–—-]*$", re.I
)
_NUMBER_AT_THE_EDGE = re.compile(r"^\W*\d{1,4}\W+|\W+\d{1,4}\W*$")
_SENTENCE_END = re.compile(r"""[.!?:…。！？؟]["'”’»)\]]*$""")
_NO_TITLE = re.compile(r"\.\w{2,4}$|^(?:untitled|microsoft word|title)\b", re.IGNORECASE)


def read_pdf(data: bytes, name: str, deadline: Deadline) -> Draft:
    """The text of a PDF.

    Raises:
        SourceError: it is encrypted, damaged, too long, or holds pictures of pages and no text.
    """
    # It logs every oddity of a file, which a user can do nothing about; the notes say what was left out.
    logging.getLogger("pypdf").propagate = False
    pages, said, notes = _pages(data, name, deadline)
    if not any(char.isalpha() for page in pages for line in page for char in line):
        raise SourceError(
            f"{name} holds no text: its {len(pages)} page{'s' * (len(pages) != 1)} may be scanned pictures. Run text "
            "recognition on it (ocrmypdf, for example), or look for another edition."
        )
    blocks = list(_blocks(_without_headers(pages)))
    title = said.get("/Title", "")
    return Draft(
        blocks, title if not _NO_TITLE.search(title) else None, said.get("/Author") or None, notes=tuple(notes)
    )


def _pages(data: bytes, name: str, deadline: Deadline) -> tuple[list[list[str]], dict[str, str], list[str]]:
    """The lines of every page, the file's metadata, and notes of what could not be read."""
    from pypdf import PasswordType, PdfReader

    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
            raise _encrypted(name)
        count = len(reader.pages)
    except SourceError:
        raise
    except Exception as error:  # a damaged file can raise anything
        if type(error).__name__ in ("DependencyError", "FileNotDecryptedError"):
            raise _encrypted(name) from error
        raise SourceError(f"{name} cannot be read as a PDF: {error}. Download it again, or save it again.") from error
    if count > limits.MAX_PAGES:
        raise SourceError(f"{name} has {count} pages; at most {limits.MAX_PAGES} can be read. Split it.")
    pages: list[list[str]] = []
    notes: list[str] = []
    for number in range(count):
        deadline.check()
        text, problem = _text_of(reader.pages, number, deadline)
        if problem:
            notes.append(f"Page {number + 1} of {name} could not be read and is left out ({problem}).")
        pages.append([" ".join(line.split()) for line in text.split("\n")])
    if notes and len(notes) == count:
        raise SourceError(f"{name}: none of its {count} pages could be read. Download it again, or save it again.")
    with suppress(Exception):  # where the file's own number is damaged it says nothing
        said = int(reader.root_object["/Pages"]["/Count"])  # type: ignore[index]
        if said > count:
            notes.append(f"{name} says that it has {said} pages; {count} of them could be found.")
    return pages, _metadata(reader), notes


def _text_of(pages: Sequence[PageObject], number: int, deadline: Deadline) -> tuple[str, str]:
    """The text of a page, from 0, and, where it could not be read, why; a page that holds no text has neither."""

    def check_deadline(*_: Any) -> None:
        deadline.check()

    complaints: list[str] = []
    try:
        with _complaints(complaints):
            page = pages[number]
            text = page.extract_text(visitor_operand_before=check_deadline)
            empty = "/Contents" in page and page.get_contents() is None
    except SourceError:
        raise
    except Exception as error:  # a damaged page can raise anything
        return "", type(error).__name__
    shown = "".join(text.split())
    if shown.count("\ufffd") * 2 > len(shown):
        return "", "its letters are not known"
    if not shown and (complaints or empty):
        return "", complaints[0] if complaints else "it has no content"
    return text, ""


@contextmanager
def _complaints(heard: list[str]) -> Iterator[None]:
    """Put what pypdf logs into `heard`."""

    class Heard(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage().rstrip("."))

    # Reading in several threads at once would have them hear one another, which does no harm.
    logger, handler = logging.getLogger("pypdf"), Heard(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def _metadata(reader: PdfReader) -> dict[str, str]:
    with suppress(Exception):  # damaged, it says nothing
        return {key: str(value).strip() for key, value in (reader.metadata or {}).items() if value}
    return {}


def _encrypted(name: str) -> SourceError:
    return SourceError(f"{name} is protected by a password. Save a copy without one, and add that.")


def _without_headers(pages: list[list[str]]) -> Iterator[list[str]]:
    repeated = Counter(line for page in pages for line in {_bare(page[at]) for at in _edges(page)} if line)
    for page in pages:
        dropped = {
            at for at in _edges(page) if _PAGE_NUMBER.match(page[at]) or repeated[_bare(page[at])] >= MIN_REPEATS
        }
        yield [line for at, line in enumerate(page) if at not in dropped]


def _edges(page: list[str]) -> list[int]:
    """The places of a page's first and last lines that are not empty; of a short page only the outermost."""
    filled = [at for at, line in enumerate(page) if line]
    deep = min(EDGE, (len(filled) - 1) // 2)
    return sorted({*filled[:deep], *filled[len(filled) - deep :]})


def _bare(line: str) -> str:
    """A line without the page's number. A chapter keeps its own, or all chapters would look like one running header."""
    return line if says_so(line) else _NUMBER_AT_THE_EDGE.sub("", line).strip()


def _blocks(pages: Iterator[list[str]]) -> Iterator[Block]:
    lines = [line for page in pages for line in page]
    lengths = sorted(len(line) for line in lines if line)
    usual = lengths[len(lengths) * 9 // 10] if lengths else 0
    held = ""
    for line in lines:
        if says_so(line):
            if held:
                yield Block(held)
            held = ""
            yield Block(line, 2)
            continue
        if line:
            held = f"{held}\n{line}".strip()
        # An empty line alone is not enough: a page may end with one in the middle of a sentence.
        if len(line) < SHORT * usual and _SENTENCE_END.search(held):
            yield Block(held)
            held = ""
    if held:
        yield Block(held)

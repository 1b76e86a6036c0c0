"""A file that a user adds: read by its content, its name only decides between kinds of text."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from pathlib import Path

from chatbot.errors import SourceError
from chatbot.language import ENGLISH, Language
from chatbot.library.texts.readers import limits
from chatbot.library.texts.readers.archive import normal_path
from chatbot.library.texts.readers.blocks import Draft, TextFile, assemble
from chatbot.library.texts.readers.decoding import decode
from chatbot.library.texts.readers.epub import CONTAINER, read_epub
from chatbot.library.texts.readers.limits import Deadline, megabytes
from chatbot.library.texts.readers.markdown import read_markdown
from chatbot.library.texts.readers.pdf import read_pdf
from chatbot.library.texts.readers.plain_text import read_plain_text
from chatbot.library.texts.readers.web_page import read_markup

SUFFIXES = (".txt", ".md", ".markdown", ".html", ".htm", ".xhtml", ".epub", ".pdf")

_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.DOTALL | re.IGNORECASE
)
_OTHERS = (
    (b"{\\rtf", "a Rich Text document"),
    (b"\xd0\xcf\x11\xe0", "an old Word document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
)


def read_text_file(path: Path, language: Language = ENGLISH) -> TextFile:
    """Read a file that a user adds to a library.

    Args:
        path: a .txt, .md, .html, .epub or .pdf file.
        language: of its text.

    Raises:
        SourceError: it is missing, empty, too large, binary, damaged, protected or without text; the message says which
            and what to do.
    """
    data = _bytes(path)
    deadline = Deadline(path.name)
    try:
        draft = _draft(data, path, deadline)
    except MemoryError as error:
        raise SourceError(f"There is not enough memory to read {path.name}. Split it and add the parts.") from error
    return assemble(draft, path.name, path.stem, language)


def _bytes(path: Path) -> bytes:
    # A message names the file without its folder, which on the page is one of the server's.
    try:
        if path.is_dir():
            raise SourceError(f"{path.name} is a folder. Add its files one by one.")
        size = path.stat().st_size
        if not path.is_file():  # a pipe or a device may have no end
            raise SourceError(f"{path.name} is not a file that can be read to its end.")
        if size > limits.MAX_BYTES:
            raise _too_large(path, megabytes(size))
        with path.open("rb") as file:
            data = file.read(limits.MAX_BYTES + 1)
    except FileNotFoundError:
        raise SourceError(f"{path.name} does not exist. Check the spelling of its name and folder.") from None
    except PermissionError as error:
        raise SourceError(
            f"You have no permission to read {path.name}. Change it (`chmod u+r`), or add a copy."
        ) from error
    except (OSError, ValueError) as error:
        raise SourceError(f"{path.name} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    if len(data) > limits.MAX_BYTES:
        raise _too_large(path, f"more than {megabytes(limits.MAX_BYTES)}")
    if not data.strip():
        raise SourceError(f"{path.name} is empty. Add a file with text in it.")
    return data


def _too_large(path: Path, size: str) -> SourceError:
    return SourceError(
        f"{path.name} has {size}; at most {megabytes(limits.MAX_BYTES)} can be read. Split it and add the parts."
    )


def _draft(data: bytes, path: Path, deadline: Deadline) -> Draft:
    suffix = path.suffix.lower()
    if data.startswith(b"%PDF-") or (suffix == ".pdf" and b"%PDF-" in data[:1024]):
        return read_pdf(data, path.name, deadline)
    if data.startswith(b"PK\x03\x04"):
        _check_is_epub(data, path.name)
        return read_epub(data, path.name, deadline)
    for beginning, kind in _OTHERS:
        if data.startswith(beginning):
            raise SourceError(f"{path.name} is {kind}. Save it in one of these formats and add that: {limits.FORMATS}.")
    named_markup = suffix in (".html", ".htm", ".xhtml")
    text = decode(data, path.name, markup=named_markup or b"<" in data[:1024])
    if _HTML.match(text[:10_000]) or (named_markup and re.search(r"<\w+[^>]{0,500}>", text)):
        return read_markup(text, deadline)
    return read_markdown(text, deadline) if suffix in (".md", ".markdown") else read_plain_text(text)


def _check_is_epub(data: bytes, name: str) -> None:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = {normal_path(name).casefold() for name in archive.namelist()}
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return  # the EPUB reader says that it is damaged
    if CONTAINER.casefold() in names or name.lower().endswith(".epub"):
        return
    kind = "a Word document" if "word/document.xml" in names else "a ZIP archive"
    raise SourceError(f"{name} is {kind}, not an EPUB. Save it in one of these formats and add that: {limits.FORMATS}.")

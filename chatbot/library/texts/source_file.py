"""A source text as a file: read strictly as UTF-8, and without Project Gutenberg's header and licence."""

from __future__ import annotations

import re
from pathlib import Path

from chatbot.errors import SourceError

_START = re.compile(r"^\*\*\* ?START OF (?:THIS|THE) PROJECT GUTENBERG.*$", re.MULTILINE)
_END = re.compile(
    r"^(?:\*\*\* ?END OF (?:THIS|THE) PROJECT GUTENBERG|End of (?:the |this )?Project Gutenberg).*$", re.MULTILINE
)
_PRODUCERS = re.compile(r"^\s*Produced by .*?(?:\n\s*\n)", re.DOTALL)


def read_source_file(file: Path) -> str:
    """The text of a file that a persona names.

    It is not guessed at, as a user's own file is: another encoding would give the passages other ids.

    Raises:
        SourceError: it is missing, empty, binary or not UTF-8; the message says which and what to do.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SourceError(f"{file} cannot be read: {error.strerror}.") from error
    if not data.strip():
        raise SourceError(f"{file} is empty. Fetch it again, or remove it from the persona's sources.")
    if b"\x00" in data[:65536]:
        raise SourceError(f"{file} is not a text but a binary file. Use the plain-text edition of the book.")
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
    return _PRODUCERS.sub("", text, count=1)

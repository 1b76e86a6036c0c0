"""What a file that a user adds may be and may cost: formats, bytes, archive entries, pages, seconds."""

from __future__ import annotations

import time

from chatbot.errors import SourceError

FORMATS = ".txt, .md, .html, .epub and .pdf"  # as they are said to a user
MAX_BYTES = 50_000_000  # of the file itself
MAX_UNPACKED = 200_000_000  # bytes, of all that an archive holds
MAX_RATIO = 100  # bytes unpacked for one packed; text and pictures stay below 20
RATIO_FROM = 1_000_000  # bytes unpacked; a smaller entry does no harm
MAX_ENTRIES = 10_000
MAX_PAGES = 3_000
MAX_SECONDS = 120.0


def megabytes(size: int) -> str:
    """A number of bytes in a message."""
    return f"{size / 1_000_000:.1f} MB"


class Deadline:
    """The moment at which a reader gives up. Damaged and hostile files can keep a parser busy for hours."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._seconds = MAX_SECONDS
        self._end = time.monotonic() + MAX_SECONDS

    def check(self) -> None:
        """Raise an error if the time is up.

        Raises:
            SourceError: it is.
        """
        if time.monotonic() > self._end:
            raise SourceError(
                f"Reading {self._name} was given up after {self._seconds:.0f} seconds: it is too large or damaged. "
                "Split it, or save it as plain text, and add that."
            )

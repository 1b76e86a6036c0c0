"""A ZIP archive whose files are found as references name them, which is seldom as they are named.

References are percent-encoded, have fragments, backslashes, another case or another Unicode form than the names; names
occur twice, or are in UTF-8 without saying so. Nothing is unpacked to disk.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from urllib.parse import unquote

from chatbot.errors import SourceError
from chatbot.library.texts.readers import limits
from chatbot.library.texts.readers.limits import megabytes


class DamagedEntryError(Exception):
    """A file in an archive cannot be unpacked; the text says why."""


class Archive:
    """The files of an open archive.

    Args:
        opened: the archive.
        name: of its file, for messages.

    Raises:
        SourceError: too many files, too much unpacked, packed too tightly to be a book, or a path that leads out.
    """

    def __init__(self, opened: zipfile.ZipFile, name: str) -> None:
        self._opened = opened
        self.name = name
        _check(opened, name)
        self.paths: list[str] = []
        self._entries: dict[str, list[zipfile.ZipInfo]] = {}
        self._path_of: dict[str, str] = {}  # by every form of a path; the exact ones win
        for entry in opened.infolist():
            path = normal_path(_unicode_name(entry))
            if path.endswith("/"):
                continue
            if path not in self._entries:
                self.paths.append(path)
            self._entries.setdefault(path, []).append(entry)
        for path in self.paths:
            self._path_of.setdefault(path.casefold(), path)
        self._path_of |= {path: path for path in self.paths}

    def find(self, reference: str, folder: str = "") -> str | None:
        """The path of the file that a reference means; None where there is none.

        Args:
            reference: as another file of the archive names it.
            folder: of that file.
        """
        for said in _readings(reference):
            path = normal_path(said.lstrip("/") if said.startswith("/") else posixpath.join(folder, said))
            found = self._path_of.get(path) or self._path_of.get(path.casefold())
            if found:
                return found
        return None

    def size(self, path: str) -> int:
        """The most bytes that a file claims."""
        return max(entry.file_size for entry in self._entries[path])

    def read(self, path: str) -> bytes:
        """What a file holds; of several of one name the last that is whole.

        Raises:
            DamagedEntryError: none of them is.
        """
        problem = ""
        for entry in reversed(self._entries[path]):
            try:
                return self._opened.read(entry)
            except MemoryError:
                raise
            except Exception as error:  # each way of packing has errors of its own
                problem = problem or str(error) or type(error).__name__
        raise DamagedEntryError(problem)


def normal_path(path: str) -> str:
    """A path with slashes, in composed Unicode, without `.` and `..` where they lead nowhere."""
    plain = unicodedata.normalize("NFC", path.replace("\\", "/"))
    return posixpath.normpath(plain) + ("/" if plain.endswith("/") else "")


def _readings(reference: str) -> Iterator[str]:
    """What a reference may mean, the likeliest first."""
    said = reference.strip().replace("\\", "/")
    for form in (said, re.split("[#?]", said, maxsplit=1)[0]):
        yield form
        yield unquote(form)
        yield unquote(unquote(form))
        yield unquote(form, encoding="cp1252", errors="replace")


def _unicode_name(entry: zipfile.ZipInfo) -> str:
    """A name in UTF-8 that is not marked as such is taken for code page 437 by `zipfile`."""
    if entry.flag_bits & 0x800 or entry.filename.isascii():
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _check(archive: zipfile.ZipFile, name: str) -> None:
    entries = archive.infolist()
    if len(entries) > limits.MAX_ENTRIES:
        raise SourceError(f"{name} holds {len(entries)} files; at most {limits.MAX_ENTRIES} can be read.")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.MAX_UNPACKED:
        raise SourceError(
            f"{name} would be {megabytes(unpacked)} unpacked; at most {megabytes(limits.MAX_UNPACKED)} can be read."
        )
    for entry in entries:
        parts = entry.filename.replace("\\", "/").split("/")
        if ".." in parts or entry.filename.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", entry.filename):
            raise SourceError(f"{name} holds a file whose path leads out of it ({entry.filename!r}). It is not read.")
        if entry.file_size > limits.RATIO_FROM and entry.file_size > limits.MAX_RATIO * max(entry.compress_size, 1):
            raise SourceError(
                f"{name} is packed too tightly to be a book: {entry.filename!r} unpacks {entry.compress_size} bytes to "
                f"{megabytes(entry.file_size)}. It is not read."
            )

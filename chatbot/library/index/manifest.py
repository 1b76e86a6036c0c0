"""`manifest.json`: what a library holds, which embedder built it, and for how many of its passages there are vectors.

It is written anew whenever something is whole; it stays as it was until the new one is. What stands in the index is
read from the index, which is replaced as one, so that a kill between the two leaves nothing untold.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from chatbot.errors import LibraryError
from chatbot.language import ENGLISH
from chatbot.library.encoders import Embedder

MANIFEST = "manifest.json"
INDEX = "index"
CONTENTS = "contents.json"
LOCK = ".lock"


class SourceEntry(BaseModel):
    """One source in the library; `content` is the fingerprint of the words of a text that a user added."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    title: str
    works: int
    passages: int
    content: str = ""


class Contents(BaseModel):
    """What one index holds: the name of its set of passages, their number and sources, the language of its stems."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stamp: str
    total: int
    sources: dict[str, SourceEntry]
    language: str = ENGLISH.code


class Manifest(BaseModel):
    """What a library holds and what built it.

    Attributes:
        version: 1: the index is bm25s's own, and whole libraries alone have `complete`.
        embedder: the fingerprint of its main embedder.
        complete: every passage has its vector of the main embedder, and there are no others.
        total: how many passages there are.
        dense: how many of them have vectors of the main embedder so far.
        stamp: names the set of passages that all this is said of.
        sources: what they come from, by name.
        filled: for every embedder, the sets of passages that its collection holds in full.
        plain: whose collection has the name without a fingerprint; empty: the main embedder's.
        leaving: collections that are no longer used and not yet deleted.
        window: the most tokens of a passage, as the embedder counts them that the passages were cut for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = 2
    embedder: str
    complete: bool = False
    total: int = 0
    dense: int = 0
    stamp: str = ""
    sources: dict[str, SourceEntry] = {}
    filled: dict[str, tuple[str, ...]] = {}
    plain: str = ""
    leaving: tuple[str, ...] = ()
    window: int = 0

    def is_filled(self, fingerprint: str, stamp: str) -> bool:
        """Whether an embedder's collection holds every passage of a set."""
        first = self.version == 1 and self.complete and fingerprint == self.embedder
        return first or stamp in self.filled.get(fingerprint, ())

    def changed(self, **values: Any) -> Manifest:
        """The same with other values."""
        return self.model_copy(update={"version": 2, **values})

    def collection(self, persona: str, fingerprint: str) -> str:
        """The name of the Chroma collection that belongs to an embedder."""
        if fingerprint == (self.plain or self.embedder):
            return f"bakerstreet-{persona}"
        return f"bakerstreet-{persona}-{hashlib.sha256(fingerprint.encode()).hexdigest()[:8]}"

    def state(self) -> str:
        """How the library is searched at present, in a few words."""
        if self.dense >= self.total:
            return f"searched by words and by sense; {self.total:,} passages"
        return f"searched by words; {self.dense:,} of {self.total:,} passages by sense so far"


def index_folder(folder: Path) -> Path | None:
    """Where the index of a library stands; None where there is none."""
    for name in (INDEX, f".{INDEX}-old"):  # the second: a build was killed between the two renames
        if (folder / name).is_dir():
            return folder / name
    return None


def file_stamp(file: Path) -> tuple[int, ...]:
    """Tells one writing of a file or folder from the next, which comes by a rename; empty where there is none."""
    try:
        status = file.stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_ino, status.st_size


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a library, or None where there is none.

    Raises:
        LibraryError: it is damaged.
    """
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest.version == 1:
            total = sum(entry.passages for entry in manifest.sources.values())
            manifest = manifest.model_copy(update={"total": total, "dense": total if manifest.complete else 0})
        index = index_folder(folder)
        if index is None or not (index / CONTENTS).is_file():
            return manifest
        contents = Contents.model_validate_json((index / CONTENTS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValidationError, ValueError) as error:
        raise LibraryError(
            f"The library in {folder} is damaged ({MANIFEST}). Build it anew with "
            f"`bakerstreet library build {folder.name} --fresh`."
        ) from error
    if contents.stamp == manifest.stamp:
        return manifest
    # A change was killed between the new index and its manifest.
    whole = contents.stamp in manifest.filled.get(manifest.embedder, ())
    return manifest.changed(
        complete=False,
        stamp=contents.stamp,
        total=contents.total,
        sources=contents.sources,
        dense=contents.total if whole else min(manifest.dense, max(0, contents.total - 1)),
    )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest; the old one stays until the new one is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{MANIFEST}"
    partial.write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    partial.replace(folder / MANIFEST)


def check_embedder(folder: Path, manifest: Manifest, embedder: Embedder) -> None:
    """Raises LibraryError where the library was built with another embedder than `embedder`."""
    if manifest.embedder != embedder.fingerprint:
        raise LibraryError(
            f"The library in {folder} was built with the embedder {manifest.embedder}, but the settings name "
            f"{embedder.fingerprint}. Set BAKERSTREET_EMBEDDER back, or embed its passages anew with "
            f"`bakerstreet library build {folder.name} --switch-embedder` (the texts are not needed for it), or build "
            f"everything anew with `bakerstreet library build {folder.name} --fresh`."
        )


@dataclass
class _Door:
    lock: threading.RLock = field(default_factory=threading.RLock)
    depth: int = 0  # how often its holder holds it


_doors: dict[Path, _Door] = {}
_doors_lock = threading.Lock()


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Held by whoever changes a library: one thread at a time, and one process where the system has file locks.

    Raises:
        LibraryError: nothing can be written there.
    """
    with _doors_lock:
        door = _doors.setdefault(folder.resolve(), _Door())
    with door.lock:
        door.depth += 1
        stream = None
        try:
            if door.depth == 1:
                stream = _locked(folder)
            yield
        finally:
            door.depth -= 1
            if stream is not None:
                stream.close()


def _locked(folder: Path) -> IO[str]:
    """A file in the library's folder that is locked until it is closed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / LOCK).open("w")
    except OSError as error:
        raise LibraryError(f"The library in {folder} cannot be written: {error.strerror}.") from error
    with suppress(ImportError, OSError):
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_EX)
    return stream

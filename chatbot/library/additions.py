"""Texts of the user's own in a library: added, replaced and taken out, usable in the next turn.

The library is changed as a build changes it: what is new is embedded first, then the index is replaced by a rename,
then what is no longer wanted goes. A kill at any point leaves the library as it was before, or as it is behind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from chatbot.errors import LibraryError, SourceError
from chatbot.library.build import standing, write_library
from chatbot.library.embedder import Embedder
from chatbot.library.passages import TEXT, Passage, cut
from chatbot.library.readers import content_key, read_text_file
from chatbot.library.store import Manifest, SourceEntry, check_embedder, read_manifest
from personas import LoadedPersona

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Added:
    """What became of a file: its name and title in the library, its passages, and what could not be read of it."""

    name: str
    title: str
    passages: int
    notes: tuple[str, ...] = ()


def add_text(
    loaded: LoadedPersona,
    folder: Path,
    embedder: Embedder,
    file: Path,
    *,
    name: str | None = None,
    replace_old: bool = False,
    chroma_url: str | None = None,
    on_progress: Progress = lambda done, total: None,
) -> Added:
    """Add a text to a library.

    Args:
        loaded: whose library it is.
        folder: the library's folder.
        embedder: the one that built it.
        file: txt, md, html, epub or pdf.
        name: what it is called in the library; its file name by default.
        replace_old: take the place of a text of that name.
        chroma_url: a Chroma server instead of the embedded store.
        on_progress: told how many passages are embedded, of how many.

    Raises:
        SourceError: it cannot be read, it is in the library already, or another text has its name.
        LibraryError: there is no library, another embedder built it, or it cannot be written. Nothing is lost.
    """
    manifest = _manifest(folder, embedder)
    name = name or file.name
    if name in {source.file for source in loaded.persona.sources}:
        raise SourceError(f"'{name}' is the name of one of {loaded.persona.name}'s own books. Rename the file.")
    old = manifest.sources.get(name)
    if old is not None and not replace_old:
        raise SourceError(
            f"There is a text named '{name}' already ({old.title}). Rename the file, or replace the old one."
        )
    read = read_text_file(file)
    content = content_key(read.sections)
    for other, entry in manifest.sources.items():
        if entry.content == content and (other != name or old is not None):
            raise SourceError(f"The words of '{name}' are in the library already, as '{other}'.")
    sections = [replace(section, source=name) for section in read.sections]
    limit = embedder.max_tokens - 4
    made = [passage for section in sections for passage in cut(section, embedder.count, limit)]
    if not made:
        raise SourceError(f"'{name}' holds no text that could be found again. Is it a scan, or empty?")
    entry = SourceEntry(kind=TEXT, title=read.title, works=1, passages=len(made), content=content)
    kept = _without(standing(folder, manifest), name)
    write_library(loaded, folder, embedder, [*kept, *made], {**manifest.sources, name: entry}, chroma_url, on_progress)
    return Added(name, read.title, len(made), tuple(read.notes))


def remove_text(
    loaded: LoadedPersona, folder: Path, embedder: Embedder, name: str, *, chroma_url: str | None = None
) -> int:
    """Take a text out of a library; the number of passages that went.

    Raises:
        SourceError: there is no text of that name; the message names those there are.
        LibraryError: the library cannot be read or written. Nothing is lost.
    """
    manifest = _manifest(folder, embedder)
    texts = [other for other, entry in manifest.sources.items() if entry.kind == TEXT]
    if name not in texts:
        there = ", ".join(texts) or "none"
        raise SourceError(f"There is no text named '{name}' in the library. There are: {there}.")
    before = standing(folder, manifest)
    kept = _without(before, name)
    known = {other: entry for other, entry in manifest.sources.items() if other != name}
    write_library(loaded, folder, embedder, kept, known, chroma_url, lambda done, total: None)
    return len(before) - len(kept)


def _manifest(folder: Path, embedder: Embedder) -> Manifest:
    manifest = read_manifest(folder)
    if manifest is None:
        raise LibraryError(
            f"There is no library for '{folder.name}' yet. Build it with `bakerstreet library build {folder.name}`."
        )
    check_embedder(folder, manifest, embedder)
    return manifest


def _without(passages: list[Passage], name: str) -> list[Passage]:
    return [passage for passage in passages if passage.source != name or passage.kind != TEXT]

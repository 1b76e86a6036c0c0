"""Texts that are added to a library, replaced and removed, usable in the next turn: for everybody, or for one visitor.

A library that is whole is changed as a build changes it: what is new is embedded first, then the index is replaced by a
rename, then what is no longer wanted is deleted. A kill at any point leaves it as it was before, or as it is after.
Where vectors are still being filled in, a new text is found by words at once and embedded with the other passages.

A visitor's texts go into an index of his own (`own_texts`); the shared index is not touched for him.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from chatbot.errors import LibraryError, SourceError
from chatbot.language import LANGUAGES
from chatbot.library.index.build import cut_all, write_library
from chatbot.library.index.locking import writing
from chatbot.library.index.manifest import Manifest, SourceEntry, check_embedder, read_manifest
from chatbot.library.index.own_texts import OwnTexts, check_size
from chatbot.library.index.passages import IndexReplacedError, Passages, read_passages
from chatbot.library.texts import CASEBOOK, TEXT, content_key, read_text_file
from chatbot.limits import MAX_TEXT_NAME, too_long
from chatbot.progress import Progress
from personas import LoadedPersona

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder


ATTEMPTS = 5  # to change a visitor's texts while the shared ones are being replaced

T = TypeVar("T")


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
    owner: str | None = None,
    replace_old: bool = False,
    behind: bool = False,
    chroma_url: str | None = None,
    on_progress: Progress = lambda done, total: None,
) -> Added:
    """Add a text to a library.

    Args:
        loaded: whose library it is.
        folder: the library's folder.
        embedder: the one that built it.
        file: txt, md, html, epub or pdf.
        name: its name in the library; its file name by default.
        owner: the visitor whose text it is, who alone will find it; None: everybody's.
        replace_old: replace the text of that name, if there is one.
        behind: where the library is not whole yet, leave the vectors to `fill_library`.
        chroma_url: a Chroma server instead of the embedded store.
        on_progress: told how many passages are embedded, of how many.

    Raises:
        SourceError: it cannot be read, it is in the library already, another text has its name, or the visitor has no
            room for it.
        LibraryError: there is no library, another embedder built it, or it cannot be written. Nothing is lost.
    """
    manifest = _manifest(folder, embedder)
    name = name or file.name
    if len(name) > MAX_TEXT_NAME:
        raise SourceError(too_long(f"The name '{name[:40]}...'", len(name), MAX_TEXT_NAME, "Rename the file."))
    if name in {CASEBOOK, *(source.file for source in loaded.persona.sources)}:
        raise SourceError(f"'{name}' is the name of one of {loaded.persona.name}'s own books. Rename the file.")
    if owner is not None:
        check_size(file)
    language = LANGUAGES[manifest.contents.language]
    read = read_text_file(file, language)
    content = content_key(read.sections)
    made = cut_all((replace(section, source=name) for section in read.sections), embedder, language)
    if not made:
        raise SourceError(f"'{name}' holds no text that could be found again. Is it a scan, or empty?")
    entry = SourceEntry.of(read.title, made, content)
    if owner is not None:
        own = OwnTexts(folder, owner)
        with writing(own.folder):
            _check_new({**_manifest(folder, embedder).sources, **own.entries()}, name, content, replace_old)
            _against(folder, lambda shared: own.add(shared, embedder, name, entry, made, on_progress))
    else:
        with writing(folder):
            manifest = _manifest(folder, embedder)
            _check_new(manifest.sources, name, content, replace_old)
            entries = {**manifest.sources, name: entry}
            write_library(folder, embedder, {name: made}, entries, language, chroma_url, on_progress, behind=behind)
    return Added(name, read.title, len(made), tuple(read.notes))


def remove_text(
    folder: Path,
    embedder: Embedder,
    name: str,
    *,
    owner: str | None = None,
    behind: bool = False,
    chroma_url: str | None = None,
) -> int:
    """Remove a text from a library; returns how many passages it had.

    Args:
        folder: the library's folder.
        embedder: the one that built it.
        name: of the text in the library.
        owner: the visitor who removes one of his texts; None: one of the shared texts is removed.
        behind: where the library is not whole yet, leave the vectors to `fill_library`.
        chroma_url: a Chroma server instead of the embedded store.

    Raises:
        SourceError: there is no text of that name that is theirs; the message names those there are.
        LibraryError: the library cannot be read or written. Nothing is lost.
    """
    if owner is not None:
        own = OwnTexts(folder, owner)
        return _against(folder, lambda shared: own.remove(shared, name))
    with writing(folder):
        manifest = _manifest(folder, embedder)
        texts = [other for other, entry in manifest.sources.items() if entry.kind == TEXT]
        if name not in texts:
            there = ", ".join(texts) or "none"
            raise SourceError(f"There is no text named '{name}' in the library. There are: {there}.")
        entries = {other: entry for other, entry in manifest.sources.items() if other != name}
        language = LANGUAGES[manifest.contents.language]
        write_library(
            folder, embedder, {name: []}, entries, language, chroma_url, lambda done, total: None, behind=behind
        )
        return manifest.sources[name].passages


def _against(folder: Path, change: Callable[[Passages], T]) -> T:
    """Change a visitor's texts against the shared passages as they are, again where those are replaced meanwhile."""
    for _ in range(ATTEMPTS - 1):
        with suppress(IndexReplacedError):
            return change(read_passages(folder))
    return change(read_passages(folder))


def _check_new(sources: Mapping[str, SourceEntry], name: str, content: str, replace_old: bool) -> None:
    old = sources.get(name)
    if old is not None and not replace_old:
        raise SourceError(
            f"There is a text named '{name}' already ({old.title}). Rename the file, or replace the old one."
        )
    for other, entry in sources.items():
        if entry.content == content and (other != name or old is not None):
            raise SourceError(f"The words of '{name}' are in the library already, as '{other}'.")


def _manifest(folder: Path, embedder: Embedder) -> Manifest:
    manifest = read_manifest(folder)
    if manifest is None:
        raise LibraryError(
            f"There is no library for '{folder.name}' yet. Build it with `bakerstreet library build {folder.name}`."
        )
    check_embedder(folder, manifest, embedder)
    return manifest

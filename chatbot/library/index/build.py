"""Build a library: sources -> sections -> passages -> BM25 and Chroma.

A passage's id is made of its text and place, so a build only has to embed the ids that Chroma lacks and to delete
those it should not have. Building again embeds only what changed, and a build that was killed goes on.

Where no whole library stands yet, passages and BM25 come first, so that it can be searched by words at once, and the
vectors are filled in behind. A library that stands is changed as one: what is new is embedded, then the index is
replaced, then what is no longer wanted goes.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chatbot.errors import LibraryError, SourceError
from chatbot.language import Language, language_of
from chatbot.library.encoders import Embedder
from chatbot.library.index.arrangement import arrange, entries_of, kept_positions
from chatbot.library.index.dense import (
    BATCH,
    KEEPS_WORDS,
    chroma_errors,
    delete_ids,
    embed_into,
    fill_dense,
    fill_library,
    with_filled,
)
from chatbot.library.index.manifest import Manifest, SourceEntry, check_embedder, read_manifest, write_manifest, writing
from chatbot.library.index.passage_file import Arranged, Passages
from chatbot.library.index.store import (
    CHROMA,
    INDEX,
    MANIFEST,
    delete_collection,
    index_folder,
    known_ids,
    open_chroma,
    read_passages,
    write_index,
)
from chatbot.library.texts import TEXT, casebook_sections, cut, sections_of
from chatbot.progress import Progress
from personas import LoadedPersona

__all__ = [
    "Built",
    "build_library",
    "fill_dense",
    "fill_library",
    "standing",
    "write_library",
]


@dataclass(frozen=True)
class Built:
    """What a build did."""

    passages: int
    embedded: int
    removed: int


def build_library(
    loaded: LoadedPersona,
    folder: Path,
    embedder: Embedder,
    *,
    texts: dict[str, str] | None = None,
    chroma_url: str | None = None,
    fresh: bool = False,
    behind: bool = False,
    on_progress: Progress = lambda done, total: None,
) -> Built:
    """Build the library of a persona, or bring it up to date.

    Args:
        loaded: the persona with its casebook and sources.
        folder: the library's folder.
        embedder: embeds the passages.
        texts: the text of every source to be taken in, by its file name. Sources that are in the library and not
            named here stay as they are; None: the casebook alone is brought up to date.
        chroma_url: a Chroma server instead of the embedded store.
        fresh: throw the old library away first.
        behind: where no whole library stands yet, leave the vectors to `fill_library`.
        on_progress: told how many passages are embedded, of how many.

    Raises:
        SourceError: a source cannot be used. Nothing has been changed.
        LibraryError: the library was built with another embedder, or the store cannot be written.
    """
    sections = casebook_sections(loaded.casebook, loaded.persona.name) if loaded.casebook.is_dir() else []
    for source in loaded.persona.sources:
        if texts and source.file in texts:
            sections += sections_of(source, texts[source.file])
    limit, language = embedder.max_tokens - 4, language_of(loaded.persona)
    made = [passage for section in sections for passage in cut(section, embedder.count, limit, language)]
    if not made and not texts:
        raise SourceError(
            f"There is nothing to build from: {loaded.casebook} holds no *.md files and no texts were named."
        )
    with writing(folder):
        manifest = None if fresh else read_manifest(folder)
        if fresh:
            _discard(folder, embedder, chroma_url)
        if manifest:
            check_embedder(folder, manifest, embedder)
        old = standing(folder, manifest)
        renewed = {section.source for section in sections}
        kept = kept_positions(old, lambda kind, source: kind == TEXT and source not in renewed)
        arranged = arrange(loaded, old, kept, made)
        known = manifest.sources if manifest else {}
        return write_library(loaded, folder, embedder, arranged, known, chroma_url, on_progress, behind=behind)


def write_library(
    loaded: LoadedPersona,
    folder: Path,
    embedder: Embedder,
    arranged: Arranged,
    known: Mapping[str, SourceEntry],
    chroma_url: str | None,
    on_progress: Progress,
    *,
    behind: bool = False,
) -> Built:
    """Make the library hold what is arranged and nothing else; only what is not embedded yet is.

    Args:
        loaded: the persona, for the titles of its sources.
        folder: the library's folder.
        embedder: the one that built it, if it was built.
        arranged: all that it shall hold, as `arrange` gives it.
        known: what is known of the texts that are not the persona's own sources.
        chroma_url: a Chroma server instead of the embedded store.
        on_progress: told how many passages are embedded, of how many.
        behind: where the library is not whole yet, leave the vectors to `fill_library`.

    Raises:
        LibraryError: the store cannot be written. What was there before is still found.
    """
    entries, language = entries_of(loaded, arranged.groups, known), language_of(loaded.persona)
    with writing(folder):
        before = read_manifest(folder)
        old = arranged.old
        whole = before is not None and old is not None and before.is_filled(embedder.fingerprint, old.stamp)
        try:
            if whole and before is not None and old is not None:
                return _replace(folder, embedder, before, old, arranged, entries, language, chroma_url, on_progress)
            # First of all, so that another embedder is noticed even after a kill.
            manifest = before or Manifest(embedder=embedder.fingerprint, window=embedder.max_tokens)
            write_manifest(folder, manifest.changed(complete=False))
            open_chroma(folder, embedder, chroma_url, len(arranged))  # a server that is away is told at once
            write_index(folder, arranged, entries, language)
            dense = min(manifest.dense, len(arranged))
            stands = manifest.changed(stamp=arranged.stamp, total=len(arranged), dense=dense, sources=entries)
            write_manifest(folder, stands.changed(complete=False))
        except OSError as error:
            raise _unwritten(folder, error) from error
    embedded = 0 if behind else fill_library(folder, embedder, chroma_url, on_progress, batch=BATCH)
    return Built(len(arranged), embedded, _gone(old, arranged))


def _replace(
    folder: Path,
    embedder: Embedder,
    before: Manifest,
    old: Passages,
    arranged: Arranged,
    entries: dict[str, SourceEntry],
    language: Language,
    chroma_url: str | None,
    on_progress: Progress,
) -> Built:
    """Change a library that is whole: at every moment it is searched as it was, or as it shall be."""
    chroma = open_chroma(folder, embedder, chroma_url, len(arranged))
    new = [int(at) for at in np.flatnonzero(~arranged.is_old)]
    left = np.ones(len(old), bool)
    left[arranged.rows[arranged.is_old]] = False
    stale = [old.id_at(int(at)) for at in np.flatnonzero(left)]
    with chroma_errors(folder):
        if chroma._collection.count() != len(old):  # a change was killed, and left something there
            present = known_ids(chroma)
            wanted = {arranged.id_at(at): at for at in range(len(arranged))}
            new = [at for id_, at in wanted.items() if id_ not in present]
            stale = sorted(present - wanted.keys())
    on_progress(0, len(new))
    for start in range(0, len(new), BATCH):
        some = [arranged[at] for at in new[start : start + BATCH]]
        embed_into(folder, chroma, embedder, some, words=len(arranged) <= KEEPS_WORDS)
        on_progress(start + len(some), len(new))
    # The collection holds the old set and the new one; the new index is in place before anything is taken away.
    fingerprint = embedder.fingerprint
    filled = with_filled(folder, before)
    write_manifest(folder, before.changed(filled=filled | {fingerprint: (old.stamp, arranged.stamp)}, stamp=old.stamp))
    write_index(folder, arranged, entries, language)
    after = before.changed(
        stamp=arranged.stamp,
        total=len(arranged),
        dense=len(arranged),
        sources=entries,
        filled=filled | {fingerprint: (arranged.stamp,)},
    )
    write_manifest(folder, after.changed(complete=not stale))
    if stale:
        delete_ids(folder, chroma, stale)
        write_manifest(folder, after.changed(complete=True))
    return Built(len(arranged), len(new), len(stale))


def standing(folder: Path, manifest: Manifest | None) -> Passages | None:
    """The passages of the last whole index."""
    if manifest is None or index_folder(folder) is None:
        return None
    return read_passages(folder)


def _gone(old: Passages | None, arranged: Arranged) -> int:
    return len(old) - int(arranged.is_old.sum()) if old is not None else 0


def _unwritten(folder: Path, error: OSError) -> LibraryError:
    return LibraryError(f"The library in {folder} cannot be written: {error}. Free some disk.")


def _discard(folder: Path, embedder: Embedder, chroma_url: str | None) -> None:
    try:
        # Not the folder alone: a client of this process may still hold it open.
        manifest = read_manifest(folder)
        names = {manifest.collection(folder.name, name) for name in manifest.filled} if manifest else set()
        for name in names | {f"bakerstreet-{folder.name}", *(manifest.leaving if manifest else ())}:
            delete_collection(folder, name, chroma_url)
    except LibraryError:
        if chroma_url:
            raise
        shutil.rmtree(folder / CHROMA, ignore_errors=True)
    for name in (INDEX, f".{INDEX}-old"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / MANIFEST).unlink(missing_ok=True)

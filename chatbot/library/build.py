"""Build a library: sources -> sections -> passages -> Chroma and BM25.

A passage's id is made of its text and place, so a build only has to embed the ids that Chroma lacks and to delete
those it should not have. Building again embeds only what changed, and a build that was killed goes on.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.errors import LibraryError, SourceError
from chatbot.library.casebook import casebook_sections
from chatbot.library.embedder import Embedder
from chatbot.library.passages import CASEBOOK, TEXT, Passage, cut
from chatbot.library.store import (
    CHROMA,
    INDEX,
    MANIFEST,
    Manifest,
    SourceEntry,
    check_embedder,
    in_batches,
    known_ids,
    open_chroma,
    read_index,
    read_manifest,
    write_index,
    write_manifest,
)
from chatbot.library.texts import sections_of
from personas import LoadedPersona

BATCH = 64  # passages embedded and written at once: what a kill can cost

Progress = Callable[[int, int], None]


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
        on_progress: told how many passages are embedded, of how many.

    Raises:
        SourceError: a source cannot be used. Nothing has been changed.
        LibraryError: the library was built with another embedder, or the store cannot be written.
    """
    sections = casebook_sections(loaded.casebook, loaded.persona.name) if loaded.casebook.is_dir() else []
    for source in loaded.persona.sources:
        if texts and source.file in texts:
            sections += sections_of(source, texts[source.file])
    limit = embedder.max_tokens - 4
    made = [passage for section in sections for passage in cut(section, embedder.count, limit)]
    if not made and not texts:
        raise SourceError(
            f"There is nothing to build from: {loaded.casebook} holds no *.md files and no texts were named."
        )
    manifest = None if fresh else read_manifest(folder)
    if fresh:
        _discard(folder, embedder, chroma_url)
    if manifest:
        check_embedder(folder, manifest, embedder)
    renewed = {section.source for section in sections}
    kept = [p for p in standing(folder, manifest) if p.kind == TEXT and p.source not in renewed]
    known = manifest.sources if manifest else {}
    return write_library(loaded, folder, embedder, [*made, *kept], known, chroma_url, on_progress)


def write_library(
    loaded: LoadedPersona,
    folder: Path,
    embedder: Embedder,
    passages: Sequence[Passage],
    known: Mapping[str, SourceEntry],
    chroma_url: str | None,
    on_progress: Progress,
) -> Built:
    """Make the library hold `passages` and nothing else; only what is not embedded yet is.

    Args:
        loaded: the persona; its sources come in their order, other texts behind them.
        folder: the library's folder.
        embedder: the one that built it, if it was built.
        passages: all that it shall hold.
        known: what is known of the texts that are not the persona's own sources.
        chroma_url: a Chroma server instead of the embedded store.
        on_progress: told how many passages are embedded, of how many.

    Raises:
        LibraryError: the store cannot be written. What was there before is still found.
    """
    wanted = {passage.id: passage for passage in _in_order(loaded, passages)}
    before = read_manifest(folder)  # what is only coming must not be taken for something that is there
    write_manifest(folder, Manifest(embedder=embedder.fingerprint, sources=before.sources if before else {}))
    try:
        chroma = open_chroma(folder, embedder, chroma_url)
        present = known_ids(chroma)
        missing = [passage for id_, passage in wanted.items() if id_ not in present]
        on_progress(0, len(missing))
        done = 0
        for batch in in_batches(missing, BATCH):
            chroma.add_texts(
                texts=[passage.indexed() for passage in batch],
                metadatas=[passage.metadata() for passage in batch],
                ids=[passage.id for passage in batch],
            )
            done += len(batch)
            on_progress(done, len(missing))
        # The new index is in place before anything is taken away, so that a search never meets a hole.
        write_index(folder, list(wanted.values()))
        removed = sorted(present - wanted.keys())
        for start in range(0, len(removed), 5000):
            chroma.delete(ids=removed[start : start + 5000])
    except OSError as error:
        raise LibraryError(f"The library in {folder} cannot be written: {error}. Free some disk.") from error
    entries = _entries(loaded, wanted.values(), known)
    write_manifest(folder, Manifest(embedder=embedder.fingerprint, complete=True, sources=entries))
    return Built(len(wanted), len(missing), len(removed))


def standing(folder: Path, manifest: Manifest | None) -> list[Passage]:
    """The passages of the last whole index."""
    if manifest is None or not (folder / INDEX).is_dir():
        return []
    return read_index(folder)[0]


def _discard(folder: Path, embedder: Embedder, chroma_url: str | None) -> None:
    try:
        # Not the folder alone: a client of this process may still hold it open.
        open_chroma(folder, embedder, chroma_url).delete_collection()
    except LibraryError:
        if chroma_url:
            raise
        shutil.rmtree(folder / CHROMA, ignore_errors=True)
    for name in (INDEX, f".{INDEX}-old"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / MANIFEST).unlink(missing_ok=True)


def _in_order(loaded: LoadedPersona, passages: Sequence[Passage]) -> list[Passage]:
    order = {source.file: number for number, source in enumerate(loaded.persona.sources)}
    behind = len(order)
    return sorted(passages, key=lambda passage: -1 if passage.kind == CASEBOOK else order.get(passage.source, behind))


def _entries(
    loaded: LoadedPersona, passages: Iterable[Passage], known: Mapping[str, SourceEntry]
) -> dict[str, SourceEntry]:
    titles = {source.file: source.title for source in loaded.persona.sources}
    by_source: dict[str, list[Passage]] = {}
    for passage in passages:
        by_source.setdefault(CASEBOOK if passage.kind == CASEBOOK else passage.source, []).append(passage)
    entries = {}
    for name, members in by_source.items():
        own = known.get(name)
        title = titles.get(name) or ("Casebook" if members[0].kind == CASEBOOK else own.title if own else name)
        entries[name] = SourceEntry(
            kind=members[0].kind,
            title=title,
            works=len({passage.work for passage in members}),
            passages=len(members),
            content=own.content if own else "",
        )
    return entries

"""Build a library: sources -> sections -> passages -> tantivy (BM25) and Chroma.

A passage's id is made of its text and place, so a build only has to embed the ids that Chroma lacks and to delete
those it should not have. Building again embeds only what changed, and a build that was killed
continues where it stopped.

A new library gets its passages and BM25 first, so that it can be searched by words at once, and its vectors after that.
A complete library is changed in one step: new passages are embedded, then the index is replaced, then the vectors of
passages that are no longer in it are deleted. One that is built afresh gets collections of other names, so that the old
one is searched, also by other processes, until the new one is whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from chatbot.errors import LibraryError, SourceError
from chatbot.language import Language, language_of
from chatbot.library.index.chroma import (
    BATCH,
    TEXTS_LIMIT,
    changing,
    chroma_errors,
    delete_ids,
    known_ids,
    open_chroma,
    put_into,
)
from chatbot.library.index.damage import discard, mend_vectors
from chatbot.library.index.dense import fill_library
from chatbot.library.index.locking import writing
from chatbot.library.index.manifest import (
    Contents,
    Manifest,
    SourceEntry,
    check_embedder,
    check_language,
    read_manifest,
    source_name,
    write_manifest,
)
from chatbot.library.index.passages import Passages, read_passages, write_index
from chatbot.library.index.switching import sweep
from chatbot.library.texts import CASEBOOK, Passage, Section, casebook_sections, cut, sections_of
from chatbot.progress import Progress
from personas import LoadedPersona

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder


@dataclass(frozen=True)
class Built:
    """What a build did.

    Attributes:
        passages: in the library.
        embedded: of them, now.
        removed: from it.
        notes: what could not be used and was left out, for the user.
    """

    passages: int
    embedded: int
    removed: int
    notes: tuple[str, ...] = ()


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

    A page of the casebook that cannot be used is left out, and a book stays as it is in the library; the notes say so.

    Args:
        loaded: the persona with its casebook and sources.
        folder: the library's folder.
        embedder: embeds the passages.
        texts: the text of every source to be taken in, by its file name. Sources that are in the library and not
            named here stay as they are; None: the casebook alone is brought up to date.
        chroma_url: a Chroma server instead of the embedded store.
        fresh: build it as if there were none. The old one is searched until the new one is whole.
        behind: where the library is not complete yet, or is built afresh, leave the vectors to `fill_library`.
        on_progress: told how many passages are embedded, of how many.

    Raises:
        SourceError: there is nothing that can be used. Nothing has been changed.
        LibraryError: another embedder or another language built the library, or the store cannot be written.
    """
    persona, folder_of_notes = loaded.persona, loaded.casebook
    language = language_of(persona)
    notes: list[str] = []
    sections: list[Section] = []
    if folder_of_notes.is_dir():
        sections = casebook_sections(folder_of_notes, persona.name, persona.named, language, leave_out=notes.append)
    casebook_lost = bool(notes) and not sections
    for source in loaded.persona.sources:
        if texts and source.file in texts:
            try:
                sections += sections_of(source, texts[source.file], language)
            except SourceError as error:
                notes.append(f"{error} {source.title} is left out.")
    made = cut_all(sections, embedder, language)
    if not made and notes:
        raise SourceError("\n".join(notes))
    if not made and not texts:
        raise SourceError(
            f"There is nothing to build from: {loaded.casebook} holds no *.md files and no texts were named."
        )
    replaced: dict[str, list[Passage]] = {} if casebook_lost else {CASEBOOK: []}
    for passage in made:
        replaced.setdefault(source_name(passage), []).append(passage)
    titles = {CASEBOOK: "Casebook"} | {source.file: source.title for source in loaded.persona.sources}
    with writing(folder):
        if fresh:
            entries = {name: SourceEntry.of(titles[name], passages) for name, passages in replaced.items() if passages}
            if old := _standing(folder, embedder, chroma_url):
                return _anew(folder, embedder, old, replaced, entries, language, chroma_url, on_progress, behind=behind)
            discard(folder, chroma_url)
        manifest = read_manifest(folder)
        if manifest:
            check_embedder(folder, manifest, embedder)
            check_language(folder, manifest.contents.language, language)
        entries = dict(manifest.sources) if manifest else {}
        for name, passages in replaced.items():
            if passages:
                entries[name] = SourceEntry.of(titles[name], passages)
            else:
                entries.pop(name, None)
        entries = {name: entries[name] for name in [*titles, *entries] if name in entries}
        built = write_library(folder, embedder, replaced, entries, language, chroma_url, on_progress, behind=behind)
    return replace(built, notes=tuple(notes))


def cut_all(sections: Iterable[Section], embedder: Embedder, language: Language) -> list[Passage]:
    """The passages of sections, each once, as long as the embedder reads."""
    limit = embedder.max_tokens - 4
    made = (passage for section in sections for passage in cut(section, embedder.count, limit, language))
    return list({passage.id: passage for passage in made}.values())


def write_library(
    folder: Path,
    embedder: Embedder,
    replaced: Mapping[str, Sequence[Passage]],
    entries: Mapping[str, SourceEntry],
    language: Language,
    chroma_url: str | None,
    on_progress: Progress,
    *,
    behind: bool = False,
) -> Built:
    """Make the library hold other passages of some sources; only what is not embedded yet is embedded.

    Args:
        folder: the library's folder.
        embedder: the one that built it, if it was built.
        replaced: what the sources of these names shall hold; sources that hold them already are left alone.
        entries: all sources of the library as they are then.
        language: of the texts.
        chroma_url: a Chroma server instead of the embedded store.
        on_progress: told how many passages are embedded, of how many.
        behind: where the library is not whole yet, leave the vectors to `fill_library`.

    Raises:
        LibraryError: the store cannot be written. What was there before is still found.
    """
    with writing(folder):
        before = read_manifest(folder)
        old = read_passages(folder) if before is not None and before.sources else None
        try:
            if before is not None and old is not None:
                known = before.sources
                replaced = {
                    name: passages
                    for name, passages in replaced.items()
                    if (known[name].ids if name in known else "") != (entries[name].ids if name in entries else "")
                }
                if mend_vectors(folder, chroma_url):
                    before = read_manifest(folder) or before
                if before.is_filled(embedder.fingerprint, old.stamp):
                    return _replace(folder, embedder, before, old, replaced, entries, language, chroma_url, on_progress)
            total = sum(entry.passages for entry in entries.values())
            # First of all, so that another embedder is noticed even after a kill.
            write_manifest(folder, before or Manifest(embedder=embedder.fingerprint, window=embedder.max_tokens))
            open_chroma(folder, embedder, chroma_url, total)  # a server that is away is noticed at once
            write_index(folder, old, replaced, entries, language)
        except OSError as error:
            raise LibraryError(f"The library in {folder} cannot be written: {error}. Free some disk.") from error
    embedded = 0 if behind else fill_library(folder, embedder, chroma_url, on_progress, batch=BATCH)
    coming = {passage.id for passages in replaced.values() for passage in passages}
    return Built(total, embedded, len(old.ids(replaced).keys() - coming) if old is not None else 0)


def _replace(
    folder: Path,
    embedder: Embedder,
    before: Manifest,
    old: Passages,
    replaced: Mapping[str, Sequence[Passage]],
    entries: Mapping[str, SourceEntry],
    language: Language,
    chroma_url: str | None,
    on_progress: Progress,
) -> Built:
    """Change a complete library: at every moment it is searched either as it was or as it will be."""
    after = before.changed(contents=Contents(sources=dict(entries), language=language.code))
    chroma = open_chroma(folder, embedder, chroma_url, after.total)
    coming = {passage.id: passage for passages in replaced.values() for passage in passages}
    held = set(old.ids(replaced))  # what the collection holds and may have to lose
    with chroma_errors(folder):
        number = chroma._collection.count()
    if number != len(old):  # a change was killed, and left something there
        held |= known_ids(folder, chroma) - old.ids().keys()
    new = [passage for id_, passage in coming.items() if id_ not in held]
    stale = sorted(held - coming.keys())
    _embed(folder, embedder, new, after.total, chroma_url, on_progress)
    # The collection holds the old set and the new one; the new index is in place before anything is deleted.
    write_manifest(folder, before.with_filled(embedder.fingerprint, old.stamp, after.stamp))
    if replaced:
        write_index(folder, old, replaced, entries, language)
    if stale:
        with changing(folder, embedder, chroma_url, after.total) as chroma:
            delete_ids(folder, chroma, stale)
    write_manifest(folder, after.with_filled(embedder.fingerprint, after.stamp))
    sweep(folder, chroma_url)
    return Built(after.total, len(new), len(stale))


def _anew(
    folder: Path,
    embedder: Embedder,
    before: Manifest,
    made: Mapping[str, Sequence[Passage]],
    entries: Mapping[str, SourceEntry],
    language: Language,
    chroma_url: str | None,
    on_progress: Progress,
    *,
    behind: bool,
) -> Built:
    """Build a library afresh, its vectors in a collection of another name, and then put it in the old one's place."""
    after = Manifest(embedder=embedder.fingerprint, window=embedder.max_tokens, generation=uuid4().hex[:8])
    after = after.changed(contents=Contents(sources=dict(entries), language=language.code))
    name = after.collection(folder.name, embedder.fingerprint)
    passages = [passage for some in made.values() for passage in some]
    # Where this is killed, the next build deletes what it left.
    write_manifest(folder, before.changed(leaving=(*before.leaving, name)))
    if not behind:
        _embed(folder, embedder, passages, len(passages), chroma_url, on_progress, name)
        after = after.with_filled(embedder.fingerprint, after.stamp)
    write_index(folder, None, made, entries, language)
    write_manifest(folder, after.changed(leaving=before.collections(folder.name)))
    sweep(folder, chroma_url)
    return Built(after.total, 0 if behind else len(passages), 0)


def _embed(
    folder: Path,
    embedder: Embedder,
    passages: Sequence[Passage],
    total: int,
    chroma_url: str | None,
    on_progress: Progress,
    name: str | None = None,
) -> None:
    on_progress(0, len(passages))
    for start in range(0, len(passages), BATCH):
        some = passages[start : start + BATCH]
        vectors = embedder.embed_documents([passage.indexed() for passage in some])
        with changing(folder, embedder, chroma_url, total, name) as chroma:
            put_into(folder, chroma, some, vectors, with_texts=total <= TEXTS_LIMIT)
        on_progress(start + len(some), len(passages))


def _standing(folder: Path, embedder: Embedder, chroma_url: str | None) -> Manifest | None:
    """The manifest of a library that can be searched while another one is built; None where there is none."""
    try:
        manifest = read_manifest(folder)
        read_passages(folder)
    except LibraryError:
        return None
    if manifest is None:
        return None
    try:
        open_chroma(folder, embedder, chroma_url, name=manifest.collection(folder.name, manifest.embedder))
    except LibraryError:
        if chroma_url:
            raise
        return None
    return manifest

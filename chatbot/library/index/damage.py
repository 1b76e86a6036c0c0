"""A library that cannot be read, and vectors that Chroma lacks although the manifest counts them: noticed, and mended.

Vectors can always be made again from the passages, so a store that cannot be read is deleted, and what it held counts
as not embedded: the library is searched by words until it is.
"""

from __future__ import annotations

import logging
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.errors import LibraryError
from chatbot.library.index.chroma import chroma_errors, delete_collection
from chatbot.library.index.clients import CHROMA, announced, client_of, forget
from chatbot.library.index.locking import writing
from chatbot.library.index.manifest import (
    INDEX,
    MANIFEST,
    OLD_INDEX,
    Manifest,
    read_manifest,
    stated_sources,
    write_manifest,
)
from chatbot.library.index.passages import read_passages
from chatbot.library.texts import CASEBOOK

logger = logging.getLogger(__name__)

# What SQLite says of a store that is whole, but cannot be used at this moment.
PASSING = ("locked", "busy", "readonly", "read-only", "full", "unable to open", "denied", "space", "open files")


@dataclass(frozen=True)
class Loss:
    """Why vectors are missing, in words that follow the library's name, and whether their store cannot be read."""

    why: str
    unreadable: bool = False


def lost_vectors(folder: Path, manifest: Manifest, fingerprint: str, url: str | None) -> Loss | None:
    """What is wrong with the vectors of an embedder that a library should have; None where nothing is.

    Args:
        folder: the library's folder.
        manifest: the library's.
        fingerprint: of the embedder.
        url: a Chroma server instead of the embedded store.

    Raises:
        ChromaError: the server cannot be reached, or the store cannot be used at this moment.
    """
    wanted = manifest.total if manifest.is_filled(fingerprint, manifest.stamp) else 0
    if not url and not (folder / CHROMA).is_dir():
        return Loss("its Chroma store is missing") if wanted else None
    with chroma_errors(folder):
        try:
            held = _held(client_of(folder, url), manifest.collection(folder.name, fingerprint))
        except LibraryError:
            raise
        except Exception as error:  # Chroma's own, SQLite's, and an IndexError for an empty file
            if url or any(sign in str(error) for sign in PASSING):
                raise
            return Loss(f"its Chroma store is damaged ({str(error).partition(chr(10))[0]})", unreadable=True)
    if held >= wanted or read_manifest(folder) != manifest:  # changed meanwhile
        return None
    return Loss(f"{wanted - held:,} of its {wanted:,} vectors are missing from Chroma")


def _held(client: Any, name: str) -> int:
    """How many vectors a collection holds; one of them is read, because their number is kept in another file."""
    if name not in {collection.name for collection in client.list_collections()}:
        return 0
    collection = client.get_collection(name, embedding_function=None)
    collection.get(limit=1, include=["embeddings"])
    return int(collection.count())


def mend_vectors(folder: Path, url: str | None = None) -> str:
    """See that a library's vectors are there; where they are not, they count as not embedded, and can be made again.

    Args:
        folder: the library's folder.
        url: a Chroma server instead of the embedded store.

    Returns:
        What was wrong; empty where nothing was.

    Raises:
        LibraryError: the library cannot be read or written, or Chroma cannot be used at this moment.
    """
    manifest = read_manifest(folder)
    if manifest is None or not lost_vectors(folder, manifest, manifest.embedder, url):
        return ""
    with writing(folder):
        manifest = read_manifest(folder)
        lost = lost_vectors(folder, manifest, manifest.embedder, url) if manifest is not None else None
        if manifest is None or lost is None:
            return ""
        logger.warning("The library in %s is embedded again: %s", folder, lost.why)
        if lost.unreadable:
            with announced(folder, url):
                forget(folder)
                shutil.rmtree(folder / CHROMA, ignore_errors=True)
        write_manifest(folder, manifest.changed(embedded=0, filled={}))
    return lost.why


def mend_library(folder: Path, url: str | None = None) -> str:
    """See that a library can be read and that its vectors are there; what is not counts as missing, to be made again.

    One that cannot be read is deleted where it held the casebook alone, from which it can be built again.

    Returns:
        What was wrong; empty where nothing was.

    Raises:
        ChromaError: Chroma cannot be used at this moment.
        LibraryError: it cannot be read, and books or texts would be lost; the message says what to do.
    """
    try:
        _read(folder)
    except LibraryError:
        with writing(folder):
            try:
                _read(folder)
            except LibraryError as error:
                if set(stated_sources(folder) or {"": ""}) != {CASEBOOK}:
                    raise
                logger.warning("%s It held the casebook alone, and is built again from it.", error)
                discard(folder, url)
                return "it could not be read"
    return mend_vectors(folder, url)


def _read(folder: Path) -> None:
    manifest = read_manifest(folder)
    if manifest is not None and manifest.sources:
        read_passages(folder)


def discard(folder: Path, chroma_url: str | None) -> None:
    """Delete a library, also one that cannot be read."""
    names = {f"bakerstreet-{folder.name}"}
    with suppress(LibraryError):
        if manifest := read_manifest(folder):
            names |= {*manifest.collections(folder.name)}
    try:
        # Not the folder alone: a client of this process may still hold it open.
        for name in names:
            delete_collection(folder, name, chroma_url)
    except LibraryError:
        if chroma_url:
            raise
        forget(folder)
        shutil.rmtree(folder / CHROMA, ignore_errors=True)
    for name in (INDEX, OLD_INDEX):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / MANIFEST).unlink(missing_ok=True)

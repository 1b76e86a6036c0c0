"""Another main embedder for a library, and the collections that nobody uses any more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.errors import LibraryError
from chatbot.library.index.chroma import delete_collection
from chatbot.library.index.dense import fill_dense, fill_library
from chatbot.library.index.locking import writing
from chatbot.library.index.manifest import read_manifest, write_manifest
from chatbot.library.index.passages import read_passages
from chatbot.progress import Progress

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder


def switch_embedder(
    folder: Path,
    embedder: Embedder,
    chroma_url: str | None = None,
    on_progress: Progress = lambda done, total: None,
) -> int:
    """Make another embedder the main one: its collection is filled, then the old one is deleted.

    The passages stay as they were cut. Until the new collection is whole the library is searched as before.

    Returns:
        How many passages were embedded.

    Raises:
        LibraryError: there is no library, the embedder reads less than its passages hold, or Chroma does not answer.
    """
    sweep(folder, chroma_url)
    manifest = read_manifest(folder)
    passages = read_passages(folder)
    if manifest is None or manifest.embedder == embedder.fingerprint:
        return fill_library(folder, embedder, chroma_url, on_progress)
    if embedder.max_tokens < manifest.window:
        raise LibraryError(
            f"The passages in {folder} have up to {manifest.window} tokens, and {embedder.fingerprint} reads "
            f"{embedder.max_tokens}. Cut them anew with `bakerstreet library build {folder.name} --fresh`."
        )
    embedded = fill_dense(folder, embedder, passages, chroma_url, on_progress)
    with writing(folder):
        manifest = read_manifest(folder) or manifest
        if manifest.embedder != embedder.fingerprint and not manifest.is_filled(embedder.fingerprint, manifest.stamp):
            raise LibraryError(f"The library in {folder} was changed meanwhile. Switch the embedder again.")
        leaving = (*manifest.leaving, manifest.collection(folder.name, manifest.embedder))
        manifest = manifest.changed(
            embedder=embedder.fingerprint,
            plain=manifest.plain or manifest.embedder,
            filled={name: stamps for name, stamps in manifest.filled.items() if name != manifest.embedder},
            leaving=leaving,
        )
        write_manifest(folder, manifest)
        sweep(folder, chroma_url)
    return embedded


def sweep(folder: Path, chroma_url: str | None = None) -> None:
    """Delete the collections of a library that are no longer used.

    Raises:
        LibraryError: Chroma does not answer.
    """
    with writing(folder):
        manifest = read_manifest(folder)
        if manifest is not None and manifest.leaving:
            for name in manifest.leaving:
                delete_collection(folder, name, chroma_url)
            write_manifest(folder, manifest.changed(leaving=()))

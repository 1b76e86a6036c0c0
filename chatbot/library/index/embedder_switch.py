"""Another main embedder for a library that stands: its passages are embedded anew, and not cut anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.errors import LibraryError
from chatbot.library.index.dense import fill_dense, fill_library, with_filled
from chatbot.library.index.manifest import read_manifest, write_manifest, writing
from chatbot.library.index.store import delete_collection, read_passages
from chatbot.progress import Progress

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder


def switch_embedder(
    folder: Path,
    embedder: Embedder,
    chroma_url: str | None = None,
    on_progress: Progress = lambda done, total: None,
) -> int:
    """Make another embedder the main one: its collection is filled, then the library is its, then the old one goes.

    The passages stay as they were cut. Until the new collection is whole the library is searched as before.

    Returns:
        How many passages were embedded.

    Raises:
        LibraryError: there is no library, the embedder reads less than its passages hold, or Chroma does not answer.
    """
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
        filled = with_filled(folder, manifest)
        stamp = read_passages(folder).stamp
        if manifest.embedder != embedder.fingerprint and not manifest.is_filled(embedder.fingerprint, stamp):
            raise LibraryError(f"The library in {folder} was changed meanwhile. Switch the embedder again.")
        leaving = manifest.collection(folder.name, manifest.embedder)
        plain = manifest.plain or manifest.embedder
        filled.pop(manifest.embedder, None)
        manifest = manifest.changed(
            embedder=embedder.fingerprint,
            plain=plain,
            filled=filled,
            complete=True,
            stamp=stamp,
            total=len(passages),
            dense=len(passages),
            leaving=(*manifest.leaving, leaving),
        )
        write_manifest(folder, manifest)
        for name in manifest.leaving:
            delete_collection(folder, name, chroma_url)
        write_manifest(folder, manifest.changed(leaving=()))
    return embedded

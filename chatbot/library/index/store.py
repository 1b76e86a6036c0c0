"""The library on disk: one folder a persona, and how it is opened.

index/           the passages (see `passage_file`), bm25/ (see `postings`) and contents.json, replaced as one
chroma/          the embedded Chroma store (none where a server is used), a collection for every embedder
manifest.json    which embedder built it, what is in it, and how far it is embedded
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chatbot.errors import LibraryError
from chatbot.language import ENGLISH, Language
from chatbot.library.encoders import Embedder
from chatbot.library.index.lexical import Lexical
from chatbot.library.index.manifest import (
    CONTENTS,
    INDEX,
    MANIFEST,
    Contents,
    Manifest,
    SourceEntry,
    check_embedder,
    index_folder,
    read_manifest,
    write_manifest,
    writing,
)
from chatbot.library.index.passage_file import Arranged, Passages
from chatbot.library.index.postings import Postings, write
from chatbot.library.texts import Passage

__all__ = [
    "INDEX",
    "MANIFEST",
    "Contents",
    "Manifest",
    "SourceEntry",
    "check_embedder",
    "index_folder",
    "known_ids",
    "open_chroma",
    "present_among",
    "read_index",
    "read_manifest",
    "read_passages",
    "write_index",
    "write_manifest",
    "writing",
]

BM25 = "bm25"
CHROMA = "chroma"
ASKED = 5_000  # ids in one question to Chroma; it takes 5,461 at the most

DAMAGED = (OSError, ValueError, TypeError, KeyError, IndexError)


def write_index(
    folder: Path,
    passages: Sequence[Passage],
    sources: Mapping[str, SourceEntry] | None = None,
    language: Language = ENGLISH,
) -> None:
    """Write the passages and their lexical index, both or neither. Of an `Arranged`, only what is new is read.

    Raises:
        OSError: it cannot be written; what was there is still there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".index-*"):  # of a build that was killed
        if left.name != f".{INDEX}-old":
            shutil.rmtree(left, ignore_errors=True)
    partial = Path(tempfile.mkdtemp(prefix=".index-", dir=folder))
    try:
        arranged = passages if isinstance(passages, Arranged) else Arranged.of(passages)
        arranged.write(partial)
        _write_postings(folder, partial, arranged, language)
        contents = Contents(
            stamp=arranged.stamp, total=len(arranged), sources=dict(sources or {}), language=language.code
        )
        (partial / CONTENTS).write_text(contents.model_dump_json(), encoding="utf-8")
        old = folder / f".{INDEX}-old"
        if (folder / INDEX).exists():
            shutil.rmtree(old, ignore_errors=True)
            (folder / INDEX).rename(old)
        partial.rename(folder / INDEX)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_postings(folder: Path, partial: Path, arranged: Arranged, language: Language) -> None:
    """The lexical index; the lists of passages that stay are taken over from an old index in the same language."""
    index = index_folder(folder)
    old, moved = None, None
    if (
        arranged.old is not None
        and index is not None
        and Postings.are_in(index / BM25)
        and _language_of_index(index) == language.code
    ):
        old = Postings.read(index / BM25)
        moved = np.full(len(arranged.old), -1, np.int32)
        moved[arranged.rows[arranged.is_old]] = np.flatnonzero(arranged.is_old)
    unread = np.flatnonzero(~arranged.is_old) if old is not None else range(len(arranged))
    texts = ((int(at), arranged[int(at)].indexed()) for at in unread)
    write(partial / BM25, len(arranged), texts, old, moved, language)


def _language_of_index(index: Path) -> str:
    return Contents.model_validate_json((index / CONTENTS).read_text(encoding="utf-8")).language


def read_passages(folder: Path) -> Passages:
    """The passages of a library.

    Raises:
        LibraryError: there is no library, or it is damaged.
    """
    index = index_folder(folder)
    if index is None:
        raise LibraryError(
            f"There is no library for '{folder.name}' yet. Build it with `bakerstreet library build {folder.name}`."
        )
    try:
        return Passages(index)
    except DAMAGED as error:
        raise _damaged(folder, error) from error


def read_index(folder: Path, language: Language = ENGLISH) -> tuple[Passages, Lexical]:
    """The passages and their lexical index, both memory-mapped.

    Raises:
        LibraryError: there is no library, it is damaged, or it was built for another language.
    """
    passages = read_passages(folder)
    index = index_folder(folder)
    try:
        if (built := _language_of_index(index or folder)) != language.code:
            raise LibraryError(
                f"The library of '{folder.name}' was built for the language '{built}', and the persona now speaks "
                f"'{language.code}'. Build it again with `bakerstreet library build {folder.name}`."
            )
        lexical = Lexical.load((index or folder) / BM25, language)
        if len(lexical) != len(passages):
            raise ValueError("the lexical index is of other passages")
        return passages, lexical
    except DAMAGED as error:
        raise _damaged(folder, error) from error


def _damaged(folder: Path, error: Exception) -> LibraryError:
    return LibraryError(
        f"The library in {folder} is damaged ({type(error).__name__}). Build it anew with "
        f"`bakerstreet library build {folder.name} --fresh`."
    )


def open_chroma(folder: Path, embedder: Embedder, url: str | None, expected: int = 0) -> Any:
    """The Chroma collection of an embedder as a LangChain vector store: embedded, or on the server at `url`.

    The main embedder's collection is called after the persona; another's name ends in a hash of its fingerprint.

    Args:
        folder: the library's folder.
        embedder: whose vectors the collection holds.
        url: a Chroma server instead of the embedded store.
        expected: how many passages it will hold; a large one is written to disk less often while it grows.

    Raises:
        LibraryError: the server cannot be reached, or the store is damaged.
    """
    from langchain_chroma import Chroma

    manifest = read_manifest(folder) or Manifest(embedder=embedder.fingerprint)
    try:
        return Chroma(
            client=_client(folder, url),
            collection_name=manifest.collection(folder.name, embedder.fingerprint),
            embedding_function=embedder,
            collection_configuration={
                "hnsw": {"space": "cosine", "sync_threshold": min(50_000, max(1_000, expected // 20))}
            },
        )
    except LibraryError:
        raise
    except Exception as error:  # Chroma raises its own, the server's and SQLite's errors
        raise _unopened(folder, url, error) from error


def delete_collection(folder: Path, name: str, url: str | None) -> None:
    """Delete a collection; one that is not there is as good as deleted.

    Raises:
        LibraryError: the server cannot be reached, or the store is damaged.
    """
    try:
        client = _client(folder, url)
        if name in {collection.name for collection in client.list_collections()}:
            client.delete_collection(name)
    except LibraryError:
        raise
    except Exception as error:
        raise _unopened(folder, url, error) from error


def _client(folder: Path, url: str | None) -> Any:
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    private = ChromaSettings(anonymized_telemetry=False)
    if not url:
        (folder / CHROMA).mkdir(parents=True, exist_ok=True)
        return chromadb.PersistentClient(path=str(folder / CHROMA), settings=private)
    match = re.fullmatch(r"(https?)://([^:/]+)(?::(\d+))?/?", url)
    if not match:
        raise LibraryError(f"'{url}' is no address of a Chroma server; write http://host:port.")
    ssl = match[1] == "https"
    return chromadb.HttpClient(host=match[2], port=int(match[3] or (443 if ssl else 8000)), ssl=ssl, settings=private)


def _unopened(folder: Path, url: str | None, error: Exception) -> LibraryError:
    where = f"The Chroma server at {url}" if url else f"The Chroma store in {folder / CHROMA}"
    return LibraryError(f"{where} cannot be opened: {error}. Check BAKERSTREET_CHROMA_URL and the disk.")


def known_ids(chroma: Any) -> set[str]:
    """The ids of all passages that Chroma holds."""
    return set(chroma.get(include=[])["ids"])


def present_among(chroma: Any, ids: Iterable[str]) -> set[str]:
    """Which of these ids Chroma holds."""
    asked, present = list(ids), set()
    for start in range(0, len(asked), ASKED):
        present |= set(chroma.get(ids=asked[start : start + ASKED], include=[])["ids"])
    return present

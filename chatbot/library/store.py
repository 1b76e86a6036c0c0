"""The library on disk: one folder a persona, and how it is opened.

    passages.jsonl   every passage, in the order of the sources
    bm25/            the lexical index over the same passages, by position
    chroma/          the embedded Chroma store (none where a server is used)
    manifest.json    which embedder built it, and what is in it

`manifest.json` is written first when a build begins (so that another embedder is noticed even after a kill) and
again when it is whole; `passages.jsonl` and `bm25/` are replaced as one by a rename.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from chatbot.errors import LibraryError
from chatbot.library.embedder import Embedder
from chatbot.library.lexical import Lexical
from chatbot.library.passages import Passage

MANIFEST = "manifest.json"
INDEX = "index"
PASSAGES = "passages.jsonl"
BM25 = "bm25"
CHROMA = "chroma"


class SourceEntry(BaseModel):
    """One source in the library; `content` is the fingerprint of the words of a text that a user added."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    title: str
    works: int
    passages: int
    content: str = ""


class Manifest(BaseModel):
    """What a library holds and what built it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = 1
    embedder: str
    complete: bool = False
    sources: dict[str, SourceEntry] = {}


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a library, or None where there is none.

    Raises:
        LibraryError: it is damaged.
    """
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValidationError, ValueError) as error:
        raise LibraryError(
            f"The library in {folder} is damaged ({MANIFEST}). Build it anew with "
            f"`bakerstreet library build {folder.name} --fresh`."
        ) from error


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
            f"{embedder.fingerprint}. Set BAKERSTREET_EMBEDDER back, or build the library anew with "
            f"`bakerstreet library build {folder.name} --fresh`."
        )


def write_index(folder: Path, passages: Sequence[Passage]) -> None:
    """Write the passages and their lexical index, both or neither."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".index-", dir=folder))
    try:
        with (partial / PASSAGES).open("w", encoding="utf-8") as stream:
            for passage in passages:
                stream.write(json.dumps(asdict(passage), ensure_ascii=False) + "\n")
        Lexical.build([passage.indexed() for passage in passages]).save(partial / BM25)
        old = folder / f".{INDEX}-old"
        if (folder / INDEX).exists():
            (folder / INDEX).rename(old)
        partial.rename(folder / INDEX)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def read_index(folder: Path) -> tuple[list[Passage], Lexical]:
    """The passages and their lexical index.

    Raises:
        LibraryError: there is no library, or it is damaged.
    """
    index = folder / INDEX
    if not index.is_dir() and (folder / f".{INDEX}-old").is_dir():
        index = folder / f".{INDEX}-old"  # a build was killed between the two renames
    if not index.is_dir():
        raise LibraryError(
            f"There is no library for '{folder.name}' yet. Build it with `bakerstreet library build {folder.name}`."
        )
    try:
        rows = (index / PASSAGES).read_text(encoding="utf-8").splitlines()
        return [Passage(**json.loads(row)) for row in rows], Lexical.load(index / BM25)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise LibraryError(
            f"The library in {folder} is damaged ({type(error).__name__}). Build it anew with "
            f"`bakerstreet library build {folder.name} --fresh`."
        ) from error


def open_chroma(folder: Path, embedder: Embedder, url: str | None) -> Any:
    """The Chroma collection of a library as a LangChain vector store: embedded, or on the server at `url`.

    Raises:
        LibraryError: the server cannot be reached, or the store is damaged.
    """
    import chromadb
    from chromadb.config import Settings as ChromaSettings
    from langchain_chroma import Chroma

    private = ChromaSettings(anonymized_telemetry=False)
    try:
        if url:
            match = re.fullmatch(r"(https?)://([^:/]+)(?::(\d+))?/?", url)
            if not match:
                raise LibraryError(f"'{url}' is no address of a Chroma server; write http://host:port.")
            ssl = match[1] == "https"
            port = int(match[3] or (443 if ssl else 8000))
            client = chromadb.HttpClient(host=match[2], port=port, ssl=ssl, settings=private)
        else:
            (folder / CHROMA).mkdir(parents=True, exist_ok=True)
            client = chromadb.PersistentClient(path=str(folder / CHROMA), settings=private)
        return Chroma(
            client=client,
            collection_name=f"bakerstreet-{folder.name}",
            embedding_function=embedder,
            collection_configuration={"hnsw": {"space": "cosine"}},
        )
    except LibraryError:
        raise
    except Exception as error:  # Chroma raises its own, the server's and SQLite's errors
        where = f"The Chroma server at {url}" if url else f"The Chroma store in {folder / CHROMA}"
        raise LibraryError(f"{where} cannot be opened: {error}. Check BAKERSTREET_CHROMA_URL and the disk.") from error


def known_ids(chroma: Any) -> set[str]:
    """The ids of all passages that Chroma holds."""
    return set(chroma.get(include=[])["ids"])


def in_batches(items: Sequence[Passage], size: int) -> Iterable[Sequence[Passage]]:
    """`items`, `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]

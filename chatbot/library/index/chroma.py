"""The vectors of a library in Chroma, embedded in its folder or on a server: a collection for every embedder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot.errors import BakerStreetError, LibraryError
from chatbot.library.index.clients import announced, client_of
from chatbot.library.index.manifest import Manifest, read_manifest
from chatbot.library.texts import Passage

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder

BATCH = 64  # passages embedded and written at once: what a kill can cost
ASKED = 5_000  # ids in one question to Chroma; it takes 5,461 at the most
TEXTS_LIMIT = 100_000  # passages; of a larger library Chroma keeps vectors alone, as texts take six times their space


class ChromaError(LibraryError):
    """Chroma cannot be reached, does not answer, or has lost what it held: search by words goes on."""


@contextmanager
def chroma_errors(folder: Path) -> Iterator[None]:
    """Whatever Chroma raises (its own errors, the server's, SQLite's) as a ChromaError."""
    try:
        yield
    except BakerStreetError:
        raise
    except Exception as error:
        raise ChromaError(
            f"Chroma did not answer: {error}. Check BAKERSTREET_CHROMA_URL and the disk. Search by words goes on; what "
            f"is embedded stays, and `bakerstreet library build {folder.name}` or the next start goes on from there."
        ) from error


@contextmanager
def changing(
    folder: Path, embedder: Embedder, url: str | None, expected: int = 0, name: str | None = None
) -> Iterator[Any]:
    """The collection of an embedder, to be written to; other processes are told. The caller holds `writing(folder)`.

    Takes what `open_chroma` takes, and raises what it raises.
    """
    with announced(folder, url):
        yield open_chroma(folder, embedder, url, expected, name)


def put_into(
    folder: Path,
    chroma: Any,
    passages: Sequence[Passage],
    vectors: list[list[float]],
    *,
    with_texts: bool = True,
) -> None:
    """Put embedded passages into a collection; those that it holds already are replaced.

    Args:
        folder: the library's folder, for messages.
        chroma: the collection, as `changing` gives it.
        passages: at most 5,000.
        vectors: of their texts as they are indexed, shape (passages, dimensions).
        with_texts: whether Chroma keeps their texts and places beside the vectors.
    """
    with chroma_errors(folder):
        chroma._collection.upsert(  # LangChain's own way in embeds by itself, and hides which of the two failed
            ids=[passage.id for passage in passages],
            embeddings=vectors,
            documents=[passage.indexed() for passage in passages] if with_texts else None,
            metadatas=[passage.metadata() for passage in passages] if with_texts else None,
        )


def delete_ids(folder: Path, chroma: Any, ids: Sequence[str]) -> None:
    """Delete passages from a collection."""
    with chroma_errors(folder):
        for start in range(0, len(ids), ASKED):
            chroma.delete(ids=list(ids[start : start + ASKED]))


def open_chroma(
    folder: Path,
    embedder: Embedder,
    url: str | None,
    expected: int = 0,
    name: str | None = None,
    *,
    create: bool = True,
) -> Any:
    """The Chroma collection of an embedder as a LangChain vector store: embedded, or on the server at `url`.

    The main embedder's collection is called after the persona; another's name ends in a hash of its fingerprint.

    Args:
        folder: the library's folder.
        embedder: whose vectors the collection holds.
        url: a Chroma server instead of the embedded store.
        expected: how many passages it will hold; a large one is written to disk less often while it grows.
        name: of another collection than the one that the manifest names.
        create: make it where it is missing, which only those do that write.

    Raises:
        LibraryError: the server cannot be reached, the store is damaged, or the collection is missing.
    """
    from langchain_chroma import Chroma

    manifest = read_manifest(folder) or Manifest(embedder=embedder.fingerprint)
    try:
        return Chroma(
            client=client_of(folder, url),
            collection_name=name or manifest.collection(folder.name, embedder.fingerprint),
            embedding_function=embedder,
            collection_configuration={
                "hnsw": {"space": "cosine", "sync_threshold": min(50_000, max(1_000, expected // 20))}
            },
            create_collection_if_not_exists=create,
        )
    except LibraryError:
        raise
    except Exception as error:  # Chroma raises its own, the server's and SQLite's errors
        raise _unopened(folder, url, error) from error


def delete_collection(folder: Path, name: str, url: str | None) -> None:
    """Delete a collection; one that is not there is as good as deleted. The caller holds `writing(folder)`.

    Raises:
        LibraryError: the server cannot be reached, or the store is damaged.
    """
    try:
        with announced(folder, url):
            client = client_of(folder, url)
            if name in {collection.name for collection in client.list_collections()}:
                client.delete_collection(name)
    except LibraryError:
        raise
    except Exception as error:
        raise _unopened(folder, url, error) from error


def _unopened(folder: Path, url: str | None, error: Exception) -> ChromaError:
    where = f"The Chroma server at {url}" if url else f"The Chroma store in {folder}"
    return ChromaError(
        f"{where} cannot be opened: {error}. Check BAKERSTREET_CHROMA_URL and the disk; "
        f"`bakerstreet library build {folder.name} --casebook-only` embeds what is missing."
    )


def known_ids(folder: Path, chroma: Any) -> set[str]:
    """The ids of all passages that a collection holds."""
    with chroma_errors(folder):
        return set(chroma.get(include=[])["ids"])


def present_among(folder: Path, chroma: Any, ids: Iterable[str]) -> set[str]:
    """Which of these ids a collection holds."""
    asked, present = list(ids), set()
    with chroma_errors(folder):
        for start in range(0, len(asked), ASKED):
            present |= set(chroma.get(ids=asked[start : start + ASKED], include=[])["ids"])
    return present

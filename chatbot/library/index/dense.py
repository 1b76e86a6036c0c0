"""Dense search: the vectors of a library's passages in Chroma, filled in behind the passages and then searched.

Every embedder has a collection of its own. The manifest says which sets of passages a collection holds in full, by the
name of the set (`Passages.stamp`); so a collection that fell behind is known without asking Chroma, and is brought up
to date before it is searched again. What was embedded stays: a filling that was killed goes on with what is missing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot.errors import BakerStreetError, LibraryError
from chatbot.library.index.manifest import MANIFEST, Manifest, file_stamp, read_manifest, write_manifest, writing
from chatbot.library.index.passage_file import Arranged, Passages
from chatbot.library.index.store import known_ids, open_chroma, present_among, read_passages
from chatbot.library.texts import Passage
from chatbot.progress import Progress

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder

BATCH = 64  # passages embedded and written at once: what a kill can cost
KEEPS_WORDS = (
    100_000  # passages; of a larger library Chroma keeps vectors alone, as the words take six times their room
)


@contextmanager
def chroma_errors(folder: Path) -> Iterator[None]:
    """Whatever Chroma raises (its own errors, the server's, SQLite's) as a LibraryError."""
    try:
        yield
    except BakerStreetError:
        raise
    except Exception as error:
        raise LibraryError(
            f"Chroma did not answer: {error}. Check BAKERSTREET_CHROMA_URL and the disk. Search by words goes on; what "
            f"is embedded stays, and `bakerstreet library build {folder.name}` or the next start goes on from there."
        ) from error


def embed_into(
    folder: Path,
    chroma: Any,
    embedder: Embedder,
    passages: Sequence[Passage],
    *,
    words: bool = True,
) -> None:
    """Embed passages and put them into a collection; those that it holds already are replaced.

    Args:
        folder: the library's folder, for messages.
        chroma: the collection, as `open_chroma` gives it.
        embedder: whose collection it is.
        passages: at most 5,000.
        words: whether Chroma keeps their words and places beside the vectors.
    """
    texts = [passage.indexed() for passage in passages]
    vectors = embedder.embed_documents(texts)
    with chroma_errors(folder):
        chroma._collection.upsert(  # LangChain's own way in embeds by itself, and hides which of the two failed
            ids=[passage.id for passage in passages],
            embeddings=vectors,
            documents=texts if words else None,
            metadatas=[passage.metadata() for passage in passages] if words else None,
        )


def delete_ids(folder: Path, chroma: Any, ids: Sequence[str]) -> None:
    """Take passages out of a collection."""
    with chroma_errors(folder):
        for start in range(0, len(ids), 5_000):
            chroma.delete(ids=list(ids[start : start + 5_000]))


def fill_dense(
    folder: Path,
    embedder: Embedder,
    passages: Sequence[Passage],
    chroma_url: str | None = None,
    on_progress: Progress = lambda done, total: None,
    *,
    batch: int = BATCH,
    stop: threading.Event | None = None,
) -> int:
    """Bring an embedder's collection up to date for exactly these passages; how many were embedded.

    It may be killed or stopped at any point and called again. Where `passages` are those of the library and the library
    is changed meanwhile, it ends early; the caller looks whether it was (`fill_library` does).

    Args:
        folder: the library's folder.
        embedder: the main embedder or another.
        passages: what the collection shall hold.
        chroma_url: a Chroma server instead of the embedded store.
        on_progress: told how many are embedded, of how many that are missing.
        batch: how many are embedded at once; whoever else needs the embedder waits as long.
        stop: ends it before the next batch.

    Raises:
        LibraryError: Chroma cannot be reached or does not answer. What was embedded stays.
    """
    known = passages if isinstance(passages, (Passages, Arranged)) else Arranged.of(passages)
    watched = _standing_stamp(folder) == known.stamp
    chroma = open_chroma(folder, embedder, chroma_url, len(known))
    with chroma_errors(folder):
        begun = chroma._collection.count() > 0
        present = present_among(chroma, (known.id_at(at) for at in range(len(known)))) if begun else set()
    missing = [at for at in range(len(known)) if known.id_at(at) not in present]
    done = 0
    _note(folder, embedder, known.stamp, len(present), watched)
    on_progress(0, len(missing))
    for start in range(0, len(missing), batch):
        if stop is not None and stop.is_set():
            return done
        with writing(folder):
            if watched and _standing_stamp(folder) != known.stamp:
                return done
            some = [known[at] for at in missing[start : start + batch]]
            embed_into(folder, chroma, embedder, some, words=len(known) <= KEEPS_WORDS)
            done += len(some)
            _note(folder, embedder, known.stamp, len(present) + done, watched)
        on_progress(done, len(missing))
    with writing(folder):
        if watched and _standing_stamp(folder) != known.stamp:
            return done
        _drop_strangers(folder, chroma, known)
        _finish(folder, embedder, known.stamp, watched)
    return done


def fill_library(
    folder: Path,
    embedder: Embedder,
    chroma_url: str | None = None,
    on_progress: Progress = lambda done, total: None,
    *,
    batch: int = BATCH,
    stop: threading.Event | None = None,
) -> int:
    """Fill in the vectors of a library as it stands, and again where it was changed meanwhile; how many were embedded.

    Raises:
        LibraryError: there is no library, or Chroma does not answer. What was embedded stays.
    """
    embedded = 0
    while True:
        passages = read_passages(folder)
        embedded += fill_dense(folder, embedder, passages, chroma_url, on_progress, batch=batch, stop=stop)
        if (stop is not None and stop.is_set()) or _standing_stamp(folder) == passages.stamp:
            return embedded


def _standing_stamp(folder: Path) -> str:
    manifest = read_manifest(folder)
    if manifest is None:
        return ""
    return manifest.stamp or read_passages(folder).stamp


def _note(folder: Path, embedder: Embedder, stamp: str, dense: int, watched: bool) -> None:
    """Say in the manifest how far the main embedder is."""
    with writing(folder):
        manifest = read_manifest(folder)
        if manifest is None or manifest.embedder != embedder.fingerprint or not watched:
            return
        whole = manifest.is_filled(embedder.fingerprint, stamp)
        if not whole:
            write_manifest(folder, manifest.changed(stamp=stamp, dense=min(dense, manifest.total), complete=False))


def _drop_strangers(folder: Path, chroma: Any, known: Passages | Arranged) -> None:
    with chroma_errors(folder):
        if chroma._collection.count() == len(known):
            return
        wanted = {known.id_at(at) for at in range(len(known))}
        strangers = sorted(known_ids(chroma) - wanted)
    delete_ids(folder, chroma, strangers)


def _finish(folder: Path, embedder: Embedder, stamp: str, watched: bool) -> None:
    manifest = read_manifest(folder) or Manifest(embedder=embedder.fingerprint)
    filled = with_filled(folder, manifest) | {embedder.fingerprint: (stamp,)}
    if watched and manifest.embedder == embedder.fingerprint:
        manifest = manifest.changed(complete=True, dense=manifest.total, stamp=stamp)
    write_manifest(folder, manifest.changed(filled=filled))


def with_filled(folder: Path, manifest: Manifest) -> dict[str, tuple[str, ...]]:
    """What is filled, in words of this version: libraries of the first said only that they were complete."""
    if manifest.version == 1 and manifest.complete:
        return {manifest.embedder: (read_passages(folder).stamp,)}
    return dict(manifest.filled)


class Dense:
    """The vectors of one embedder over the passages of an opened library.

    Args:
        folder: the library's folder.
        embedder: the main embedder or another.
        chroma_url: a Chroma server instead of the embedded store.
        passages: those of the library, as it was opened.
    """

    def __init__(self, folder: Path, embedder: Embedder, chroma_url: str | None, passages: Passages) -> None:
        self._folder = folder
        self._embedder = embedder
        self._url = chroma_url
        self._passages = passages
        self._chroma: Any = None
        self._opening = threading.Lock()
        self._read: tuple[tuple[int, ...], Manifest | None] = ((), None)
        self._ready = False

    @property
    def ready(self) -> bool:
        """Whether every passage has its vector. Once it is so, it stays so for these passages."""
        if not self._ready:
            manifest = self._manifest()
            self._ready = manifest is not None and manifest.is_filled(self._embedder.fingerprint, self._stamp(manifest))
        return self._ready

    @property
    def embedded(self) -> int:
        """How many passages have vectors of the main embedder."""
        manifest = self._manifest()
        return len(self._passages) if self.ready else min(manifest.dense, len(self._passages)) if manifest else 0

    def fill(self, on_progress: Progress = lambda done, total: None) -> int:
        """Bring the collection up to date where it is not; how many passages were embedded.

        Raises:
            LibraryError: Chroma does not answer.
        """
        if self.ready:
            return 0
        return fill_dense(self._folder, self._embedder, self._passages, self._url, on_progress)

    def open(self) -> Any:
        """The collection as a LangChain vector store, opened once.

        Raises:
            LibraryError: it cannot be opened.
        """
        with self._opening:
            if self._chroma is None:
                self._chroma = open_chroma(self._folder, self._embedder, self._url, len(self._passages))
        return self._chroma

    def search(
        self, vector: Sequence[float], number: int, where: dict[str, Any] | None = None
    ) -> list[tuple[int, float]]:
        """Positions and cosines of the nearest passages, the nearest first.

        Args:
            vector: the question's, shape (dimensions,).
            number: how many at most.
            where: a condition on metadata in Chroma's form; libraries of more than `KEEPS_WORDS` passages have none.

        Raises:
            LibraryError: the vectors are not all there (see `ready` and `fill`), or Chroma does not answer.
        """
        if not self.ready:
            raise LibraryError(
                f"Not all passages of {self._folder} have vectors of {self._embedder.fingerprint} yet. Go on with "
                f"`bakerstreet library build {self._folder.name}`."
            )
        asked = number
        while True:
            with chroma_errors(self._folder):
                collection = self.open()._collection
                found = collection.query(
                    query_embeddings=[list(vector)], n_results=asked, where=where, include=["distances"]
                )
                ids, distances = found["ids"][0], found["distances"][0]
            positions = [self._passages.position(id_) for id_ in ids]
            # Chroma gives cosine distance. What a change is just adding, or left behind, is not among these passages.
            near = [(at, 1.0 - far) for at, far in zip(positions, distances, strict=True) if at is not None]
            if len(near) >= number or len(ids) < asked or asked >= 16 * number:
                return near[:number]
            asked *= 4

    def _manifest(self) -> Manifest | None:
        changed = file_stamp(self._folder / MANIFEST)
        if self._read[0] != changed:
            self._read = (changed, read_manifest(self._folder))
        return self._read[1]

    def _stamp(self, manifest: Manifest) -> str:
        return "" if manifest.version == 1 else self._passages.stamp

"""Dense search: the vectors of a library's passages, filled in behind the passages and then searched.

The manifest says which sets of passages an embedder's collection holds in full, by the fingerprint of the set
(`Passages.stamp`). So a collection that fell behind is known without asking Chroma, and is brought up to date before
it is searched again. What was embedded stays: a filling that was killed continues with what is missing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot.errors import LibraryError
from chatbot.files import file_stamp
from chatbot.library.index.chroma import (
    BATCH,
    TEXTS_LIMIT,
    ChromaError,
    changing,
    chroma_errors,
    delete_ids,
    known_ids,
    open_chroma,
    present_among,
    put_into,
)
from chatbot.library.index.clients import written_stamp
from chatbot.library.index.damage import lost_vectors
from chatbot.library.index.locking import writing
from chatbot.library.index.manifest import MANIFEST, Manifest, index_stamp, read_manifest, write_manifest
from chatbot.library.index.passages import IndexReplacedError, Passages, read_passages
from chatbot.progress import Progress

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder

RETRY = 30.0  # seconds until Chroma is asked again after it failed

logger = logging.getLogger(__name__)


def fill_dense(
    folder: Path,
    embedder: Embedder,
    passages: Passages,
    chroma_url: str | None = None,
    on_progress: Progress = lambda done, total: None,
    *,
    batch: int = BATCH,
    stop: threading.Event | None = None,
) -> int:
    """Bring an embedder's collection up to date for exactly these passages; how many were embedded.

    It may be killed or stopped at any point and called again. Where the passages are those of the library and the
    library is changed meanwhile, it ends early; the caller finds out whether it was (`fill_library` does).

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
    current = _stamp_now(folder) == passages.stamp
    total = len(passages)
    chroma = open_chroma(folder, embedder, chroma_url, total)
    wanted = passages.ids()
    with chroma_errors(folder):
        begun = chroma._collection.count() > 0
    present = present_among(folder, chroma, wanted) if begun else set()
    missing = [id_ for id_ in wanted if id_ not in present]
    embedded = 0
    _note(folder, embedder, passages.stamp, len(present), current)
    on_progress(0, len(missing))
    for start in range(0, len(missing), batch):
        if stop is not None and stop.is_set():
            return embedded
        some = missing[start : start + batch]
        others = present_among(folder, chroma, some)  # another process may be at it too
        made = [passages[wanted[id_]] for id_ in some if id_ not in others]
        vectors = embedder.embed_documents([passage.indexed() for passage in made]) if made else []
        with writing(folder):  # not held while embedding: whoever changes the library goes first
            if current and _stamp_now(folder) != passages.stamp:
                return embedded
            if made:
                with changing(folder, embedder, chroma_url, total) as chroma:
                    put_into(folder, chroma, made, vectors, with_texts=total <= TEXTS_LIMIT)
            embedded += len(made)
            done = start + len(some)
            _note(folder, embedder, passages.stamp, len(present) + done, current)
        on_progress(done, len(missing))
    with writing(folder):
        if current and _stamp_now(folder) != passages.stamp:
            return embedded
        with chroma_errors(folder):
            held = chroma._collection.count()
        if held != len(wanted):
            with changing(folder, embedder, chroma_url, total) as chroma:
                delete_ids(folder, chroma, sorted(known_ids(folder, chroma) - wanted.keys()))
        manifest = read_manifest(folder) or Manifest(embedder=embedder.fingerprint)
        write_manifest(folder, manifest.with_filled(embedder.fingerprint, passages.stamp))
    return embedded


def fill_library(
    folder: Path,
    embedder: Embedder,
    chroma_url: str | None = None,
    on_progress: Progress = lambda done, total: None,
    *,
    batch: int = BATCH,
    stop: threading.Event | None = None,
) -> int:
    """Embed what a library lacks, and again where it was changed meanwhile; how many passages were embedded.

    Raises:
        LibraryError: there is no library, or Chroma does not answer. What was embedded stays.
    """
    embedded = 0
    while True:
        passages = read_passages(folder)
        embedded += fill_dense(folder, embedder, passages, chroma_url, on_progress, batch=batch, stop=stop)
        if (stop is not None and stop.is_set()) or _stamp_now(folder) == passages.stamp:
            return embedded


def _stamp_now(folder: Path) -> str:
    manifest = read_manifest(folder)
    return manifest.stamp if manifest else ""


def _note(folder: Path, embedder: Embedder, stamp: str, embedded: int, current: bool) -> None:
    """Write down how far the main embedder is."""
    with writing(folder):
        manifest = read_manifest(folder)
        if manifest is None or manifest.embedder != embedder.fingerprint or not current:
            return
        if not manifest.is_filled(embedder.fingerprint, stamp):
            write_manifest(folder, manifest.changed(embedded=embedded))


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
        self._opened: tuple[object, ...] = ()  # the state of the store that it was opened in
        self._opening = threading.Lock()
        self._read: tuple[tuple[int, ...], Manifest | None] = ((), None)
        self._ready = False
        self._asked_again = 0.0  # when Chroma is asked again that did not answer, on the clock `monotonic`
        self._why = ""  # it did not
        self._replaced = False  # by an index of other passages, whose vectors the collection now holds

    @property
    def ready(self) -> bool:
        """Whether every passage has its vector, and Chroma gives them.

        Once it is so, it stays so until the library holds other passages, or Chroma fails.
        """
        if self._replaced or time.monotonic() < self._asked_again:
            return False
        if not self._ready:
            manifest = self._manifest()
            if manifest is None or not manifest.is_filled(self._embedder.fingerprint, self._passages.stamp):
                self._why = ""
                return False
            try:
                lost = lost_vectors(self._folder, manifest, self._embedder.fingerprint, self._url)
            except ChromaError as error:
                self._failed(str(error))
                return False
            if lost is not None:
                self._failed(f"{lost.why}; `bakerstreet library build {self._folder.name}` makes its vectors again")
                return False
            self._ready, self._why = True, ""
        return True

    @property
    def why_not(self) -> str:
        """Why the passages are not searched by sense at present; empty where they are."""
        return "" if self.ready else self._why or "the passages are still being embedded"

    def _failed(self, why: str) -> None:
        """Search by words until Chroma is asked again."""
        if why != self._why:
            logger.warning("The library of %s is searched by words: %s", self._folder.name, why)
        self._ready, self._why, self._asked_again = False, why, time.monotonic() + RETRY

    @property
    def embedded(self) -> int:
        """How many passages have vectors of the main embedder."""
        manifest = self._manifest()
        return len(self._passages) if self.ready else min(manifest.embedded, len(self._passages)) if manifest else 0

    def fill(self, on_progress: Progress = lambda done, total: None) -> int:
        """Bring the collection up to date where it is not; how many passages were embedded.

        Raises:
            LibraryError: Chroma does not answer.
        """
        if self.ready:
            return 0
        return fill_dense(self._folder, self._embedder, self._passages, self._url, on_progress)

    def open(self) -> Any:
        """The collection as a LangChain vector store; opened again when another process has changed it.

        Raises:
            LibraryError: it cannot be opened.
        """
        with self._opening:
            state = self._state()
            if self._chroma is None or self._opened != state:
                self._chroma = open_chroma(self._folder, self._embedder, self._url, create=False)
                self._opened = state
            return self._chroma

    def search(self, vector: Sequence[float], number: int) -> list[tuple[int, float]]:
        """Positions and cosines of the nearest passages, the nearest first.

        Args:
            vector: the question's, shape (dimensions,).
            number: how many at most.

        Raises:
            IndexReplacedError: the collection may hold the vectors of other passages by now.
            ChromaError: Chroma does not answer. `ready` is false then, for a while.
            LibraryError: the vectors are not all there (see `ready` and `fill`).
        """
        if not self.ready:
            raise (ChromaError if self._why else LibraryError)(
                self._why
                or f"Not all passages of {self._folder} have vectors of {self._embedder.fingerprint} yet. Go on with "
                f"`bakerstreet library build {self._folder.name}`."
            )
        asked = number
        while True:
            try:
                ids, distances = self._nearest(vector, asked)
            except ChromaError as error:
                self._failed(str(error))
                raise
            if index_stamp(self._folder) != self._passages.file:
                self._replaced = True
                raise IndexReplacedError(f"The library in {self._folder} was changed. Open it again.")
            positions = self._passages.positions_of(ids)
            # Chroma gives cosine distance. While a library is changed, the collection holds other passages too.
            near = [(at, 1.0 - far) for at, far in zip(positions, distances, strict=True) if at is not None]
            if len(near) >= number or len(ids) < asked or asked >= 16 * number:
                return near[:number]
            asked *= 4

    def _nearest(self, vector: Sequence[float], number: int) -> tuple[list[str], list[float]]:
        """The ids of what is nearest in the collection, and the distances."""
        while True:
            state = self._state()
            try:
                found = self._query(vector, number)
            except ChromaError:
                if self._state() == state:
                    raise
                continue
            # A collection that another process deletes meanwhile is searched without an error, and found empty.
            if self._state() == state:
                return found

    def _query(self, vector: Sequence[float], number: int) -> tuple[list[str], list[float]]:
        with chroma_errors(self._folder):
            found = self.open()._collection.query(
                query_embeddings=[list(vector)], n_results=number, include=["distances"]
            )
            return found["ids"][0], found["distances"][0]

    def _state(self) -> tuple[object, ...]:
        """Changes whenever the collection has to be opened again: two calls of `stat`."""
        manifest = self._manifest()
        name = manifest.collection(self._folder.name, self._embedder.fingerprint) if manifest else ""
        return name, self._url or written_stamp(self._folder)

    def _manifest(self) -> Manifest | None:
        changed = file_stamp(self._folder / MANIFEST)
        if self._read[0] != changed:
            self._read = (changed, read_manifest(self._folder))
        return self._read[1]

"""The vectors of one visitor's passages: few enough to be kept in a file and compared with a question one by one."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chatbot.errors import LibraryError
from chatbot.library.index.dense import Dense
from chatbot.library.index.passages import Passages
from chatbot.library.texts import Passage
from chatbot.progress import Progress

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder

AT_ONCE = 16  # passages that are embedded at once: whoever asks meanwhile waits as long

logger = logging.getLogger(__name__)


class StoredVectors:
    """The vectors of a visitor's passages on disk: one file for an embedder, replaced as a whole."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self._folder = folder
        self._embedder = embedder
        self._file = folder / f"vectors-{hashlib.sha256(embedder.fingerprint.encode()).hexdigest()[:8]}.npz"

    def bring(
        self, passages: Iterable[Passage], on_progress: Progress = lambda done, total: None
    ) -> dict[str, NDArray[np.float32]]:
        """The vector of every passage by its id; what was missing is embedded and kept.

        Raises:
            OSError: it cannot be kept.
        """
        known = _read(self._file)
        new = [passage for passage in passages if passage.id not in known]
        on_progress(0, len(new))
        for start in range(0, len(new), AT_ONCE):
            some = new[start : start + AT_ONCE]
            made = self._embedder.embed_documents([passage.indexed() for passage in some])
            known |= {passage.id: np.asarray(row, np.float32) for passage, row in zip(some, made, strict=True)}
            on_progress(start + len(some), len(new))
        if new:
            _write(self._file, known)
        return known

    @staticmethod
    def prune(folder: Path, ids: set[str]) -> None:
        """Delete the vectors of all passages but these."""
        for file in folder.glob("vectors-*.npz"):
            _write(file, {id_: row for id_, row in _read(file).items() if id_ in ids})


def _read(file: Path) -> dict[str, NDArray[np.float32]]:
    try:
        with np.load(file, allow_pickle=False) as held:
            return dict(zip(held["ids"].tolist(), held["vectors"], strict=True))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError) as error:
        logger.warning("%s is damaged (%r); its vectors are made again.", file, error)
        return {}


def _write(file: Path, rows: Mapping[str, NDArray[np.float32]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}.partial")
    with partial.open("wb") as stream:
        np.savez(stream, ids=np.array(list(rows)), vectors=np.array(list(rows.values()), np.float32))
    partial.replace(file)


class OwnVectors:
    """The vectors of a visitor's passages in memory, every one compared with a question.

    Args:
        folder: his folder.
        embedder: whose vectors.
        passages: the shared ones and his.
        names: his sources among theirs.
    """

    def __init__(self, folder: Path, embedder: Embedder, passages: Passages, names: Sequence[str]) -> None:
        self._store = StoredVectors(folder, embedder)
        self._passages = passages
        self._names = names
        self._lock = threading.Lock()
        self._loaded: tuple[list[int], NDArray[np.float32]] | None = None

    def search(self, vector: Sequence[float], number: int) -> list[tuple[int, float]]:
        """Positions and cosines of the nearest of his passages, the nearest first.

        Args:
            vector: the question's, shape (dimensions,).
            number: how many at most.
        """
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
        positions, rows = self._loaded
        cosines = rows @ np.asarray(vector, np.float32)
        return [(positions[at], float(cosines[at])) for at in np.argsort(-cosines)[:number]]

    def _load(self) -> tuple[list[int], NDArray[np.float32]]:
        ids = self._passages.ids(self._names)
        own = [self._passages[position] for position in ids.values()]
        try:
            known = self._store.bring(own)
        except OSError as error:
            raise LibraryError(f"The vectors of your texts cannot be written: {error}.") from error
        return list(ids.values()), np.array([known[id_] for id_ in ids], np.float32)


class DenseBeside:
    """The vectors of the shared passages, and beside them those of one visitor.

    Args:
        shared: of the library.
        own: his.
    """

    def __init__(self, shared: Dense, own: OwnVectors) -> None:
        self._shared = shared
        self._own = own

    @property
    def ready(self) -> bool:
        """Whether every shared passage has its vector."""
        return self._shared.ready

    @property
    def why_not(self) -> str:
        """Why it has not, or why Chroma does not give them; empty where it does."""
        return self._shared.why_not

    def search(self, vector: Sequence[float], number: int) -> list[tuple[int, float]]:
        """Positions and cosines of the nearest passages of both, the nearest first.

        Args:
            vector: the question's, shape (dimensions,).
            number: how many at most.

        Raises:
            LibraryError: not all vectors are there, or Chroma does not answer.
        """
        both = [*self._shared.search(vector, number), *self._own.search(vector, number)]
        return sorted(both, key=lambda found: -found[1])[:number]

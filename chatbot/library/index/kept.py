"""Vectors of a list of texts that a library keeps beside its index, and makes again where they are out of date."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder

Vectors = NDArray[np.float32]


def kept_vectors(texts: Sequence[str], file: Path, embedder: Embedder) -> Vectors:
    """The vectors of texts: read where the file has those of just these texts by this embedder, else made and kept.

    Args:
        texts: what is embedded, as documents.
        file: `.npz`; where it cannot be written, the vectors are made again the next time.
        embedder: of the library.

    Returns:
        Unit vectors of shape (texts, dimensions), in the order of the texts.
    """
    stamp = hashlib.sha256("\n".join([embedder.fingerprint, *texts]).encode()).hexdigest()
    vectors = _read(file, stamp)
    if vectors is None:
        vectors = np.asarray(embedder.embed_documents(list(texts)) if texts else np.zeros((0, 0)), dtype=np.float16)
        _write(file, stamp, vectors)
    return vectors.astype(np.float32)


def _read(file: Path, stamp: str) -> NDArray[np.float16] | None:
    try:
        with np.load(file, allow_pickle=False) as kept:
            return np.asarray(kept["vectors"], dtype=np.float16) if str(kept["stamp"]) == stamp else None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):  # missing or damaged: they can be made again
        return None


def _write(file: Path, stamp: str, vectors: NDArray[np.float16]) -> None:
    """Written whole or not at all."""
    partial = file.with_suffix(".partial.npz")
    try:
        np.savez(partial, stamp=np.array(stamp), vectors=vectors)
        partial.replace(file)
    except OSError:
        partial.unlink(missing_ok=True)

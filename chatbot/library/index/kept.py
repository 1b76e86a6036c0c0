"""Vectors of a list of texts that a library keeps beside its index, and makes again where they are out of date."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder

Vectors = NDArray[np.float32]


def kept_vectors(texts: Sequence[str], file: Path, embedder: Embedder) -> Vectors:
    """The vectors of texts: those that the file has by this embedder are read, the others made and kept.

    Args:
        texts: what is embedded, as documents.
        file: `.npz`; where it cannot be written, what is missing is made again the next time.
        embedder: of the library.

    Returns:
        Unit vectors of shape (texts, dimensions), in the order of the texts.
    """
    if not texts:
        return np.zeros((0, 0), dtype=np.float32)
    keys = [_key(text) for text in texts]
    kept = _read(file, embedder.fingerprint)
    missing = list(dict.fromkeys(text for key, text in zip(keys, texts, strict=True) if key not in kept))
    if missing:
        made = np.asarray(embedder.embed_documents(missing), dtype=np.float16)
        kept |= {_key(text): vector for text, vector in zip(missing, made, strict=True)}
    if missing or len(kept) > len(set(keys)):
        kept = {key: kept[key] for key in keys}
        _write(file, embedder.fingerprint, kept)
    return np.stack([kept[key] for key in keys]).astype(np.float32)


def _key(text: str) -> int:
    """A number of 64 bits that stands for a text: among 100,000 two are the same once in three billion files."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def _read(file: Path, fingerprint: str) -> dict[int, NDArray[np.float16]]:
    try:
        with np.load(file, allow_pickle=False) as kept:
            if str(kept["embedder"]) != fingerprint:
                return {}
            vectors = np.asarray(kept["vectors"], dtype=np.float16)
            return dict(zip(map(int, kept["keys"]), vectors, strict=True))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):  # missing or damaged: they can be made again
        return {}


def _write(file: Path, fingerprint: str, kept: Mapping[int, NDArray[np.float16]]) -> None:
    """Written whole or not at all."""
    partial = file.with_suffix(".partial.npz")
    keys = np.fromiter(kept, dtype=np.uint64, count=len(kept))
    try:
        np.savez(partial, embedder=np.array(fingerprint), keys=keys, vectors=np.stack(list(kept.values())))
        partial.replace(file)
    except OSError:
        partial.unlink(missing_ok=True)

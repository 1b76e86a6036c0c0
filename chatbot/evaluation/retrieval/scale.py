"""How the library copes with a million passages: synthetic libraries, built and searched as real ones are.

All of it is the library's own code but for two things. Words are drawn from a vocabulary by the Zipf-Mandelbrot law,
fitted so that common and rare words occur in as many passages as in the nine books. Vectors are not made by a model,
which would take hours, but drawn around the centres of clusters, seeded by the text; they say nothing about how well a
library of that size is searched, only how fast. Every step runs in a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import hashlib
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from chatbot.language import ENGLISH
from chatbot.library.encoders import Embedder
from chatbot.library.index import (
    Dense,
    Passages,
    SourceEntry,
    fill_library,
    read_manifest,
    read_passages,
    write_library,
)
from chatbot.library.search import Ranking, fused
from chatbot.library.texts import TEXT, Passage
from chatbot.progress import Say

VOCABULARY = 200_000
WORDS = 80  # terms in a passage that are no stopwords; the books have 65
FLATNESS = 20  # Mandelbrot's constant: the most common word stands in a third of the passages, as in the books
DIMENSIONS = 384
CLUSTER = 50  # passages around one centre
SPREAD = 0.8  # the noise's length beside the centre's: neighbours have a cosine of about 0.6
QUERIES = 200
TERMS = 8  # words in a question
LIST = 40  # passages in each list, as the library's own search asks for
ADDED = 100
BATCH = 2_000

Vectors = NDArray[np.float32]


class Speed(BaseModel):
    """Milliseconds a question: median, 95th percentile and the slowest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    p50: float
    p95: float
    slowest: float


class Scale(BaseModel):
    """What one size came to; seconds, milliseconds, and megabytes of 2**20 bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    passages: int
    index_s: float
    dense_s: float
    build_peak_mb: float
    index_mb: float
    chroma_mb: float
    open_s: float
    first_s: float
    opened_mb: float
    resident_mb: float
    dense: Speed
    lexical: Speed
    lexical_in_work: Speed
    fused: Speed
    recall: float
    add_s: float
    add_peak_mb: float
    added_mb: float


class SyntheticEmbedder(Embedder):
    """Unit vectors around cluster centres, seeded by the text: the same text has the same vector, without a model.

    Args:
        clusters: how many centres there are.
    """

    def __init__(self, clusters: int) -> None:
        super().__init__()
        self._clusters = clusters

    @property
    def fingerprint(self) -> str:
        """Says that nothing was embedded by a model."""
        return f"synthetic-{DIMENSIONS}-{self._clusters}"

    @property
    def max_tokens(self) -> int:
        """As the bundled embedder's."""
        return 256

    @cached_property
    def _centres(self) -> Vectors:
        centres = np.random.default_rng(1).standard_normal((self._clusters, DIMENSIONS), np.float32)
        unit: Vectors = centres / np.linalg.norm(centres, axis=1, keepdims=True)
        return unit

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (texts, 384)."""
        seeds = [int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") for text in texts]
        noise = np.stack(
            [np.random.Generator(np.random.SFC64(seed)).standard_normal(DIMENSIONS, np.float32) for seed in seeds]
        )
        noise *= SPREAD / np.sqrt(DIMENSIONS)
        made = self._centres[[seed % self._clusters for seed in seeds]] + noise
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """The same, a row each; Chroma takes rows of numpy as they are."""
        return list(self.vectors(texts))


def word(number: int) -> str:
    """The word of a rank: syllables of a consonant and a vowel, which no stem shortens."""
    letters = ""
    for _ in range(3):
        number, syllable = divmod(number, 80)
        letters += "bcdfghjklmnpqrtvwxyz"[syllable // 4] + "aiou"[syllable % 4]
    return letters


def synthetic_passages(start: int, end: int, seed: int = 0) -> Iterator[Passage]:
    """The passages from `start` up to `end`: works of 200, sources of ten works."""
    weights = 1.0 / (np.arange(VOCABULARY) + FLATNESS)
    heights = np.cumsum(weights / weights.sum())
    words = [word(number) for number in range(VOCABULARY)]
    for first in range(start, end, 1000):
        drawn = np.random.default_rng([seed, first]).random((min(1000, end - first), WORDS))
        ranks = np.minimum(np.searchsorted(heights, drawn), VOCABULARY - 1)
        for number, row in enumerate(ranks.tolist(), first):
            text = " ".join(words[rank] for rank in row)
            source = f"source-{number // 2000}.txt"
            work = f"work {number // 200}"
            id_ = hashlib.blake2b(f"{seed} {number}".encode(), digest_size=16).hexdigest()
            yield Passage(id_, TEXT, source, work, "", number % 200 + 1, "", text)


def build(folder: Path, number: int) -> dict[str, float]:
    """Build a library; seconds for passages and BM25, for Chroma, and the peak of the process's memory."""
    embedder = _embedder(number)
    began = time.perf_counter()
    by_source: dict[str, list[Passage]] = {}
    for passage in synthetic_passages(0, number):
        by_source.setdefault(passage.source, []).append(passage)
    entries = {name: SourceEntry.of(name, passages) for name, passages in by_source.items()}
    write_library(folder, embedder, by_source, entries, ENGLISH, None, lambda done, total: None, behind=True)
    indexed = time.perf_counter()
    fill_library(folder, embedder, batch=BATCH)
    return {"index_s": indexed - began, "dense_s": time.perf_counter() - indexed, "build_peak_mb": _peak()}


def measure(folder: Path, number: int) -> dict[str, Any]:
    """Open the library and search it."""
    embedder = _embedder(number)
    before = time.perf_counter()
    passages = read_passages(folder)
    lexical = passages.lexical
    opened, opened_mb = time.perf_counter() - before, _resident()
    dense = Dense(folder, embedder, None, passages)
    questions = _questions(passages)
    noisy = embedder.vectors([passages[at].indexed() for at, _ in questions])
    noisy += np.random.default_rng(3).standard_normal(noisy.shape, np.float32) * np.float32(0.5 / np.sqrt(DIMENSIONS))
    vectors = [row.tolist() for row in noisy / np.linalg.norm(noisy, axis=1, keepdims=True)]
    before = time.perf_counter()
    dense.search(vectors[0], LIST)
    first = time.perf_counter() - before
    lexical.search(questions[0][1], LIST)
    works = [[passages[at].work] for at, _ in questions]

    def both(number: int) -> None:
        by_sense = Ranking("dense", 1.0, tuple(dense.search(vectors[number], LIST)))
        by_words = Ranking("bm25", 1.0, tuple(lexical.search(questions[number][1], LIST)))
        fused([by_sense, by_words])

    return {
        "open_s": opened,
        "first_s": first,
        "opened_mb": opened_mb,
        "dense": _timed(lambda number: dense.search(vectors[number], LIST)),
        "lexical": _timed(lambda number: lexical.search(questions[number][1], LIST)),
        "lexical_in_work": _timed(lambda number: lexical.search(questions[number][1], LIST, works[number])),
        "fused": _timed(both),
        "resident_mb": _resident(),
        "index_mb": _size(folder / "index"),
        "chroma_mb": _size(folder / "chroma"),
    }


def recall(folder: Path, number: int, asked: int = 20) -> dict[str, float]:
    """What share of the ten nearest passages the dense search finds, against all vectors compared one by one."""
    embedder = _embedder(number)
    passages = read_passages(folder)
    dense = Dense(folder, embedder, None, passages)
    wanted = embedder.vectors([passages[at].indexed() for at, _ in _questions(passages)[:asked]])
    best = np.full((asked, 10), -2.0, np.float32)
    nearest = np.zeros((asked, 10), np.int64)
    every_passage = iter(passages)
    for start in range(0, len(passages), 20_000):
        some = list(islice(every_passage, 20_000))
        near = wanted @ embedder.vectors([passage.indexed() for passage in some]).T
        every = np.concatenate([best, near], axis=1)
        at = np.concatenate([nearest, np.broadcast_to(np.arange(start, start + len(some)), near.shape)], axis=1)
        order = np.argsort(-every, axis=1)[:, :10]
        best, nearest = np.take_along_axis(every, order, 1), np.take_along_axis(at, order, 1)
    found = [{at for at, _ in dense.search(row.tolist(), LIST)[:10]} for row in wanted]
    shares = [len(one & set(other.tolist())) / 10 for one, other in zip(found, nearest, strict=True)]
    return {"recall": float(np.mean(shares))}


def grow(folder: Path, number: int) -> dict[str, float]:
    """Add passages to the library as a text is added; seconds once Chroma is open, peak memory, growth on disk."""
    embedder = _embedder(number)
    before_mb = _size(folder)
    seconds = 0.0
    for turn in (1, 2):  # the first opens Chroma and is not counted
        name = f"added-{turn}.txt"
        made = [replace(passage, source=name) for passage in synthetic_passages(0, ADDED, seed=turn)]
        began = time.perf_counter()
        manifest = read_manifest(folder)
        entries = {**(manifest.sources if manifest else {}), name: SourceEntry.of(name, made)}
        write_library(folder, embedder, {name: made}, entries, ENGLISH, None, lambda done, total: None)
        seconds = time.perf_counter() - began
    return {"add_s": seconds, "add_peak_mb": _peak(), "added_mb": (_size(folder) - before_mb) / 2}


def run_size(folder: Path, number: int, say: Say) -> Scale:
    """Build and measure one size, each step in a process of its own; a size that was measured is read from `folder`."""
    import multiprocessing
    import shutil
    from concurrent.futures import ProcessPoolExecutor

    result = folder / "result.json"
    if result.is_file():
        return Scale.model_validate_json(result.read_text())
    shutil.rmtree(folder, ignore_errors=True)
    figures: dict[str, Any] = {"passages": number}
    for step in (build, measure, recall, grow):
        say(f"{number:,} passages: {step.__name__} ...")
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            figures |= pool.submit(step, folder, number).result()
    scale = Scale(**figures)
    result.write_text(scale.model_dump_json())
    return scale


def _embedder(number: int) -> SyntheticEmbedder:
    return SyntheticEmbedder(max(1, number // CLUSTER))


def _questions(passages: Passages) -> list[tuple[int, str]]:
    """Questions of words of one passage each, with its position."""
    draw = np.random.default_rng(2)
    places = draw.integers(0, len(passages), QUERIES).tolist()
    return [(at, " ".join(draw.choice(passages[at].text.split(), TERMS, replace=False))) for at in places]


def _timed(ask: Callable[[int], Any]) -> Speed:
    taken = []
    for number in range(QUERIES):
        began = time.perf_counter()
        ask(number)
        taken.append((time.perf_counter() - began) * 1000)
    p50, p95 = np.percentile(taken, [50, 95])
    return Speed(p50=round(float(p50), 2), p95=round(float(p95), 2), slowest=round(max(taken), 2))


def _peak() -> float:
    # Kilobytes on Linux, bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)


def _resident() -> float:
    status = Path("/proc/self/statm")
    if not status.is_file():
        return _peak()
    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024**2


def _size(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1024**2

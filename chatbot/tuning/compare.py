"""Whether a tuned search finds more than the untuned one, on works that were not trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chatbot.evaluation import KnownQuestion, bootstrap, split_of
from chatbot.evaluation.retrieval import DEPTH, Judge, same_work
from chatbot.library.encoders import CrossEncoder, Embedder
from chatbot.library.search import ADVANCED, LOGIT, NAIVE, Evidence, Library
from chatbot.library.texts import Passage
from chatbot.progress import Progress
from chatbot.tuning.pairs import validation_questions

CANDIDATES = 16  # windows that the reranker orders
BATCH = 64

Ranker = Callable[[str], Sequence[Evidence]]


@dataclass(frozen=True)
class Figures:
    """The share of questions whose answer is in the first 1, 4 and 10 texts, and the mean reciprocal rank."""

    top1: float
    top4: float
    top10: float
    mrr: float


@dataclass(frozen=True)
class Comparison:
    """The same questions asked before and after.

    Attributes:
        gain: the 95% interval of the gain in reciprocal rank.
    """

    questions: int
    before: Figures
    after: Figures
    gain: tuple[float, float]

    @property
    def beats(self) -> bool:
        """Whether the interval lies above zero."""
        return self.gain[0] > 0

    @property
    def verdict(self) -> str:
        """The outcome as a verb, for a sentence."""
        if self.beats:
            return "beats"
        return "is beaten by" if self.gain[1] < 0 else "does not beat"

    def record(self) -> dict[str, Any]:
        """As `training.json` keeps it."""
        return {**asdict(self), "verdict": self.verdict}


def questions_for(split: str, questions: Sequence[KnownQuestion], passages: Sequence[Passage]) -> list[KnownQuestion]:
    """The plain questions of the `test` split or the `validation` works that are about a work of the library."""
    works = {passage.work for passage in passages}
    wanted = (
        validation_questions(questions)
        if split == "validation"
        else [question for question in questions if question.kind == "plain" and split_of(question) == "test"]
    )
    return [question for question in wanted if any(same_work(work, question.work) for work in works)]


def compare(questions: Sequence[KnownQuestion], judge: Judge, before: Ranker, after: Ranker) -> Comparison:
    """Ask both rankers every question; there must be at least one."""
    ranks = [
        [_rank(question, judge, ranker(question.question)) for question in questions] for ranker in (before, after)
    ]
    gains = [_reciprocal(b) - _reciprocal(a) for a, b in zip(*ranks, strict=True)]
    low, high = bootstrap(gains) or (0.0, 0.0)
    return Comparison(len(questions), _figures(ranks[0]), _figures(ranks[1]), (round(low, 4), round(high, 4)))


def dense_ranker(passages: Sequence[Passage], embedder: Embedder, cache: Path, on_progress: Progress) -> Ranker:
    """The dense search alone, over whole passages.

    Args:
        passages: all of the library.
        embedder: of questions and passages.
        cache: the folder that keeps the vectors.
        on_progress: told how many passages are embedded, of how many.
    """
    vectors = passage_vectors(passages, embedder, cache, on_progress)

    def rank(question: str) -> list[Evidence]:
        cosines = vectors @ np.asarray(embedder.embed_query(question), dtype=np.float32)
        best = np.argsort(-cosines, kind="stable")[:DEPTH]
        return [Evidence(passages[at], passages[at].text, float(cosines[at]), ()) for at in best]

    return rank


def library_ranker(library: Library) -> Ranker:
    """The dense search alone, with the library's own vectors."""
    return lambda question: library.search(question, NAIVE, pieces=DEPTH).evidence


def passage_vectors(passages: Sequence[Passage], embedder: Embedder, cache: Path, on_progress: Progress) -> Any:
    """Unit vectors of all passages, a float32 array of shape (passages, dimensions); kept in `cache`."""
    named = "\n".join([embedder.fingerprint, *(passage.id for passage in passages)])
    file = cache / f"vectors-{hashlib.sha256(named.encode()).hexdigest()[:12]}.npy"
    if file.is_file():
        return np.load(file)
    rows: list[list[float]] = []
    for start in range(0, len(passages), BATCH):
        rows += embedder.embed_documents([passage.indexed() for passage in passages[start : start + BATCH]])
        on_progress(len(rows), len(passages))
    vectors = np.asarray(rows, dtype=np.float32)
    cache.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial.npy")
    np.save(partial, vectors)
    partial.replace(file)
    return vectors


def window_rankers(library: Library, reranker: CrossEncoder) -> tuple[Ranker, Ranker]:
    """The windows of the advanced search: as ordered without a reranker, and reordered by it."""
    alone = ADVANCED.without("cross-encoder")
    found: dict[str, Sequence[Evidence]] = {}

    def before(question: str) -> Sequence[Evidence]:
        if question not in found:
            found[question] = library.search(question, alone, pieces=CANDIDATES).evidence
        return found[question]

    def after(question: str) -> Sequence[Evidence]:
        windows = before(question)
        scores = reranker.score(question, [window.passage.titled(window.text) for window in windows])
        mixed = [window.score + LOGIT * score for window, score in zip(windows, scores, strict=True)]
        return [windows[at] for at in np.argsort(-np.asarray(mixed), kind="stable")]

    return before, after


def _rank(question: KnownQuestion, judge: Judge, pieces: Sequence[Evidence]) -> int:
    """The rank, from 1, of the first text that answers from the right work; 0 where none of the first `DEPTH` does."""
    return next((rank for rank, piece in enumerate(pieces[:DEPTH], 1) if judge.judge(question, piece).answers), 0)


def _reciprocal(rank: int) -> float:
    return 1 / rank if rank else 0.0


def _figures(ranks: Sequence[int]) -> Figures:
    def share(depth: int) -> float:
        return round(sum(0 < rank <= depth for rank in ranks) / len(ranks), 4)

    return Figures(share(1), share(4), share(10), round(sum(map(_reciprocal, ranks)) / len(ranks), 4))

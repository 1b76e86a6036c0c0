"""`library tune`: pairs, training, an adapter, a comparison with the untuned search, a model card.

The adapter is put in its place only when the comparison is done. Its card states the outcome, good or bad.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from chatbot.evaluation import KnownQuestion
from chatbot.evaluation.retrieval import Judge, same_work
from chatbot.library.encoders import CrossEncoder, Embedder
from chatbot.library.search import Library
from chatbot.library.texts import Passage
from chatbot.progress import Progress, Say
from chatbot.tuning.asked_pairs import asked_pairs
from chatbot.tuning.cards import search_card
from chatbot.tuning.compare import (
    Comparison,
    Ranker,
    compare,
    dense_ranker,
    library_ranker,
    questions_for,
    window_rankers,
)
from chatbot.tuning.encoders import Recipe, Task, base_model, train_encoder
from chatbot.tuning.loop import OnStep
from chatbot.tuning.pairs import Pair, in_dev_split, is_validation, known_pairs, reading_pairs
from chatbot.tuning.publish import publish_adapter
from chatbot.tuning.reranker import RerankerRecipe, reranker_task
from chatbot.tuning.retriever import RetrieverRecipe, retriever_task
from personas import LoadedPersona

What = Literal["retriever", "reranker"]
SPLITS = ("validation", "test")
MARGIN = 4  # tokens by which a passage is shorter than what the embedder reads, as in a library


@dataclass(frozen=True)
class TrainingData:
    """What is trained on and evaluated with.

    Attributes:
        model: the embedder as the settings name it: 'bundled' or a folder.
        passages: all of the library.
        questions: the known ones, of both splits.
        reading: the folder of the reading comprehension set; None: none.
        cache: where converted models are kept; None: torch runs them.
        library: where the reranker's windows are found (it is not compared without one), and whose vectors are used as
            they are if the embedder in question made them. Its probable questions are trained on.
        all_works: train on the probable questions of every work, those of the test split included.
    """

    model: str
    passages: Sequence[Passage]
    questions: Sequence[KnownQuestion]
    reading: Path | None = None
    cache: Path | None = None
    library: Library | None = None
    all_works: bool = False

    def is_case(self, work: str) -> bool:
        """Whether a known question is about a work."""
        return any(same_work(work, target.work) for known in self.questions for target in known.targets)

    def is_trained(self, work: str) -> bool:
        """Whether the probable questions of a work are trained on: one of the dev split that is not for validation."""
        return self.all_works or (self.is_case(work) and in_dev_split(work, self.questions) and not is_validation(work))

    def pairs(self, *, asked: bool = True) -> list[Pair]:
        """All pairs for training.

        Args:
            asked: those of the probable questions as well.

        Raises:
            TrainingError: the folder holds no reading comprehension set.
        """
        pairs = known_pairs(self.questions, self.passages)
        if asked and self.library:
            pairs += asked_pairs(self.library, use=cache(self.is_trained))
        if self.reading:
            embedder = Embedder(self.model)
            pairs += reading_pairs(self.reading, embedder.count, embedder.max_tokens - MARGIN)
        return pairs

    def questions_of(self, split: str) -> list[KnownQuestion]:
        """The plain questions of a split of `SPLITS` that the library can answer."""
        return questions_for(split, self.questions, self.passages)


@dataclass(frozen=True)
class Callbacks:
    """Called during a run: after every step, while passages are embedded, and when a stage begins."""

    on_step: OnStep = lambda _: None
    on_passages: Progress = lambda done, total: None
    say: Say = lambda _: None


@dataclass(frozen=True)
class Tuned:
    """The adapter's folder and its comparisons with the untuned search, by split; one without questions is missing."""

    folder: Path
    comparisons: dict[str, Comparison]


def tune_search(
    what: What,
    loaded: LoadedPersona,
    data: TrainingData,
    run: Path,
    *,
    recipe: Recipe | None = None,
    destination: Path | None = None,
    command: str = "",
    seed: int = 7,
    threads: int = 0,
    callbacks: Callbacks | None = None,
) -> Tuned:
    """Train the adapter of a persona's retriever or reranker, and compare the search with it and without it.

    Args:
        what: which of them.
        loaded: the persona.
        data: what is trained on and evaluated with.
        run: the folder of the run: checkpoint, vectors, the adapter until it is compared.
        recipe: a `RetrieverRecipe` or `RerankerRecipe`; default: as the shipped adapters were trained.
        destination: where the adapter goes; default: beside the persona.
        command: what the card says it was made by.
        seed: of the order and the first weights.
        threads: CPU threads; 0: as many as the libraries like.
        callbacks: told how the run fares.

    Raises:
        TrainingError: there is nothing to train on, or a folder cannot be written.
        ModelError: the base cannot be loaded.
    """
    callbacks = callbacks or Callbacks()
    base, name = base_model(data.model)
    pairs = data.pairs(asked=what == "retriever")
    task = _task(what, data, pairs, recipe, seed)
    model, state = train_encoder(
        task, base, name, run, seed=seed, threads=threads, on_step=callbacks.on_step, say=callbacks.say
    )
    validation_works = {question.work for question in data.questions_of("validation")}
    facts: dict[str, Any] = {
        "base": name,
        "what": what,
        "seed": seed,
        "recipe": asdict(task.recipe),
        "works": "all" if data.all_works else "dev",
        "questions": dict(Counter(kind for kind, _, _ in {(pair.kind, pair.group, pair.question) for pair in pairs})),
        "validation_works": sorted(
            {passage.work for passage in data.passages if is_validation(passage.work)} & validation_works
        ),
        **state.facts(),
    }
    trial = run / "adapter"
    publish_adapter(model, trial, facts, "", what)
    callbacks.say("Comparing it with the search without it ...")
    comparisons = _compared(what, data, trial, run, threads, callbacks)
    facts["results"] = {split: comparison.record() for split, comparison in comparisons.items()}
    folder = destination or loaded.folder / what
    publish_adapter(model, folder, facts, search_card(loaded, facts, command), what)
    return Tuned(folder, comparisons)


def _task(what: What, data: TrainingData, pairs: Sequence[Pair], recipe: Recipe | None, seed: int) -> Task:
    if what == "reranker":
        return reranker_task(pairs, recipe if isinstance(recipe, RerankerRecipe) else RerankerRecipe(), seed)
    tokens = Embedder(data.model).max_tokens
    return retriever_task(pairs, recipe if isinstance(recipe, RetrieverRecipe) else RetrieverRecipe(), seed, tokens)


def _compared(
    what: What, data: TrainingData, adapter: Path, run: Path, threads: int, callbacks: Callbacks
) -> dict[str, Comparison]:
    asked = {split: questions for split in SPLITS if (questions := data.questions_of(split))}
    if not asked or (what == "reranker" and data.library is None):
        return {}
    before, after = _rankers(what, data, adapter, run, threads, callbacks)
    judge = Judge(data.passages)
    return {split: compare(questions, judge, before, after) for split, questions in asked.items()}


def _rankers(
    what: What, data: TrainingData, adapter: Path, run: Path, threads: int, callbacks: Callbacks
) -> tuple[Ranker, Ranker]:
    options: dict[str, Any] = {"cache": data.cache, "say": callbacks.say}
    if what == "reranker" and data.library is not None:
        return window_rankers(data.library, CrossEncoder(data.model, threads, adapter=adapter, **options))

    def ranker(folder: Path | None) -> Ranker:
        embedder = Embedder(data.model, threads, adapter=folder, **options)
        if data.library is not None and data.library.manifest.embedder == embedder.fingerprint:
            return library_ranker(data.library)
        return dense_ranker(data.passages, embedder, run, callbacks.on_passages)

    return ranker(None), ranker(adapter)

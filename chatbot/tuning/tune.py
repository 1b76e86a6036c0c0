"""`library tune`: pairs -> training -> an adapter -> held against the untuned search -> its card.

The adapter goes to its place only when it has been held against the untuned search; what was found stands in its card,
whether it is good or not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from chatbot.evaluation import KnownQuestion
from chatbot.evaluation.retrieval import Judge
from chatbot.library.encoders import CrossEncoder, Embedder
from chatbot.library.search import Library
from chatbot.library.texts import Passage
from chatbot.tuning.compare import (
    Comparison,
    Ranker,
    compare,
    dense_ranker,
    library_ranker,
    questions_for,
    window_rankers,
)
from chatbot.tuning.encoders import base_model
from chatbot.tuning.loop import TrainingProgress, mean_loss
from chatbot.tuning.pairs import Pair, is_held_out, known_pairs, made_pairs, reading_pairs, trained_passages
from chatbot.tuning.publish import publish_adapter
from chatbot.tuning.reranker import RerankerRecipe, train_reranker
from chatbot.tuning.retriever import RetrieverRecipe, train_retriever
from chatbot.tuning.search_card import search_card
from personas import LoadedPersona

What = Literal["retriever", "reranker"]
SPLITS = ("held_out", "test")
MARGIN = 4  # tokens by which a passage is shorter than what the embedder reads, as in a library


@dataclass(frozen=True)
class Ground:
    """What is trained on and compared with.

    Attributes:
        model: the embedder as the settings name it: 'bundled' or a folder.
        passages: all of the library.
        questions: the known ones, of both parts.
        reading: the folder of the reading practice; None: none.
        made: (passage id, question) that a model made.
        cache: where converted models are kept; None: torch runs them.
    """

    model: str
    passages: Sequence[Passage]
    questions: Sequence[KnownQuestion]
    reading: Path | None = None
    made: Sequence[tuple[str, str]] = ()
    cache: Path | None = None

    def pairs(self) -> list[Pair]:
        """All pairs for training.

        Raises:
            TrainingError: the folder does not hold reading practice.
        """
        embedder = Embedder(self.model)
        pairs = known_pairs(self.questions, self.passages)
        if self.made:
            pairs += made_pairs(self.made, trained_passages(self.passages, self.questions))
        if self.reading:
            pairs += reading_pairs(self.reading, embedder.count, embedder.max_tokens - MARGIN)
        return pairs


@dataclass(frozen=True)
class Tuned:
    """The adapter and how it fares against the untuned search, by split; a split without questions is missing."""

    folder: Path
    comparisons: dict[str, Comparison]


@dataclass(frozen=True)
class Watch:
    """Who is told of a run: after every step, of the passages that are embedded, and of what is begun."""

    on_progress: Callable[[TrainingProgress], None] = lambda _: None
    on_passages: Callable[[int, int], None] = lambda done, total: None
    say: Callable[[str], None] = lambda _: None


def tune(
    what: What,
    loaded: LoadedPersona,
    ground: Ground,
    run: Path,
    *,
    recipe: RetrieverRecipe | RerankerRecipe | None = None,
    library: Library | None = None,
    destination: Path | None = None,
    command: str = "",
    seed: int = 7,
    threads: int = 0,
    watch: Watch | None = None,
) -> Tuned:
    """Train the adapter of a persona's retriever or reranker, and hold it against the search without it.

    Args:
        what: which of them.
        loaded: the persona.
        ground: what is trained on and compared with.
        run: the folder of the run: checkpoint, vectors, the adapter before it is in its place.
        recipe: how; default: the one that the shipped adapters are made with.
        library: what the reranker's windows are found in (it is not compared without one), and whose vectors are used
            as they are where the untuned embedder made them.
        destination: where the adapter goes; default: beside the persona.
        command: what the card shall say it was made by.
        seed: of the order and the first weights.
        threads: CPU threads; 0: as many as the libraries like.
        watch: who is told.

    Raises:
        TrainingError: there is nothing to train on, or a folder cannot be written.
        ModelError: the base cannot be loaded.
    """
    watch = watch or Watch()
    base, name = base_model(ground.model)
    pairs = ground.pairs()
    more: dict[str, Any] = {"seed": seed, "threads": threads, "on_progress": watch.on_progress, "say": watch.say}
    if what == "retriever":
        recipe = recipe if isinstance(recipe, RetrieverRecipe) else RetrieverRecipe()
        tokens = Embedder(ground.model).max_tokens
        model, state = train_retriever(base, name, pairs, run, recipe, passage_tokens=tokens, **more)
    else:
        recipe = recipe if isinstance(recipe, RerankerRecipe) else RerankerRecipe()
        model, state = train_reranker(base, name, pairs, run, recipe, **more)
    facts: dict[str, Any] = {
        "base": name,
        "what": what,
        "seed": seed,
        "recipe": asdict(recipe),
        "questions": dict(Counter(kind for kind, _, _ in {(pair.kind, pair.group, pair.question) for pair in pairs})),
        "held_out_works": sorted(
            {passage.work for passage in ground.passages if is_held_out(passage.work)}
            & {question.work for question in questions_for("held_out", ground.questions, ground.passages)}
        ),
        "steps": state.step,
        "tokens": state.tokens,
        "minutes": round(state.seconds / 60, 1),
        "loss_first": mean_loss(state.losses[:20]),
        "loss_last": mean_loss(state.losses[-20:]),
    }
    trial = run / "adapter"
    publish_adapter(model, trial, facts, "", what)
    watch.say("Holding it against the search without it ...")
    comparisons = _compared(what, ground, trial, run, library, threads, watch)
    facts["results"] = {split: comparison.record() for split, comparison in comparisons.items()}
    folder = destination or loaded.folder / what
    publish_adapter(model, folder, facts, search_card(loaded, facts, command), what)
    return Tuned(folder, comparisons)


def _compared(
    what: What, ground: Ground, adapter: Path, run: Path, library: Library | None, threads: int, watch: Watch
) -> dict[str, Comparison]:
    judge = Judge(ground.passages)
    asked = {split: questions_for(split, ground.questions, ground.passages) for split in SPLITS}
    if not any(asked.values()) or (what == "reranker" and library is None):
        return {}
    before, after = _rankers(what, ground, adapter, run, library, threads, watch)
    return {split: compare(questions, judge, before, after) for split, questions in asked.items() if questions}


def _rankers(
    what: What, ground: Ground, adapter: Path, run: Path, library: Library | None, threads: int, watch: Watch
) -> tuple[Ranker, Ranker]:
    if what == "reranker" and library is not None:
        reranker = CrossEncoder(ground.model, adapter, threads, cache=ground.cache, say=watch.say)
        return window_rankers(library, reranker)
    untuned, tuned = (
        Embedder(ground.model, threads, adapter=folder, cache=ground.cache, say=watch.say) for folder in (None, adapter)
    )

    def embedded(embedder: Embedder) -> Ranker:
        if library is not None and library.manifest.embedder == embedder.fingerprint:
            return library_ranker(library)
        return dense_ranker(ground.passages, embedder, run, watch.on_passages)

    return embedded(untuned), embedded(tuned)

"""`library tune --what reader`: groups, training, an adapter, and how it reads works that it has never seen."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from chatbot.errors import TrainingError
from chatbot.evaluation import auroc, bootstrap
from chatbot.language import words_of
from chatbot.library.encoders import Reader
from chatbot.library.search import Library
from chatbot.tuning.cards import reader_card
from chatbot.tuning.encoders import base_model, train_encoder
from chatbot.tuning.pairs import in_dev_split
from chatbot.tuning.publish import publish_adapter
from chatbot.tuning.reader import ReaderRecipe, reader_task
from chatbot.tuning.readings import (
    NOWHERE,
    ReadingGroup,
    counted_by_kind,
    foreign_groups,
    known_groups,
    probable_groups,
)
from chatbot.tuning.tune import Callbacks, TrainingData
from personas import LoadedPersona

HELD_OUT = 400  # questions of each kind that the figures are of
FOREIGN_HELD = 0.03  # the share of foreign questions that is not trained on


@dataclass(frozen=True)
class ReadingFigures:
    """How a reader fares on questions that it was not trained on.

    Attributes:
        questions: how many have a text that answers.
        first: the share whose first text answers, with its 95% interval.
        exact: the share of spans that are the answer word for word; of those texts whose answer's place is known.
        f1: the mean F1 of the words of span and answer (Rajpurkar et al., "SQuAD", 2016).
        silence: the area under the curve of the best logit, questions with an answer against those without; None: there
            are none without.
    """

    questions: int
    first: float
    first_interval: tuple[float, float]
    exact: float
    f1: float
    silence: float | None


def tune_reader(
    loaded: LoadedPersona,
    data: TrainingData,
    run: Path,
    *,
    recipe: ReaderRecipe | None = None,
    destination: Path | None = None,
    command: str = "",
    seed: int = 7,
    threads: int = 0,
    callbacks: Callbacks | None = None,
) -> tuple[Path, dict[str, ReadingFigures]]:
    """Train the reader of a persona.

    Args:
        loaded: the persona.
        data: its library is needed: questions are searched in it. With all works the figures are of foreign questions.
        run: the folder of the run.
        recipe: default: as the shipped adapter was trained.
        destination: where the adapter goes; default: beside the persona.
        command: what the card says it was made by.
        seed: of the order and the first weights.
        threads: CPU threads; 0: as many as the libraries like.
        callbacks: told how the run fares.

    Returns:
        The adapter's folder, and its figures by kind of question.

    Raises:
        TrainingError: there is no library or nothing to train on, or a folder cannot be written.
    """
    callbacks, recipe = callbacks or Callbacks(), recipe or ReaderRecipe()
    if data.library is None:
        raise TrainingError("A reader is trained on what the search finds: build the library first.")
    base, name = base_model(data.model)
    trained, held = _groups(data, data.library, seed, callbacks)
    task = reader_task(trained, recipe, seed)
    model, state = train_encoder(
        task, base, name, run, seed=seed, threads=threads, on_step=callbacks.on_step, say=callbacks.say
    )
    facts: dict[str, Any] = {
        "base": name,
        "what": "reader",
        "seed": seed,
        "recipe": asdict(recipe),
        "questions": counted_by_kind(trained),
        "works": "all" if data.all_works else "dev",
        **state.facts(),
    }
    trial = run / "adapter"
    publish_adapter(model, trial, facts, "", "reader")
    callbacks.say("Reading questions that it was not trained on ...")
    reader = Reader(data.model, threads, adapter=trial, cache=data.cache)
    figures = {kind: reading_figures(reader, groups) for kind, groups in held.items() if groups}
    facts["results"] = {kind: asdict(part) for kind, part in figures.items()}
    folder = destination or loaded.folder / "reader"
    publish_adapter(model, folder, facts, reader_card(loaded, facts, command), "reader")
    return folder, figures


def _groups(
    data: TrainingData, library: Library, seed: int, callbacks: Callbacks
) -> tuple[list[ReadingGroup], dict[str, list[ReadingGroup]]]:
    """What is trained on, and what is kept back, by kind."""
    chance = random.Random(seed)

    def is_test(work: str) -> bool:
        return data.is_case(work) and not in_dev_split(work, data.questions)

    callbacks.say("Looking for what the search finds for the questions of the persona's own world ...")
    own = list(probable_groups(library, use=lambda _: True, seed=seed, on_progress=callbacks.on_passages))
    dev = replace(data, all_works=False)
    known = list(known_groups(data.questions, library, use=dev.is_trained, on_progress=callbacks.on_passages))
    trained = [*known, *(group for group in own if data.is_trained(group.group))]
    unseen = [] if data.all_works else [group for group in own if is_test(group.group)]
    held = {"probable": chance.sample(unseen, min(HELD_OUT, len(unseen)))}
    if data.reading:
        for group in foreign_groups(data.reading, seed, {"QAMR": 0.3}):
            if chance.random() < FOREIGN_HELD:
                held.setdefault("foreign", []).append(group)
            else:
                trained.append(group)
    return trained, held


def reading_figures(reader: Reader, groups: Sequence[ReadingGroup]) -> ReadingFigures:
    """Read groups, and compare with what is known of them."""
    first: list[float] = []
    exact: list[float] = []
    shared: list[float] = []
    best: dict[bool, list[float]] = {True: [], False: []}
    for group in groups:
        read = reader.read(group.question, [item.text for item in group.shown], [item.skip for item in group.shown])
        top = int(np.argmax([each.relevance for each in read]))
        answered = any(item.answers for item in group.shown)
        best[answered].append(read[top].relevance)
        if answered:
            first.append(float(group.shown[top].answers))
        for item, each in zip(group.shown, read, strict=True):
            if item.span != NOWHERE:
                said, wanted = item.text[each.begin : each.end], item.text[slice(*item.span)]
                exact.append(float(words_of(said) == words_of(wanted)))
                shared.append(word_f1(said, wanted))
    silence = auroc(best[True], best[False])
    return ReadingFigures(
        questions=len(first),
        first=_mean(first),
        first_interval=bootstrap(first) or (0.0, 1.0),
        exact=_mean(exact),
        f1=_mean(shared),
        silence=silence,
    )


def word_f1(said: str, wanted: str) -> float:
    """The harmonic mean of the shares of words that two texts have in common, from 0 to 1."""
    a, b = Counter(words_of(said)), Counter(words_of(wanted))
    both = sum((a & b).values())
    return 2 * both / (a.total() + b.total()) if both else 0.0


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0

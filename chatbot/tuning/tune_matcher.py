"""`library tune --what matcher`: what finds the persona's own exchanges, trained on its lines and on messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from chatbot.language import Language, asked_for, language_of
from chatbot.library.encoders import Embedder
from chatbot.library.texts import probable_questions
from chatbot.line_kinds import GENERAL
from chatbot.lines import Example, as_compared, read_messages, said_in, talk_of
from chatbot.progress import Say
from chatbot.tuning.cards import matcher_card
from chatbot.tuning.encoders import base_model, train_encoder
from chatbot.tuning.loop import OnStep
from chatbot.tuning.matcher import MatcherData, MatcherRecipe
from chatbot.tuning.publish import publish_adapter
from chatbot.tuning.retriever import embedder_task
from personas import LoadedPersona

MATCHER = "matcher"
HELD_OUT = 6  # one line in so many: its messages are kept for the evaluation
FIRST, FEW = 1, 5  # of the lines found, among which the right one is looked for


@dataclass(frozen=True)
class Matching:
    """How often the right line is found, of messages in words that no line has.

    Attributes:
        messages: how many there were.
        first: the share where it is the nearest.
        few: the share where it is among the nearest `FEW`.
    """

    messages: int
    first: float
    few: float


def tune_matcher(
    loaded: LoadedPersona,
    model: str,
    run: Path,
    *,
    recipe: MatcherRecipe | None = None,
    cache: Path | None = None,
    everything: bool = False,
    destination: Path | None = None,
    command: str = "",
    seed: int = 7,
    threads: int = 0,
    on_step: OnStep = lambda _: None,
    say: Say = lambda _: None,
) -> tuple[Path, Matching | None, Matching | None]:
    """Train the adapter of the embedder that finds a persona's own exchanges, and compare it with the plain one.

    Args:
        loaded: the persona; it has lines.
        model: the embedder as the settings name it.
        run: the folder of the run.
        recipe: default: as the shipped adapter was trained.
        cache: where converted models are kept; None: torch runs them.
        everything: train on all messages, so that none is left to compare by.
        destination: where the adapter goes; default: beside the persona.
        command: what the card says it was made by.
        seed: of the order and the first weights.
        threads: CPU threads; 0: as many as the libraries like.
        on_step: told after every step.
        say: told how the run fares.

    Returns:
        The adapter's folder, and what the plain embedder and the trained one find; None where nothing was held out.

    Raises:
        TrainingError: there is nothing to train on, or a folder cannot be written.
        MessageError: a message is wrong.
        ModelError: the base cannot be loaded.
    """
    recipe, language = recipe or MatcherRecipe(), language_of(loaded.persona)
    base, name = base_model(model)
    lines = talk_of(loaded)
    messages = read_messages(loaded.messages, lines) if loaded.messages else []
    held = [] if everything else [message for message in messages if message[0] % HELD_OUT == 0]
    taught = [message for message in messages if everything or message[0] % HELD_OUT]
    plain = Embedder(model, threads, cache=cache)
    facts_told = (fact for page in probable_questions(loaded.casebook).values() for fact in page)
    probable = [fact.questions for fact in facts_told if len(fact.questions) > 1]
    data = MatcherData(lines, taught, probable, language, plain)
    batches = list(islice(data.batches(recipe, seed), recipe.steps))
    say(f"{len(data.ways):,} ways to say what {len(lines):,} lines answer, and {len(taught):,} messages.")
    task = embedder_task(batches, recipe, recipe.max_tokens)
    tuned, state = train_encoder(task, base, name, run, seed=seed, threads=threads, on_step=on_step, say=say)
    facts: dict[str, Any] = {
        "base": name,
        "what": MATCHER,
        "seed": seed,
        "recipe": asdict(recipe),
        "data": {"lines": len(lines), "ways": len(data.ways), "messages": len(taught)},
        **state.facts(),
    }
    trial = run / "adapter"
    publish_adapter(tuned, trial, facts, "", MATCHER)
    before = matched(held, lines, plain, language) if held else None
    after = matched(held, lines, Embedder(model, threads, adapter=trial, cache=cache), language) if held else None
    facts["results"] = {"before": asdict(before), "after": asdict(after)} if before and after else {}
    folder = destination or loaded.folder / MATCHER
    publish_adapter(tuned, folder, facts, matcher_card(loaded, facts, command), MATCHER)
    return folder, before, after


def matched(
    messages: Sequence[tuple[int, str]], lines: Sequence[Example], embedder: Embedder, language: Language
) -> Matching:
    """How often the line that answers a message is among the nearest; of a general kind, any line of it does."""
    owners = {id(line): number for number, line in enumerate(lines)}
    said = said_in(lines)
    owner = np.array([owners[id(line)] for line, _ in said])
    vectors = np.asarray(embedder.embed_documents([as_compared(text, language) for _, text in said]))
    ranks = []
    for line, text in messages:
        asked = embedder.embed_documents([as_compared(asked_for(text, language), language)])
        order = owner[np.argsort(-(vectors @ np.asarray(asked[0])))]
        nearest = list(dict.fromkeys(order[: 20 * FEW].tolist()))[:FEW]
        kind = lines[line].kind
        right = [other == line or (kind in GENERAL and lines[other].kind == kind) for other in nearest]
        ranks.append(right.index(True) if any(right) else FEW)
    shares = [float(np.mean([rank < number for rank in ranks])) for number in (FIRST, FEW)]
    return Matching(len(messages), *shares)

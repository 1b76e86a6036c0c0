"""`library tune --what selector`: what chooses among the persona's own exchanges that the matcher has found.

A cross-encoder for response selection (Humeau et al., "Poly-encoders", arXiv 1905.01969): it reads what a visitor says
and a line together. Its labels are judgements of lines that the matcher had found (`judged.jsonl`); its first weights
are those of the reranker, which has learned to read two texts together. `chatbot.selecting` weighs its logit with signs
that it is nearly blind to; these weights are fitted on messages that it was not trained on.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chatbot import line_kinds
from chatbot.errors import TrainingError
from chatbot.language import Language, asked_for, content_words, language_of
from chatbot.library.encoders import CrossEncoder, Embedder
from chatbot.lines import GOOD, Example, as_compared, as_read, read_judged, said_in, talk_of
from chatbot.progress import Say
from chatbot.selecting import SIGNS, WEIGHTS, Found, signs_of
from chatbot.tuning.cards import selector_card
from chatbot.tuning.encoders import (
    ONE_LOGIT,
    Recipe,
    Task,
    base_model,
    pair_logits,
    train_encoder,
    with_one_logit,
)
from chatbot.tuning.loop import OnStep, bucketed
from chatbot.tuning.matcher import THE_SAME
from chatbot.tuning.publish import publish_adapter
from personas import LoadedPersona

SELECTOR = "selector"
HELD_OUT = 8  # one message in so many: the weights are fitted on it, and the encoder is not trained on it
FOLDS = 5
STRENGTH = 0.5  # the inverse of the regularisation


class Judgement(NamedTuple):
    """One line for one message.

    Attributes:
        said: the message as it is compared.
        read: the line as it is read behind it (`lines.as_read`).
        worth: how well it answers, 0 to 1.
    """

    said: str
    read: str
    worth: float


@dataclass(frozen=True, kw_only=True)
class SelectorRecipe(Recipe):
    """How the selector is trained; `passes` are over all judgements, `max_tokens` those of a message and a line."""

    rank: int = 32
    alpha: int = 64
    learning_rate: float = 5e-4
    batch_size: int = 64
    negatives: int = 0
    passes: int = 2
    max_tokens: int = 128
    ways: int = 1200  # that lines list, each read with its own line and with others
    others: int = 3  # of these


@dataclass(frozen=True)
class Selection:
    """How lines are told apart that do and do not answer, for messages that its encoder was not trained on.

    Attributes:
        messages: how many there were, of which some line answers `answerable`.
        answerable: how many of them.
        right: of these, the share where the likeliest line answers.
        auroc: of lines that answer against those that do not.
    """

    messages: int
    answerable: int
    right: float
    auroc: float


def tune_selector(
    loaded: LoadedPersona,
    model: str,
    run: Path,
    *,
    recipe: SelectorRecipe | None = None,
    cache: Path | None = None,
    destination: Path | None = None,
    command: str = "",
    seed: int = 7,
    threads: int = 0,
    on_step: OnStep = lambda _: None,
    say: Say = lambda _: None,
) -> tuple[Path, Selection, Selection]:
    """Train the encoder of a persona's selector, and fit its weights on messages that the encoder has not seen.

    Args:
        loaded: the persona; it has lines, and judgements of them.
        model: the embedder as the settings name it.
        run: the folder of the run.
        recipe: default: as the shipped adapter was trained.
        cache: where converted models are kept; None: torch runs them.
        destination: where the adapter goes; default: beside the persona.
        command: what the card says it was made by.
        seed: of the order and the first weights.
        threads: CPU threads; 0: as many as the libraries like.
        on_step: told after every step.
        say: told how the run fares.

    Returns:
        The adapter's folder, what the matcher's nearest line is worth, and the selector's likeliest (by five folds).

    Raises:
        TrainingError: there is too little to train on, or a folder cannot be written.
        MessageError: a judgement is wrong.
        ModelError: the base cannot be loaded.
    """
    recipe, language = recipe or SelectorRecipe(), language_of(loaded.persona)
    base, name = base_model(model)
    if loaded.judged is None:
        raise TrainingError(f"{loaded.persona.name} has no judged.jsonl. Judge some lines for what visitors say.")
    lines = talk_of(loaded)
    rated = read_judged(loaded.judged, lines)
    held, taught = rated[::HELD_OUT], [each for at, each in enumerate(rated) if at % HELD_OUT]
    if len(held) < FOLDS:
        raise TrainingError(f"{loaded.judged} has too few messages: write {HELD_OUT * FOLDS} at least.")
    matcher = Embedder(model, threads, adapter=loaded.matcher, cache=cache)
    judged = judgements(taught, lines, language)
    told = told_apart(lines, matcher, language, recipe, seed)
    task = selector_task([*judged, *told], recipe, seed, loaded.reranker)
    tuned, state = train_encoder(task, base, name, run, seed=seed, threads=threads, on_step=on_step, say=say)
    facts: dict[str, Any] = {
        "base": name,
        "what": SELECTOR,
        "seed": seed,
        "recipe": asdict(recipe),
        "data": {"messages": len(taught), "judgements": sum(map(len, judged)), "ways": len(told)},
        **state.facts(),
    }
    trial = run / "adapter"
    publish_adapter(tuned, trial, facts, "", SELECTOR)
    rows = signs_told(held, lines, CrossEncoder(model, threads, adapter=trial), matcher, language)
    before, after, weights = weighed(rows)
    facts["results"] = {"before": asdict(before), "after": asdict(after)}
    folder = destination or loaded.folder / SELECTOR
    publish_adapter(tuned, folder, facts, selector_card(loaded, facts, command), SELECTOR)
    (folder / WEIGHTS).write_text(f"{json.dumps(weights, indent=1)}\n", encoding="utf-8")
    return folder, before, after


def judgements(
    judged: Sequence[tuple[str, dict[int, float]]], lines: Sequence[Example], language: Language
) -> list[list[Judgement]]:
    """The judgements of each message; of the ways to say a line, the one with most of the message's words is read."""
    return [
        [
            Judgement(said, as_read(_likest(text, lines[at], language), lines[at].messages[1].content, language), worth)
            for at, worth in rated.items()
        ]
        for text, rated in judged
        for said in [as_compared(asked_for(text, language), language)]
    ]


def told_apart(
    lines: Sequence[Example], matcher: Embedder, language: Language, recipe: SelectorRecipe, seed: int
) -> list[list[Judgement]]:
    """Ways to say something that lines list, each with its own line, which answers, and the nearest that do not.

    A way is read with another of its line's. Lines of which some way is the same to the matcher may answer it as well,
    and so may any of the same general kind.
    """
    chance = random.Random(seed)
    said = [(number, as_compared(text, language)) for number, line in enumerate(lines) for _, text in said_in([line])]
    vectors = np.asarray(matcher.embed_documents([text for _, text in said]), dtype=np.float32)
    owners = np.array([number for number, _ in said])
    usable = [at for at, (number, _) in enumerate(said) if len(lines[number].also) > 1]
    usable = [at for at in usable if lines[owners[at]].kind not in line_kinds.GENERAL]
    found = []
    for at in sorted(chance.sample(usable, min(recipe.ways, len(usable)))):
        number, text = said[at]
        cosines = vectors @ vectors[at]
        nearest = np.zeros(len(lines), dtype=np.float32)
        np.maximum.at(nearest, owners, cosines)
        order = [int(each) for each in np.argsort(-nearest, kind="stable") if nearest[each] < THE_SAME]
        others = [each for each in order[: 4 * recipe.others] if each != number]
        read = [number, *chance.sample(others, min(recipe.others, len(others)))]
        found.append(
            [
                Judgement(
                    text,
                    as_read(_likest(text, lines[each], language), lines[each].messages[1].content, language),
                    float(each == number),
                )
                for each in read
            ]
        )
    return found


def _likest(text: str, line: Example, language: Language) -> str:
    words, said = content_words(text, language), as_compared(text, language)

    def shared(way: str) -> float:
        own = content_words(way, language)
        return len(words & own) / (len(words | own) or 1)

    ways = [way for way in (line.messages[0].content, *line.also) if as_compared(way, language) != said]
    return max(ways or [line.messages[0].content], key=shared)


def selector_task(judged: Sequence[Sequence[Judgement]], recipe: SelectorRecipe, seed: int, begin: Path | None) -> Task:
    """The training of a BERT encoder with a head of one logit, by binary cross-entropy against the worth of a line."""

    def loss(model: Any, tokenizer: Any, batch: Sequence[Judgement]) -> tuple[Any, int]:
        import torch

        pairs = [(each.said, each.read) for each in batch]
        logits, tokens = pair_logits(model, tokenizer, pairs, recipe.max_tokens, True)
        worth = torch.tensor([each.worth for each in batch], device=logits.device)
        return torch.nn.functional.binary_cross_entropy_with_logits(logits, worth), tokens

    return Task(recipe, list(_batches(judged, recipe, seed)), with_one_logit, loss, ONE_LOGIT, begin)


def _batches(judged: Sequence[Sequence[Judgement]], recipe: SelectorRecipe, seed: int) -> Iterator[list[Judgement]]:
    chance = random.Random(seed)
    every = [each for rated in judged for each in rated]
    for _ in range(recipe.passes):
        some = chance.sample(every, len(every))
        yield from bucketed(some, recipe.batch_size, lambda each: len(each.said) + len(each.read), chance)


def signs_told(
    rated: Sequence[tuple[str, dict[int, float]]],
    lines: Sequence[Example],
    encoder: CrossEncoder,
    matcher: Embedder,
    language: Language,
) -> list[list[tuple[list[float], bool]]]:
    """Of each message, the signs of every line that was judged for it, and whether that line answers."""
    named = sorted({number for _, worths in rated for number in worths})
    ways = [(number, as_compared(text, language)) for number in named for _, text in said_in([lines[number]])]
    vectors = np.asarray(matcher.embed_documents([text for _, text in ways]), dtype=np.float32)
    of_line: dict[int, list[int]] = {}
    for at, (number, _) in enumerate(ways):
        of_line.setdefault(number, []).append(at)
    rows = []
    for said, worths in rated:
        text = as_compared(asked_for(said, language), language)
        cosines = vectors @ np.asarray(matcher.embed_query(text), dtype=np.float32)
        found = []
        for number in worths:
            own = cosines[of_line[number]]
            way = ways[of_line[number][int(np.argmax(own))]][1]
            found.append(Found(way, lines[number].messages[1].content, own.tolist()))
        logits = encoder.score(text, [as_read(line.user, line.reply, language) for line in found])
        signs = signs_of(text, found, logits, language)
        rows.append(
            [
                ([each[name] for name in SIGNS], worth == GOOD)
                for each, worth in zip(signs, worths.values(), strict=True)
            ]
        )
    return rows


def weighed(
    rows: Sequence[Sequence[tuple[list[float], bool]]],
) -> tuple[Selection, Selection, dict[str, Any]]:
    """Weights for the signs, and how lines are chosen by the cosine alone and by all signs, in folds by message."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    signs = np.array([sign for row in rows for sign, _ in row])
    good = np.array([answers for row in rows for _, answers in row])
    message = np.array([at for at, row in enumerate(rows) for _ in row])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=1000))
    folds = GroupKFold(FOLDS)
    likely = cross_val_predict(model, signs, good, groups=message, cv=folds, method="decision_function")
    scaler, regression = (step for _, step in model.fit(signs, good).steps)
    weights = regression.coef_[0] / scaler.scale_
    bias = float(regression.intercept_[0] - weights @ scaler.mean_)
    named = {name: round(float(weight), 4) for name, weight in zip(SIGNS, weights, strict=True)}
    return (
        _selection(signs[:, SIGNS.index("cosine")], good, message),
        _selection(likely, good, message),
        {"weights": named, "bias": round(bias, 4)},
    )


def _selection(scores: Any, good: Any, message: Any) -> Selection:
    from sklearn.metrics import roc_auc_score

    of_message = [np.flatnonzero(message == at) for at in np.unique(message)]
    first = [good[at[np.argmax(scores[at])]] for at in of_message if good[at].any()]
    return Selection(len(of_message), len(first), float(np.mean(first)), float(roc_auc_score(good, scores)))

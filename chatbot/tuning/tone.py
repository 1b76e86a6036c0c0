"""`voice tone --train`: a tone meter from the persona's lines, its books, and what a plain assistant answers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatbot.errors import TrainingError
from chatbot.evaluation import share
from chatbot.judges import BUCKETS, ToneMeter, buckets
from chatbot.language import Language, language_of
from chatbot.library.texts import sections_of
from chatbot.lines import read_lines
from chatbot.progress import Progress
from chatbot.tuning.speakers import Line, Speaker, lines_of
from personas import LoadedPersona

STRENGTH = 30.0  # of the regression; its inverse is the penalty on the weights
TOGETHER = 5  # lines of one speaker and work whose mean is compared too
FOLDS = 5
# How much each kind of others counts: other speakers are the hardest to tell from the persona.
OTHERS: dict[Speaker, float] = {"speaker": 2.0, "narrator": 1.0, "assistant": 1.0}


@dataclass(frozen=True)
class Answered:
    """A message, the persona's own answer to it, and a plain assistant's."""

    message: str
    own: str
    plain: str


def own_exchanges(loaded: LoadedPersona) -> list[tuple[str, str]]:
    """The message and the answer of each of the persona's lines that were written without notes.

    Raises:
        TrainingError: the lines cannot be read, or all of them have notes.
    """
    notes = loaded.persona.prompts.notes
    exchanges = [example.messages[-2:] for example in read_lines(loaded.lines, loaded.persona.named)]
    found = {asked.content: reply.content for asked, reply in exchanges if notes not in asked.content}
    if not found:
        raise TrainingError(f"All lines of {loaded.lines} have notes. Write some that answer without.")
    return list(found.items())


def answered_plainly(
    exchanges: Sequence[tuple[str, str]],
    write: Callable[[str], str],
    kept: Path,
    on_progress: Progress = lambda done, total: None,
) -> list[Answered]:
    """What a plain assistant answers to the same messages, each written once and kept in a file.

    Args:
        exchanges: messages and the persona's answers.
        write: answers a message.
        kept: JSONL; made where it is missing.
        on_progress: told how many are answered, of how many.
    """
    known: dict[str, str] = {}
    if kept.is_file():
        known = dict(json.loads(row) for row in kept.read_text(encoding="utf-8").splitlines())
    kept.parent.mkdir(parents=True, exist_ok=True)
    found = []
    with kept.open("a", encoding="utf-8") as file:
        for done, (message, own) in enumerate(exchanges, 1):
            if message not in known:
                known[message] = write(message)
                file.write(json.dumps([message, known[message]], ensure_ascii=False) + "\n")
                file.flush()
            found.append(Answered(message, own, known[message]))
            on_progress(done, len(exchanges))
    return found


def gathered_lines(loaded: LoadedPersona, texts: Mapping[str, str], answers: Sequence[Answered]) -> list[Line]:
    """All lines that a meter is trained with: of the books, by file name, and of the answers."""
    persona, language = loaded.persona, language_of(loaded.persona)
    names = frozenset(persona.name.split())
    found = []
    for source in persona.sources:
        if source.file in texts:
            found += lines_of(sections_of(source, texts[source.file], language), names, language)
    for answer in answers:
        found.append(Line(answer.own, "persona", answer.message))
        found.append(Line(answer.plain, "assistant", answer.message))
    return found


def train_tone(loaded: LoadedPersona, lines: Sequence[Line], destination: Path | None = None) -> ToneMeter:
    """Train a meter, measure meters like it on works and messages that they have not seen, and write it.

    The figures are those of `FOLDS` meters, each of which scores the works (and messages) that it was not trained on;
    the one that is written has seen all.

    Args:
        loaded: the persona.
        lines: its own and others'.
        destination: default: `tone.npz` beside the persona.

    Raises:
        TrainingError: there are no lines of the persona or none of others, or the file cannot be written.
    """
    language = language_of(loaded.persona)
    scored: list[tuple[Line, float]] = []
    for fold in range(FOLDS):
        own = {line.group for line in lines if int(share(f"tone: {line.group}") * FOLDS) == fold}
        trial = _fitted([line for line in lines if line.group not in own], language, {})
        scored += [(line, trial.score(line.text)) for line in lines if line.tagged and line.group in own]
    facts: dict[str, Any] = {
        "lines": dict(Counter(line.speaker for line in lines)),
        "held_out": dict(Counter(line.speaker for line, _ in scored)),
        "auroc": measured(scored),
    }
    meter = _fitted(lines, language, facts)
    file = destination or loaded.tone
    try:
        meter.write(file)
    except OSError as error:
        raise TrainingError(f"{file} cannot be written: {error.strerror}. Name another with --out.") from error
    return meter


def measured(lines: Sequence[tuple[Line, float]]) -> dict[str, float]:
    """AUROC of the persona's lines against each kind of others, line by line and by the mean of `TOGETHER` lines.

    Answers are compared with answers, and lines of books with those of books.

    Args:
        lines: with their scores, by a meter that has seen none of their work.
    """
    from sklearn.metrics import roc_auc_score

    messages = {line.group for line, _ in lines if line.speaker == "assistant"}
    scored: dict[tuple[Speaker, bool], dict[str, list[float]]] = {}
    for line, score in lines:
        key = (line.speaker, line.group in messages)
        scored.setdefault(key, {}).setdefault(line.group, []).append(score)
    figures: dict[str, float] = {}
    for other in OTHERS:
        answers = other == "assistant"
        groups = scored.get(("persona", answers), {}), scored.get((other, answers), {})
        for label, size in ((other, 1), (f"{other}, {TOGETHER} lines", TOGETHER)):
            own, theirs = (_means(held, size) for held in groups)
            if own and theirs and (size == 1 or not answers):
                truth = [1] * len(own) + [0] * len(theirs)
                figures[label] = round(float(roc_auc_score(truth, [*own, *theirs])), 3)
    return figures


def _means(groups: Mapping[str, Sequence[float]], size: int) -> list[float]:
    return [
        float(np.mean(scores[at : at + size]))
        for scores in groups.values()
        for at in range(0, len(scores) - size + 1, size)
    ]


def _fitted(lines: Sequence[Line], language: Language, facts: Mapping[str, Any]) -> ToneMeter:
    """A logistic regression in which the persona counts as much as all others together."""
    from scipy.sparse import csr_array
    from sklearn.linear_model import LogisticRegression

    counts = Counter(line.speaker for line in lines)
    if not counts["persona"] or len(counts) < 2:
        raise TrainingError(
            "There are no lines to tell apart: the persona's own and others' are needed. Name the folder of its books "
            "with --texts, or write more lines."
        )
    found = [buckets(line.text, language) for line in lines]
    rows = np.repeat(np.arange(len(lines), dtype=np.int32), [len(held) for held in found])
    columns = np.fromiter((bucket for held in found for bucket in held), np.int32)
    values = np.fromiter((value for held in found for value in held.values()), np.float64)
    matrix: Any = csr_array((values, (rows, columns)), shape=(len(lines), BUCKETS))
    own = np.array([line.speaker == "persona" for line in lines])
    others = sum(weight for kind, weight in OTHERS.items() if counts[kind])
    shares = {kind: weight / others for kind, weight in OTHERS.items()} | {"persona": 1.0}
    weight = np.array([len(lines) / 2 * shares[line.speaker] / counts[line.speaker] for line in lines])
    model = LogisticRegression(C=STRENGTH, solver="liblinear").fit(matrix, own, sample_weight=weight)
    weights: NDArray[np.float16] = model.coef_[0].astype(np.float16)
    return ToneMeter(weights, float(np.ravel(model.intercept_)[0]), language, facts)

"""From passages to the few sentences that bear on the question.

A small model wanders in long evidence, so the passages that a search found are cut into windows of neighbouring
sentences ("small-to-big" the other way round), every window is scored against the question, and the best are handed
over, the best first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chatbot.library.embedder import Embedder
from chatbot.library.lexical import terms
from chatbot.library.passages import Passage
from chatbot.text import split_sentences

MAX_SENTENCES = 64  # sentences embedded for one question: what it may cost
LEXICAL_WEIGHT = 0.7
NEIGHBOUR_WEIGHT = 0.15
CONTEXT_WEIGHT = 0.3
WINDOW_WORDS = 70
PRIOR_WEIGHT = 0.2


@dataclass(frozen=True)
class Window:
    """A few neighbouring sentences of a passage and how well they bear on the question, from 0 to 1.

    `key` is the one among them that bears on it most.
    """

    passage: Passage
    text: str
    key: str
    score: float
    cosine: float
    coverage: float


def focus(
    question: str,
    vector: Sequence[float],
    passages: Sequence[tuple[Passage, float]],
    embedder: Embedder,
    context: str = "",
) -> list[Window]:
    """The best window of each passage, the best first.

    Args:
        question: as it was asked.
        vector: its unit vector, shape (dimensions,).
        passages: the passages that the search found, each with a prior from 0 to 1.
        embedder: embeds the sentences.
        context: what a follow-up refers to. Its terms count less: they have found the passage, and the sentence that
            answers is seldom the one that answered before.
    """
    units: list[tuple[int, int, str]] = []
    sentences: list[list[str]] = []
    for number, (passage, _) in enumerate(passages):
        sentences.append(sentences_of(passage))
        units += [(number, at, sentence) for at, sentence in enumerate(sentences[-1])]
    own = set(terms(question))
    wanted = own | set(terms(context))
    weights = {
        term: weight * (1.0 if term in own else CONTEXT_WEIGHT)
        for term, weight in _rarity(wanted, [sentence for _, _, sentence in units]).items()
    }
    lexical = [_coverage(wanted, weights, sentence) for _, _, sentence in units]
    # The embedder is the cost: it reads the sentences that share most with the question, a few of each passage.
    chosen = _promising(units, lexical)
    vectors = embedder.embed_documents([f"{passages[units[i][0]][0].work}. {units[i][2]}" for i in chosen])
    cosines = np.zeros(len(units))
    if vectors:
        cosines[chosen] = np.asarray(vectors) @ np.asarray(vector)
    windows: dict[int, Window] = {}
    for position, (number, at, _) in enumerate(units):
        around = [lexical[position + step] for step in (-1, 1) if _same(units, position, step)]
        passage, prior = passages[number]
        coverage = min(1.0, lexical[position] + NEIGHBOUR_WEIGHT * sum(around))
        cosine = float(cosines[position])
        score = (1 - LEXICAL_WEIGHT) * max(cosine, 0.0) + LEXICAL_WEIGHT * coverage + PRIOR_WEIGHT * prior
        if number not in windows or score > windows[number].score:
            windows[number] = Window(
                passage, _widen(sentences[number], at), sentences[number][at], score, cosine, coverage
            )
    return sorted(windows.values(), key=lambda window: -window.score)


def sentences_of(passage: Passage) -> list[str]:
    """The sentences of a passage, in order."""
    return [part for line in passage.text.split("\n") for part in split_sentences(line)]


def windows_of(passage: Passage) -> list[tuple[str, str]]:
    """Every sentence of a passage and the window that would be handed over for it."""
    sentences = sentences_of(passage)
    return [(sentence, _widen(sentences, at)) for at, sentence in enumerate(sentences)]


def _rarity(wanted: set[str], sentences: Sequence[str]) -> dict[str, float]:
    """Inverse document frequency of the question's terms among the sentences at hand."""
    counts = dict.fromkeys(wanted, 0)
    for sentence in sentences:
        for term in wanted & set(terms(sentence)):
            counts[term] += 1
    return {term: math.log(1 + len(sentences) / (1 + count)) for term, count in counts.items()}


def _coverage(wanted: set[str], weights: dict[str, float], sentence: str) -> float:
    total = sum(weights.values())
    return sum(weights[term] for term in wanted & set(terms(sentence))) / total if total else 0.0


def _promising(units: Sequence[tuple[int, int, str]], lexical: Sequence[float]) -> list[int]:
    order = sorted(range(len(units)), key=lambda position: -lexical[position])
    return sorted(order[:MAX_SENTENCES])


def _same(units: Sequence[tuple[int, int, str]], position: int, step: int) -> bool:
    other = position + step
    return 0 <= other < len(units) and units[other][0] == units[position][0]


def _widen(sentences: Sequence[str], at: int) -> str:
    """The sentence with its neighbours, the one before first, while the window stays short."""
    first = last = at
    words = len(sentences[at].split())
    for step in (1, -1, 1):
        other = last + 1 if step == 1 else first - 1
        if not 0 <= other < len(sentences):
            continue
        more = len(sentences[other].split())
        if words + more > WINDOW_WORDS:
            continue
        words += more
        first, last = min(first, other), max(last, other)
    return " ".join(sentences[first : last + 1])

"""From passages to the few sentences that bear on the question, and back to as much around them as may be handed over.

A small model wanders in long evidence, and the search finds the story more often than the place. So passages are cut
into windows of neighbouring sentences and the windows compete: first by words alone, which costs nothing, then the
best of them by sense as well.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from chatbot.language import ENGLISH, Language
from chatbot.library.index import terms
from chatbot.library.search.inquiry import Candidate, Inquiry
from chatbot.library.search.modules.base import Module, Tools, behind, reordered, sentences_of
from chatbot.library.search.modules.finding import REMEMBERED, unjoined
from chatbot.library.texts import Passage


@dataclass(frozen=True)
class FocusWeights:
    """What a window's score is made of.

    Attributes:
        sentence: the share of the question's words, by rarity, that its best sentence holds.
        neighbour: what the sentences beside that one add to its share.
        window: the share that the whole window holds.
        prior: the rank of its passage, from 0 to 1.
        sense: the cosine of its best sentence with the question.
    """

    sentence: float = 0.35
    neighbour: float = 0.15
    window: float = 0.5
    prior: float = 0.6
    sense: float = 0.5


# Set on the tuning part of evaluation/questions/canon.jsonl.
WEIGHTS = FocusWeights()
LOGIT = 0.03  # what a logit of a cross-encoder adds to a score that runs from 0 to 1
TOTAL = WEIGHTS.sentence + WEIGHTS.window + WEIGHTS.prior + WEIGHTS.sense


class Focus(Module):
    """The best windows of the passages that were found.

    Small passages found, and later their surroundings handed over (`surroundings`).
    """

    title = "focus"

    def __init__(
        self, tools: Tools, *, words: int = 90, of_one: int = 2, windows: int = 12, embedder: str = ""
    ) -> None:
        super().__init__(tools)
        self._words, self._of_one, self._windows, self._embedder = words, of_one, windows, embedder

    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """Put windows in the place of passages."""
        inquiry = unjoined(self.tools, inquiry)
        if not inquiry.candidates:
            return inquiry, ""
        wanted = self._wanted(inquiry)
        top = max(candidate.score for candidate in inquiry.candidates) or 1.0
        windows = [
            window
            for candidate in inquiry.candidates
            for window in best_windows(
                candidate,
                self._sentences(candidate),
                wanted,
                candidate.score / top,
                self._words,
                self._of_one,
                self.tools.language,
            )
        ]
        windows.sort(key=lambda window: -window.score)
        number = max(1, self._windows // inquiry.shares)
        near, over = windows[:number], windows[number : number + REMEMBERED]
        cosines = self._cosines(inquiry, near)
        scored = [
            (window.score + WEIGHTS.sense * max(0.0, cosine)) / TOTAL
            for window, cosine in zip(near, cosines, strict=True)
        ]
        order = sorted(range(len(near)), key=lambda number: -scored[number])
        kept = [
            replace(near[number], score=scored[number]).because(
                self.title, rank, scored[number], cut_note(near[number])
            )
            for rank, number in enumerate(order, 1)
        ]
        gone = [
            window.because(
                self.title, len(kept) + rank, window.score / TOTAL, "other windows hold more of the question"
            )
            for rank, window in enumerate(over, 1)
        ]
        covered = max((covered_by(wanted, window.text, self.tools.language) for window in kept[:4]), default=0.0)
        done = inquiry.without(gone, kept).signal(
            focus=scored[order[0]], cosine=max(cosines, default=0.0), coverage=covered
        )
        return done, f"{len(windows)} windows of {len(inquiry.candidates)} passages"

    def _sentences(self, candidate: Candidate) -> tuple[str, ...]:
        if candidate.position < 0:
            return sentences_of(candidate.passage.text, self.tools.language)
        return self.tools.sentences(candidate.position)

    def _wanted(self, inquiry: Inquiry) -> dict[str, float]:
        """The terms looked for, each with its weight: rarity among the sentences at hand, less for the context's."""
        language = self.tools.language
        own = set(terms(inquiry.question, language))
        context = set(terms(inquiry.context, language)) - own
        found: Counter[str] = Counter()
        number = 0
        for candidate in inquiry.candidates:
            for sentence in self._sentences(candidate):
                found.update((own | context) & set(terms(sentence, language)))
                number += 1
        weight = dict.fromkeys(own, 1.0) | dict.fromkeys(context, inquiry.context_weight)
        return {term: part * math.log(1 + number / (1 + found[term])) for term, part in weight.items()}

    def _cosines(self, inquiry: Inquiry, windows: Sequence[Candidate]) -> list[float]:
        if not windows:
            return []
        embedder = self.tools.vectors(self._embedder).embedder
        vectors = embedder.embed_documents([window.passage.titled(window.key) for window in windows])
        asked = np.asarray(self.tools.vector(inquiry.main.text, self._embedder))
        return [float(cosine) for cosine in np.asarray(vectors) @ asked]


def best_windows(
    candidate: Candidate,
    sentences: Sequence[str],
    wanted: Mapping[str, float],
    prior: float,
    words: int,
    number: int,
    language: Language = ENGLISH,
) -> list[Candidate]:
    """The best windows of a passage that do not overlap, scored by words and by the passage's rank.

    Args:
        candidate: the passage.
        sentences: its sentences, in order.
        wanted: the terms of the question with their weights.
        prior: the rank of the passage, from 0 to 1.
        words: the most words of a window; one sentence may be longer.
        number: how many windows at most.
        language: of the sentences.
    """
    total = sum(wanted.values()) or 1.0
    held = [set(terms(sentence, language)) & wanted.keys() for sentence in sentences]
    shares = [sum(wanted[term] for term in found) / total for found in held]
    made: list[Candidate] = []
    for at, share in enumerate(shares):
        first, last = widened(sentences, at, words)
        beside = sum(shares[other] for other in (at - 1, at + 1) if 0 <= other < len(shares))
        whole = sum(wanted[term] for term in set().union(*held[first : last + 1])) / total
        score = (
            WEIGHTS.sentence * min(1.0, share + WEIGHTS.neighbour * beside)
            + WEIGHTS.window * whole
            + WEIGHTS.prior * prior
        )
        text = " ".join(sentences[first : last + 1])
        made.append(replace(candidate, score=score, first=first, last=last, text=text, key=sentences[at]))
    made.sort(key=lambda window: -window.score)
    kept: list[Candidate] = []
    for window in made:
        if len(kept) == number:
            break
        if all(window.first > other.last or window.last < other.first for other in kept):
            kept.append(window)
    return kept


def widened(sentences: Sequence[str], at: int, words: int) -> tuple[int, int]:
    """The first and last sentence of the window round a sentence, what follows first, while it stays short."""
    first = last = at
    size = len(sentences[at].split())
    for step in (1, -1, 1, -1, 1):
        other = last + 1 if step == 1 else first - 1
        if not 0 <= other < len(sentences):
            continue
        more = len(sentences[other].split())
        if size + more > words:
            continue
        size += more
        first, last = min(first, other), max(last, other)
    return first, last


def windows_of(passage: Passage, words: int = 70, language: Language = ENGLISH) -> list[tuple[str, str]]:
    """Every sentence of a passage and the window round it, for what is trained on windows."""
    sentences = sentences_of(passage.text, language)
    windows = []
    for at, sentence in enumerate(sentences):
        first, last = widened(sentences, at, words)
        windows.append((sentence, " ".join(sentences[first : last + 1])))
    return windows


def covered_by(wanted: Mapping[str, float], text: str, language: Language = ENGLISH) -> float:
    """The share of the wanted terms, by weight, that a text holds."""
    total = sum(wanted.values())
    return sum(wanted[term] for term in wanted.keys() & set(terms(text, language))) / total if total else 0.0


def cut_note(window: Candidate) -> str:
    """How much of its passage a window is."""
    kept, whole = len(window.text.split()), len(window.passage.text.split())
    return f"{kept} of {whole} words" if kept < whole else ""


class CrossEncode(Module):
    """The first candidates scored by a cross-encoder, which reads question and window together (Nogueira and Cho,
    "Passage Re-ranking with BERT", 2019). Does nothing where no cross-encoder is given.

    `weight` is what a logit of it adds to a score.
    """

    title = "cross-encoder"

    def __init__(self, tools: Tools, *, number: int = 8, weight: float = LOGIT) -> None:
        super().__init__(tools)
        self._number, self._weight = number, weight

    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """Reorder the first candidates."""
        scorer = self.tools.cross_encoder()
        inquiry = unjoined(self.tools, inquiry)
        if scorer is None or not inquiry.candidates:
            return inquiry, "no cross-encoder" if scorer is None else ""
        number = max(1, self._number // inquiry.shares)
        some, rest = inquiry.candidates[:number], inquiry.candidates[number:]
        texts = [candidate.passage.titled(candidate.text) for candidate in some]
        scores = scorer.score(inquiry.main.text if inquiry.context else inquiry.question, texts)
        mixed = [
            (candidate.score + self._weight * score, candidate) for candidate, score in zip(some, scores, strict=True)
        ]
        order = [*reordered(self.title, some, mixed), *behind(rest, self._weight * min(scores))]
        return replace(inquiry, candidates=tuple(order)).signal(cross=max(scores)), f"{len(some)} read"

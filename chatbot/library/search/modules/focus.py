"""From passages to the few sentences that bear on the question.

A small model wanders in long evidence, and the search finds the story more often than the place. So passages are cut
into windows of neighbouring sentences and the windows compete: first by words alone, which costs nothing, then the
best of them by sense as well.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from chatbot.language import ENGLISH, Language
from chatbot.library.index import terms
from chatbot.library.search.inquiry import Candidate, Inquiry
from chatbot.library.search.modules.base import SHOWN, Module
from chatbot.library.search.tools import Tools, sentences_of
from chatbot.library.texts import Passage
from chatbot.progress import counted


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


# Set on the dev split of the questions about the canon.
WEIGHTS = FocusWeights()
TOTAL = WEIGHTS.sentence + WEIGHTS.window + WEIGHTS.prior + WEIGHTS.sense


@dataclass(frozen=True)
class Focus(Module):
    """The best windows of the passages that were found; `sentence-window` widens those that are handed over.

    Attributes:
        words: the most words of a window; one sentence may be longer.
        of_one: how many windows of one passage at most.
        windows: how many windows in all.
        embedder: 'plain' or 'tuned'; empty: the one that built the library.
    """

    name = "focus"
    reranks = True
    words: int = 90
    of_one: int = 2
    windows: int = 12
    embedder: str = ""

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """Put windows in the place of passages."""
        if not inquiry.candidates:
            return inquiry, ""
        sentences = [tools.sentences(candidate.position) for candidate in inquiry.candidates]
        wanted = wanted_terms(inquiry, sentences, tools.language)
        top = max(candidate.score for candidate in inquiry.candidates) or 1.0
        windows = [
            window
            for candidate, own in zip(inquiry.candidates, sentences, strict=True)
            for window in best_windows(
                candidate, own, wanted, candidate.score / top, self.words, self.of_one, tools.language
            )
        ]
        windows.sort(key=lambda window: -window.score)
        number = max(1, self.windows // inquiry.shares)
        near, rest = windows[:number], windows[number : number + SHOWN]
        cosines = self._cosines(inquiry, near, tools)
        scores = [
            (window.score + WEIGHTS.sense * max(0.0, cosine)) / TOTAL
            for window, cosine in zip(near, cosines, strict=True)
        ]
        order = sorted(range(len(near)), key=lambda at: -scores[at])
        kept = [
            replace(near[at], score=scores[at]).with_reason(self.name, rank, scores[at], cut_note(near[at]))
            for rank, at in enumerate(order, 1)
        ]
        dropped = [
            window.with_reason(self.name, rank, window.score / TOTAL, "other windows hold more of the question")
            for rank, window in enumerate(rest, len(kept) + 1)
        ]
        done = inquiry.narrowed(kept, dropped).measured(
            focus=scores[order[0]],
            cosine=max(cosines, default=0.0),
            coverage=max((covered_by(wanted, window.text, tools.language) for window in kept[:4]), default=0.0),
        )
        return done, f"{counted(len(windows), 'window')} of {counted(len(inquiry.candidates), 'passage')}"

    def _cosines(self, inquiry: Inquiry, windows: Sequence[Candidate], tools: Tools) -> list[float]:
        """Of each window's best sentence with the question."""
        embedder, _ = tools.vectors(self.embedder)
        vectors = embedder.embed_documents([window.passage.titled(window.key) for window in windows])
        return [
            float(cosine) for cosine in np.asarray(vectors) @ np.asarray(tools.vector(inquiry.main.text, self.embedder))
        ]


def wanted_terms(inquiry: Inquiry, sentences: Sequence[Sequence[str]], language: Language) -> dict[str, float]:
    """The terms looked for, each with its weight: its rarity among the sentences at hand, less for the context's."""
    own = set(terms(inquiry.question, language))
    context = set(terms(inquiry.context, language)) - own
    found: Counter[str] = Counter()
    for sentence in chain.from_iterable(sentences):
        found.update((own | context) & set(terms(sentence, language)))
    number = sum(map(len, sentences))
    weight = dict.fromkeys(own, 1.0) | dict.fromkeys(context, inquiry.context_weight)
    return {term: part * math.log(1 + number / (1 + found[term])) for term, part in weight.items()}


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
    """The first and last sentence of the window around a sentence, what follows first, while it stays short."""
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
    """Every sentence of a passage and the window around it, for what is trained on windows."""
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

"""The probably asked questions of a casebook, found by the sense and the words of a question.

Question is matched with question, which are alike where question and passage are not (PAQ; Lewis et al., TACL 2021).
There are some thousands: their vectors are compared one by one, and their words indexed in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chatbot.language import ENGLISH, Language, comparable, to_plain, words_of
from chatbot.library.index.kept import Vectors, kept_vectors
from chatbot.library.index.lexical import Lexical
from chatbot.library.texts import ProbableQuestion

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder
    from chatbot.library.index.passages import Passages

VECTORS = "asked.npz"
YES_NO = "yes-no"
RRF_K = 60  # as in `modules.retrieval`
DEPTH = 20  # passages in which a phrase is looked for


@dataclass(frozen=True)
class Place:
    """Where a fact stands: the position of a passage in the library, the number of its sentence there, and its work."""

    position: int
    sentence: int
    work: str


@dataclass(frozen=True)
class Match:
    """A fact whose question is like one that was asked.

    Attributes:
        fact: its number.
        question: the wording that is nearest.
        cosine: between the two questions.
        score: by reciprocal rank.
    """

    fact: int
    question: str
    cosine: float
    score: float


class AskedQuestions:
    """All wordings of all facts whose place is in the library; in memory.

    Args:
        facts: each with its place.
        vectors: of every wording, in the order of the facts, unit vectors of shape (wordings, dimensions).
        language: of the wordings.
    """

    def __init__(
        self,
        facts: Sequence[tuple[ProbableQuestion, Place]],
        vectors: Vectors,
        language: Language = ENGLISH,
    ) -> None:
        self.facts = facts
        self._wordings = [(number, text) for number, (fact, _) in enumerate(facts) for text in fact.questions]
        self._vectors = vectors
        self._lexical = Lexical.build([text for _, text in self._wordings], language)
        self._titles = {place.work: comparable(place.work) for _, place in facts}
        self._polar = {_first(text) for fact, _ in facts if fact.kind == YES_NO for text in fact.questions}

    def __len__(self) -> int:
        return len(self._wordings)

    def answer(self, fact: ProbableQuestion, question: str, *, same: bool = True) -> str:
        """The answer of a fact to a question.

        Args:
            fact: which.
            question: what was asked.
            same: whether it asks the same in every word of meaning. "Yes" to "Was it a dog?" is not "yes" to "Was it
                a ghost?": without that, and where the first word asks for neither, "yes" and "no" are left out.

        Returns:
            Of a fact that has no other answer the sentence itself, without them.
        """
        if fact.kind != YES_NO or (same and _first(question) in self._polar):
            return fact.answer
        return fact.answer.partition(", ")[2] or (fact.answer if same else fact.sentence)

    def works_named(self, text: str) -> frozenset[str]:
        """The works of the facts whose titles stand in a text."""
        plain = comparable(text)
        return frozenset(work for work, title in self._titles.items() if title in plain)

    def search(
        self, question: str, vector: Sequence[float] | None, number: int, works: Collection[str] = ()
    ) -> list[Match]:
        """The facts whose questions are most like this one, the best first, by reciprocal rank of sense and words.

        Args:
            question: in plain words.
            vector: of the question, by the embedder of the vectors; None: by words alone.
            number: how many at most.
            works: where not empty, facts of these works alone.
        """
        depth = 4 * number
        # Only a follow-up names works: what is asked otherwise is not slowed down by looking at each wording's.
        wordings = enumerate(self._wordings) if works else ()
        within = [at for at, (fact, _) in wordings if self.facts[fact][1].work in works]
        scores: dict[int, float] = {}
        cosines: NDArray[np.float32] | None = None
        if vector is not None and len(self._vectors):
            cosines = self._vectors @ np.asarray(vector, dtype=np.float32)
            some = np.asarray(within, dtype=int) if works else np.arange(len(cosines))
            for rank, at in enumerate(some[np.argsort(-cosines[some], kind="stable")[:depth]], 1):
                scores[int(at)] = 1 / (RRF_K + rank)
        hits = [at for at, _ in self._lexical.search(question, 8 * depth if works else depth)]
        if works:
            inside = set(within)
            hits = [at for at in hits if at in inside]
        for rank, at in enumerate(hits[:depth], 1):
            scores[at] = scores.get(at, 0.0) + 1 / (RRF_K + rank)
        best: dict[int, Match] = {}
        for at in sorted(scores, key=lambda at: -scores[at]):
            fact, text = self._wordings[at]
            cosine = float(cosines[at]) if cosines is not None else 0.0
            best.setdefault(fact, Match(fact, text, cosine, scores[at]))
        return list(best.values())[:number]


def open_asked(
    facts: Sequence[tuple[ProbableQuestion, Place]], folder: Path, embedder: Embedder, language: Language
) -> AskedQuestions:
    """The questions of a library; their vectors are kept in its folder and made again where they are out of date.

    Args:
        facts: each with its place.
        folder: the library's.
        embedder: the one that built the library.
        language: of the questions.
    """
    texts = [text for fact, _ in facts for text in fact.questions]
    return AskedQuestions(facts, kept_vectors(texts, folder / VECTORS, embedder), language)


def placed(
    pages: Mapping[str, Sequence[ProbableQuestion]],
    passages: Passages,
    sentences: Callable[[int], Sequence[str]],
    casebook: Collection[int],
) -> list[tuple[ProbableQuestion, Place]]:
    """The facts of all pages whose place is in a library, each with it: those of books that it lacks are left out.

    Args:
        pages: the questions of each page.
        passages: of the library.
        sentences: gives those of the passage at a position.
        casebook: the positions of its passages.
    """
    told = {
        _flat(sentence): Place(position, number, work)
        for position in sorted(casebook, reverse=True)
        for work in [passages[position].work]
        for number, sentence in enumerate(sentences(position))
    }
    found: list[tuple[ProbableQuestion, Place]] = []
    for fact in (fact for page in pages.values() for fact in page):
        place = told.get(_flat(fact.sentence)) if fact.sentence else _in_books(fact.phrase, passages, sentences)
        if place:
            found.append((fact, place))
    return found


def _first(text: str) -> str:
    return (words_of(text) or [""])[0]


def _in_books(phrase: str, passages: Passages, sentences: Callable[[int], Sequence[str]]) -> Place | None:
    wanted = _flat(phrase).lower()
    for position, _ in passages.lexical.search(phrase, DEPTH):
        for number, sentence in enumerate(sentences(position)):
            if wanted in _flat(sentence).lower():
                return Place(position, number, passages[position].work)
    return None


def _flat(text: str) -> str:
    return " ".join(to_plain(text).split())

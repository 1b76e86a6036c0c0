"""What the modules of a search work with: the passages of a library, the indexes over them, and the models."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Protocol

from chatbot.language import ENGLISH, Language, split_sentences
from chatbot.library.index import terms
from chatbot.library.search.evidence import Reason
from chatbot.library.search.inquiry import Candidate, Inquiry
from chatbot.library.search.models import Models
from chatbot.library.search.reading import Reading, read
from chatbot.library.texts import CASEBOOK

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder
    from chatbot.library.index import AskedQuestions, Lexical, Passages


class Vectors(Protocol):
    """The vectors of one embedder over the passages."""

    @property
    def ready(self) -> bool:
        """Whether every passage has its vector."""

    @property
    def why_not(self) -> str:
        """Why they are not searched at present; empty where they are."""

    def search(self, vector: Sequence[float], number: int) -> list[tuple[int, float]]:
        """Positions and cosines of the nearest passages, the nearest first."""


class Tools:
    """One for each library, shared by all its searches, in any thread.

    Args:
        passages: every passage.
        lexical: the BM25 index over them.
        embedder: the embedder that built the library.
        dense: its vectors.
        open_dense: opens the vectors of another embedder, embedding what is missing.
        models: what else may be used.
        persona: the name of the persona whose library it is.
        language: the persona's.
        open_asked: opens the probable questions; None where there are none.
    """

    def __init__(
        self,
        passages: Passages,
        lexical: Lexical,
        embedder: Embedder,
        dense: Vectors,
        open_dense: Callable[[Embedder], Vectors],
        models: Models,
        persona: str = "",
        language: Language = ENGLISH,
        open_asked: Callable[[], AskedQuestions | None] = lambda: None,
    ) -> None:
        self.passages = passages
        self.lexical = lexical
        self.models = models
        self.persona = persona
        self.language = language
        self._main = (embedder, dense)
        self._open_dense = open_dense
        self._open_asked = open_asked
        self._asked: list[AskedQuestions | None] = []  # once it is open
        self._opened: dict[str, tuple[Embedder, Vectors]] = {"": self._main}
        self._lock = threading.Lock()
        self.vector = lru_cache(maxsize=512)(self._vector)
        self.reading = lru_cache(maxsize=256)(self._reading)
        self.sentences = lru_cache(maxsize=4096)(self._sentences)

    def vectors(self, embedder: str = "") -> tuple[Embedder, Vectors]:
        """An embedder by its name, with its vectors; those of the main one where no other has that name."""
        with self._lock:
            if embedder not in self._opened:
                other = self.models.embedder(embedder)
                if other is None or other.fingerprint == self._main[0].fingerprint:
                    self._opened[embedder] = self._main
                else:
                    self._opened[embedder] = (other, self._open_dense(other))
            return self._opened[embedder]

    def asked(self) -> AskedQuestions | None:
        """The probable questions, opened when they are first asked for; None where there are none."""
        with self._lock:
            if not self._asked:
                self._asked.append(self._open_asked())
            return self._asked[0]

    def _vector(self, text: str, embedder: str = "") -> tuple[float, ...]:
        return tuple(self.vectors(embedder)[0].embed_query(text))

    def _sentences(self, position: int) -> tuple[str, ...]:
        return sentences_of(self.passages[position].text, self.language)

    def _reading(self, question: str) -> Reading:
        return read(question, self.passages, self.language)

    def terms(self, text: str) -> list[str]:
        """The stems of the words that carry meaning, in order, with repetitions."""
        return terms(text, self.language)

    @cached_property
    def casebook(self) -> frozenset[int]:
        """The positions of the casebook's passages."""
        return self.passages.of_source(CASEBOOK)

    def candidate(self, position: int, score: float, reasons: Sequence[Reason]) -> Candidate:
        """A whole passage as a candidate."""
        passage = self.passages[position]
        return Candidate(passage, position, score, tuple(reasons), text=passage.text)

    def with_candidates(self, inquiry: Inquiry) -> Inquiry:
        """The inquiry with candidates where no module has fused its lists: the first of each list in turn."""
        if not inquiry.rankings:
            return inquiry
        taken: dict[int, Candidate] = {}
        for rank in range(max(len(ranking.items) for ranking in inquiry.rankings)):
            for ranking in inquiry.rankings:
                if rank < len(ranking.items) and ranking.items[rank][0] not in taken:
                    position, score = ranking.items[rank]
                    reason = Reason(ranking.module, rank + 1, round(score, 4))
                    taken[position] = self.candidate(position, score, [reason])
        candidates = (*inquiry.candidates, *taken.values())
        return replace(inquiry, candidates=candidates, rankings=()).measured(considered=float(len(taken)))


def sentences_of(text: str, language: Language = ENGLISH) -> tuple[str, ...]:
    """The sentences of a passage, in order."""
    return tuple(part for line in text.split("\n") for part in split_sentences(line, language))

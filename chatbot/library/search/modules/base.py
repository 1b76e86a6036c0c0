"""What every module of a search is: a LangChain Runnable from an inquiry to an inquiry, with the tools it may use."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar, Protocol

from langchain_core.runnables import Runnable, RunnableConfig

from chatbot.language import ENGLISH, Language, split_sentences
from chatbot.library.index import Column, Ints, Lexical, Passages
from chatbot.library.search.evidence import Step
from chatbot.library.search.inquiry import Candidate, Inquiry


class LanguageModel(Protocol):
    """A language model that a module may ask."""

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """The mean log-probability of a token of each continuation behind its context, in nats."""

    def write(self, prompt: str, max_tokens: int) -> str:
        """A short text in answer to a prompt."""


class Scorer(Protocol):
    """A cross-encoder."""

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the question; higher is better."""


class VectorIndex(Protocol):
    """The vectors of one embedder over the library's passages."""

    @property
    def ready(self) -> bool:
        """Whether every passage has its vector."""

    def search(
        self, vector: Sequence[float], number: int, where: dict[str, Any] | None = None
    ) -> list[tuple[int, float]]:
        """Positions and cosines of the nearest passages."""


class Embeds(Protocol):
    """What makes vectors."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors."""

    def embed_query(self, text: str) -> list[float]:
        """A unit vector."""


@dataclass(frozen=True)
class Vectors:
    """An embedder with its vectors of the passages."""

    embedder: Embeds
    index: VectorIndex


class Tools:
    """What modules work with: one a library, shared by all its searches.

    Args:
        passages: every passage.
        lexical: the BM25 index over them.
        vectors: gives the vectors of an embedder by its name ('plain', 'tuned').
        main: the name of the embedder that a module uses where its settings name none.
        cross_encoder: gives the cross-encoder, or None where there is none.
        reader: gives the small language model, or None.
        strong: gives a stronger model for the cases that the small one cannot settle, or None.
        persona: the name of whose library it is.
        language: the persona's.
    """

    def __init__(
        self,
        passages: Passages,
        lexical: Lexical,
        vectors: Callable[[str], Vectors],
        main: str,
        cross_encoder: Callable[[], Scorer | None] = lambda: None,
        reader: Callable[[], LanguageModel | None] = lambda: None,
        strong: Callable[[], LanguageModel | None] = lambda: None,
        persona: str = "",
        language: Language = ENGLISH,
    ) -> None:
        self.passages = passages
        self.lexical = lexical
        self.main = main
        self._vectors = vectors
        self.cross_encoder = cross_encoder
        self.reader = reader
        self.strong = strong
        self.persona = persona
        self.language = language
        self.vector = lru_cache(maxsize=512)(self._vector)
        self.sentences = lru_cache(maxsize=4096)(self._sentences)

    def vectors(self, name: str = "") -> Vectors:
        """The vectors of the embedder called `name`; of the main one where none is named."""
        return self._vectors(name or self.main)

    def _vector(self, text: str, name: str = "") -> tuple[float, ...]:
        return tuple(self.vectors(name).embedder.embed_query(text))

    def _sentences(self, position: int) -> tuple[str, ...]:
        return sentences_of(self.passages[position].text, self.language)

    def positions(self, column: Column, name: str) -> Ints:
        """The positions of the passages of a kind, source or work."""
        return self.passages.groups.positions(column, name)


def sentences_of(text: str, language: Language = ENGLISH) -> tuple[str, ...]:
    """The sentences of a passage, in order."""
    return tuple(part for line in text.split("\n") for part in split_sentences(line, language))


class Module(Runnable[Inquiry, Inquiry]):
    """One step of a search.

    Subclasses say their `title` (as plans name it) and what they do in `apply`; their settings are keyword arguments
    with defaults. A module does nothing where it has nothing to work on, so that any other may be left out.
    """

    title: ClassVar[str] = ""
    rewrites: ClassVar[bool] = False  # it makes the question ready; a second search does not go through it once more
    for_all_parts: ClassVar[bool] = False  # behind everything else it works on the pieces of all parts together

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.name = self.title

    @abstractmethod
    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """The next inquiry, and a few words on what was done; empty where there is nothing to say."""

    def invoke(self, input: Inquiry, config: RunnableConfig | None = None, **kwargs: Any) -> Inquiry:
        """Run the module and note what it did."""
        if input.ended:
            return input
        began = time.perf_counter()
        done, note = self.apply(input)
        step = Step(self.title, round((time.perf_counter() - began) * 1000, 2), len(done.candidates), note)
        return replace(done, steps=(*done.steps, step))


def run(chain: Sequence[Runnable[Inquiry, Inquiry]], inquiry: Inquiry) -> Inquiry:
    """An inquiry that has gone through modules, one behind the other."""
    for module in chain:
        inquiry = module.invoke(inquiry)
    return inquiry


def behind(rest: Sequence[Candidate], by: float) -> list[Candidate]:
    """The candidates that a model did not read, counted like the worst of those that it read.

    Otherwise one that was read and found bad would fall behind one that nobody looked at.

    Args:
        rest: the candidates.
        by: what the worst of the others got on top of its score; below 0 where it lost.
    """
    return [replace(candidate, score=candidate.score + min(0.0, by)) for candidate in rest]


def reordered(title: str, before: Sequence[Candidate], scored: Sequence[tuple[float, Candidate]]) -> list[Candidate]:
    """Candidates by a new score, the best first, each told from where it was moved.

    Args:
        title: of the module that scored them.
        before: their order until now.
        scored: every one of them with its new score.
    """
    places = {id(candidate): rank for rank, candidate in enumerate(before, 1)}
    order = sorted(scored, key=lambda pair: -pair[0])
    return [
        replace(candidate, score=score).because(title, rank, score, f"from place {places[id(candidate)]}")
        for rank, (score, candidate) in enumerate(order, 1)
    ]

"""Stand-ins for the logic around models in a search, and passages of our own to search through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chatbot.language import ENGLISH, Language
from chatbot.library.encoders.embedder import Embedder
from chatbot.library.search.inquiry import Candidate
from chatbot.library.search.models import OpenModels
from chatbot.library.search.tools import Tools
from chatbot.library.texts.passages import TEXT, Passage
from personas.loading import BUILT_IN

KILLED = "What killed Julia Stoner?"
TWO = "Who hid a stolen gem inside a goose, and who hid one inside a plaster bust?"

CANON_QUESTIONS = BUILT_IN / "sherlock" / "questions.jsonl"


class Remembering:
    """The real embedder; a text that it has embedded before costs nothing."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, list[float]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._embedder.embed_documents(new), strict=True))
        return [self._known[text] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """A unit vector."""
        return self.embed_documents([text])[0]


class ScriptedLanguageModel:
    """Finds a question likely behind texts that hold `likes`, and writes what it is told to; remembers what it read."""

    def __init__(self, likes: str = "nothing at all", writes: str = "", error: Exception | None = None) -> None:
        self.likes, self.writes, self.error = likes, writes, error
        self.read: list[tuple[str, str]] = []
        self.prompts: list[str] = []

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """-1 for texts that hold `likes`, -3 for others."""
        self.read += pairs
        if self.error:
            raise self.error
        return [-1.0 if self.likes in context else -3.0 for context, _ in pairs]

    def write(self, prompt: str, max_tokens: int) -> str:
        """What it was told to."""
        self.prompts.append(prompt)
        if self.error:
            raise self.error
        return self.writes


class ScriptedScorer:
    """A cross-encoder that gives texts with `likes` a high logit, and others a low one."""

    def __init__(self, likes: str = "nothing at all", high: float = 5.0, low: float = -5.0) -> None:
        self.likes, self.high, self.low = likes, high, low
        self.asked: list[tuple[str, list[str]]] = []

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """Logits."""
        self.asked.append((question, list(texts)))
        return [self.high if self.likes in text else self.low for text in texts]


def passage(text: str, work: str = "A Tale", chapter: str = "I", kind: str = TEXT, place: int = 1) -> Passage:
    """A passage of our own; its id is its text."""
    return Passage(text, kind, "tale.txt", work, chapter, place, "Wren", text)


def candidate(text: str, score: float, position: int = 0, key: str = "", **more: Any) -> Candidate:
    """A candidate that says `text`."""
    return Candidate(passage(text, **more), position, score, text=text, key=key, last=0)


def bare(passages: Sequence[Passage] = (), persona: str = "", language: Language = ENGLISH, **models: Any) -> Tools:
    """Tools for modules that search nothing, with models as `OpenModels` takes them."""
    nothing: Any = None
    given: Any = passages
    return Tools(given, nothing, nothing, nothing, nothing, OpenModels(nothing, **models), persona, language)

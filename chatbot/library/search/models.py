"""The models that a search may use: one object, handed to a library and by it to the modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder, ReadText


class LanguageModel(Protocol):
    """A language model that a module may ask."""

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """The mean log-probability of a token of each continuation after its context, in nats."""

    def write(self, prompt: str, max_tokens: int) -> str:
        """A short text in answer to a prompt."""


class Scorer(Protocol):
    """A cross-encoder."""

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the question; higher is better."""


class TextReader(Protocol):
    """A reader (`chatbot.library.encoders.Reader`)."""

    def read(self, question: str, texts: Sequence[str], skip: Sequence[int] = ()) -> list[ReadText]:
        """What stands in each text: whether it answers, and where."""


class Models(Protocol):
    """What a library asks for its models. Each is opened when it is first needed; any may be missing but an embedder.

    `chatbot.search_models` opens those that the settings and a persona name; `OpenModels` holds given ones.
    """

    def embedder(self, name: str) -> Embedder | None:
        """The embedder called 'plain' or 'tuned'; None where there is no such embedder."""

    def embedder_of(self, fingerprint: str | None) -> Embedder:
        """The embedder with this fingerprint, which built a library; the best there is where none has it."""

    def cross_encoder(self) -> Scorer | None:
        """The cross-encoder, or None."""

    def reader(self) -> TextReader | None:
        """The reader, or None."""

    def language_model(self) -> LanguageModel | None:
        """The small language model, or None."""

    def stronger_model(self) -> LanguageModel | None:
        """A stronger one for what the small one cannot settle, or None."""

    def count(self, text: str) -> int:
        """The tokens of a text, by the tokenizer of the model that will read the evidence."""


@dataclass(frozen=True)
class OpenModels:
    """Models that are open already.

    Attributes:
        main: the embedder that built the library.
        named: embedders that a module may name.
        scorer: a cross-encoder.
        texts: a reader.
        small, strong: language models.
        tokens: counts the tokens of a text; None: by the embedder's tokenizer.
    """

    main: Embedder
    named: Mapping[str, Embedder] = field(default_factory=dict)
    scorer: Scorer | None = None
    texts: TextReader | None = None
    small: LanguageModel | None = None
    strong: LanguageModel | None = None
    tokens: Callable[[str], int] | None = None

    def embedder(self, name: str) -> Embedder | None:
        """The embedder of that name."""
        return self.named.get(name)

    def embedder_of(self, fingerprint: str | None) -> Embedder:
        """The main embedder, whatever built the library."""
        return self.main

    def cross_encoder(self) -> Scorer | None:
        """The cross-encoder."""
        return self.scorer

    def reader(self) -> TextReader | None:
        """The reader."""
        return self.texts

    def language_model(self) -> LanguageModel | None:
        """The small language model."""
        return self.small

    def stronger_model(self) -> LanguageModel | None:
        """The stronger language model."""
        return self.strong

    def count(self, text: str) -> int:
        """The tokens of a text."""
        return (self.tokens or self.main.count)(text)

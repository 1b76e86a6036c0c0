"""The small model as a reader for the search: how likely a text is behind another, and a few written words."""

from __future__ import annotations

from collections.abc import Sequence

from chatbot.engines import Engine, Request, Sampling
from chatbot.prompts import Message


class EngineLanguageModel:
    """What the library's modules may ask of an engine; always of its base, without a voice."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """The mean log-probability of a token of each continuation behind its context, in nats.

        Raises:
            EngineError: the engine cannot tell.
            MessageError: a pair is longer than the window.
        """
        return self._engine.likelihood(pairs)

    def write(self, prompt: str, max_tokens: int) -> str:
        """A short text in answer to a prompt; the same each time.

        Raises:
            EngineError: generation failed.
        """
        request = Request((Message("user", prompt),), sampling=Sampling(max_new_tokens=max_tokens))
        return self._engine.submit(request).completion.text

"""The face of an engine: what goes in, what comes out, and how a reader follows it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from chatbot.errors import EngineError
from chatbot.prompts import Message

Finish = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True)
class Sampling:
    """How tokens are chosen.

    Attributes:
        max_new_tokens: the longest reply.
        temperature: 0 is greedy, and then the seed has no part.
        top_p: the nucleus (Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020).
        presence_penalty: taken off the logits of the tokens that were written so far (as in OpenAI's interface, so that
            every engine means the same by it); what stands in the prompt is free, so that quoting it costs nothing.
        seed: the same seed gives the same reply, alone or in a batch.
    """

    max_new_tokens: int = 120
    temperature: float = 0.0
    top_p: float = 0.9
    presence_penalty: float = 0.8
    seed: int = 0


@dataclass(frozen=True)
class Request:
    """One reply to be generated.

    Attributes:
        messages: what was said before.
        voice: the adapter's folder; None: the base model.
        sampling: how tokens are chosen.
        opening: words the reply begins with; the model goes on from there.
        copies: whether the reply is likely to copy from the prompt (notes that it quotes), so that guessing pays.
    """

    messages: tuple[Message, ...]
    voice: Path | None = None
    sampling: Sampling = field(default_factory=Sampling)
    opening: str = ""
    copies: bool = False


@dataclass(frozen=True)
class Completion:
    """A finished reply. Counts are in tokens, times in milliseconds from the submission.

    Attributes:
        prompt_tokens: the whole prompt.
        cached_tokens: how many of them were found in the key/value cache.
        reply_tokens: what the model wrote; the opening that was given to it is not counted.
    """

    text: str
    finish: Finish
    prompt_tokens: int
    cached_tokens: int
    reply_tokens: int
    first_token_ms: float
    total_ms: float


class Generation:
    """A reply on its way: iterate over its pieces of text, then ask for `completion`."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.submitted = time.perf_counter()
        self._pieces: queue.SimpleQueue[str | Completion | Exception] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._ended: Completion | Exception | None = None

    def __iter__(self) -> Iterator[str]:
        while self._ended is None:
            piece = self._pieces.get()
            if isinstance(piece, str):
                yield piece
            else:
                self._ended = piece
        if isinstance(self._ended, Exception):
            raise self._ended

    @property
    def completion(self) -> Completion:
        """The finished reply; waits for it.

        Raises:
            EngineError: generation failed.
        """
        for _ in self:
            pass
        if not isinstance(self._ended, Completion):
            raise EngineError("The reply has no end.")
        return self._ended

    def cancel(self) -> None:
        """Ask the engine to stop here; what was said so far is kept. Safe from any thread, at any time."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._cancelled.is_set()

    # The engine's side.
    def push(self, piece: str) -> None:
        """Hand a piece of text to the reader."""
        self._pieces.put(piece)

    def finish(self, end: Completion | Exception) -> None:
        """Close the reply."""
        self._pieces.put(end)


class Engine(Protocol):
    """What turns a prompt into a stream of tokens, with a voice on or off."""

    name: str

    def submit(self, request: Request) -> Generation:
        """Queue a request; returns at once."""

    def count(self, text: str) -> int:
        """How many tokens a text has."""

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """How likely the base model finds each continuation behind its context; waits for it, from any thread.

        Args:
            pairs: (context, continuation), plain text without template or voice. A blank between the two belongs to
                the beginning of the continuation.

        Returns:
            For each pair the mean natural log-probability of a token of the continuation. Behind an empty context its
            first token is left out.

        Raises:
            EngineError: this engine cannot tell, or has been closed.
            MessageError: a continuation is empty, or a pair longer than the window.
        """

    def warm(self, voices: Sequence[Path] = ()) -> None:
        """Load the model (and `voices`) now; waits for it."""

    def close(self) -> None:
        """Give the model back; waiting requests fail."""

"""The interface of every engine: what goes in, what comes out, and how a reader follows a reply."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from chatbot.errors import BakerStreetError, EngineError
from chatbot.prompts import Message

Finish = Literal["stop", "length", "cancelled"]
Item = TypeVar("Item")

LOOK_SECONDS = 1.0  # how often a reader who waits looks whether anybody is there to answer


@dataclass(frozen=True)
class Sampling:
    """How tokens are chosen.

    Attributes:
        max_new_tokens: the longest reply.
        temperature: 0 is greedy; the seed then has no effect.
        top_p: nucleus sampling (Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020).
        presence_penalty: subtracted from the logits of every token that the reply already holds, as in OpenAI's
            interface. Tokens of the prompt are not penalised, so that quoting it costs nothing.
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
        messages: the conversation so far.
        voice: the adapter's folder; None: the base model.
        sampling: how tokens are chosen.
        opening: the words that the reply begins with; the model continues from there.
        copies: whether the reply is likely to quote the prompt, so that prompt lookup pays.
    """

    messages: tuple[Message, ...]
    voice: Path | None = None
    sampling: Sampling = field(default_factory=Sampling)
    opening: str = ""
    copies: bool = False


@dataclass(frozen=True)
class Completion:
    """A finished reply. Counts are in tokens, times in milliseconds since the request was submitted.

    Attributes:
        text: the reply, its opening included.
        finish: why it ended: the model said so, the limit was reached, or the reader left.
        prompt_tokens: the whole prompt.
        cached_tokens: how many of these were found in the key/value cache.
        reply_tokens: what the model wrote; the opening is not counted.
    """

    text: str
    finish: Finish
    prompt_tokens: int
    cached_tokens: int
    reply_tokens: int
    first_token_ms: float
    total_ms: float


class Generation:
    """A reply on its way: iterate over its pieces of text, then ask for `completion`.

    Args:
        request: what is asked for.
        writer: the thread that will answer; a reader does not outwait it. None: the reply is finished by other means.

    Attributes:
        request: what was asked for.
        submitted: `time.perf_counter()` at submission, in seconds.
        text: what the engine has handed over so far.
    """

    def __init__(self, request: Request, writer: threading.Thread | None = None) -> None:
        self.request = request
        self._writer = writer
        self.submitted = time.perf_counter()
        self.text = ""
        self._pieces: queue.SimpleQueue[str | Completion | Exception] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._ended: Completion | Exception | None = None

    # ------------------------------------------------------------------ the reader's side

    def __iter__(self) -> Iterator[str]:
        while self._ended is None:
            piece = wait_for(self._pieces, self._writer)
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
        """Ask the engine to stop; the text so far is kept. Safe from any thread, at any time."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._cancelled.is_set()

    # ------------------------------------------------------------------ the engine's side

    def push(self, piece: str) -> None:
        """Hand a piece of text to the reader."""
        self.text += piece
        self._pieces.put(piece)

    def complete(
        self,
        finish: Finish,
        *,
        prompt_tokens: int = 0,
        cached_tokens: int = 0,
        reply_tokens: int = 0,
        first_token: float | None = None,
    ) -> None:
        """End the reply with the text that was pushed.

        Args:
            finish: why it ended.
            prompt_tokens, cached_tokens, reply_tokens: as in `Completion`.
            first_token: `time.perf_counter()` when the first token came; None: none came before now.
        """
        now = time.perf_counter()
        first_token_ms = ((first_token or now) - self.submitted) * 1000
        total_ms = (now - self.submitted) * 1000
        self.finish(Completion(self.text, finish, prompt_tokens, cached_tokens, reply_tokens, first_token_ms, total_ms))

    def finish(self, end: Completion | Exception) -> None:
        """End the reply. The reader is given an error of this project as it is, any other as an `EngineError`."""
        if isinstance(end, Exception) and not isinstance(end, BakerStreetError):
            end = EngineError(f"Generation failed: {type(end).__name__}: {end}")
        self._pieces.put(end)

    def abandon(self) -> None:
        """End the reply because the engine is being closed."""
        self.finish(EngineError("The engine was closed or failed before the reply was finished."))


def wait_for(items: queue.SimpleQueue[Item], writer: threading.Thread | None) -> Item:
    """The next item of a queue that `writer` fills.

    Raises:
        EngineError: the thread has ended without it.
    """
    while True:
        ended = writer is not None and not writer.is_alive()  # asked before: its last item may come in between
        try:
            return items.get(timeout=None if writer is None else 0.0 if ended else LOOK_SECONDS)
        except queue.Empty:
            if ended:
                raise EngineError("The engine ended before the reply was finished. Ask again.") from None


class Engine(Protocol):
    """What turns a prompt into a stream of tokens, with a voice on or off.

    Attributes:
        name: as `settings.engine` names it.
    """

    name: str

    def submit(self, request: Request) -> Generation:
        """Queue a request; returns at once.

        Raises:
            BusyError: as many requests are waiting as may wait.
            EngineError: the engine has been closed.
        """

    def count(self, text: str) -> int:
        """How many tokens a text has."""

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """How likely the base model finds each continuation after its context; waits for it, from any thread.

        Args:
            pairs: (context, continuation), plain text without template or voice. A space between the two belongs to
                the beginning of the continuation.

        Returns:
            The mean natural log-probability of a token of each continuation, shape (pairs,). After an empty context
            the first token, which nothing predicts, is left out.

        Raises:
            EngineError: this engine cannot tell, failed, or has been closed.
            MessageError: a continuation is empty, or a pair is longer than the window.
        """

    def warm(self, voices: Sequence[Path] = ()) -> None:
        """Load the model (and `voices`) now; waits for it.

        Raises:
            ModelError: the model is missing, or a voice does not fit it.
            EngineError: the engine has been closed, or its server is away.
        """

    def close(self) -> None:
        """Free the model; requests that are waiting or under way fail."""

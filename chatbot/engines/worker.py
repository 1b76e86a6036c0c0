"""What the engines in this process share: one worker thread that owns the model, and the queue in front of it.

Neither PEFT's adapter switching nor a pipeline's step may be called from two threads, so nobody but the worker
touches the model.
"""

from __future__ import annotations

import queue
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypedDict

from chatbot.engines.likelihood import Scorer, Text, batches, texts_of
from chatbot.engines.reply import Reply
from chatbot.engines.tokenizer import ChatTokenizer
from chatbot.engines.types import Completion, Generation, Request
from chatbot.engines.weights import GeneratorWeights, resolve_model
from chatbot.errors import BakerStreetError, BusyError, EngineError, MessageError
from chatbot.progress import Say

CLOSED = "The engine was closed before the reply was finished."


class Limits(TypedDict, total=False):
    """What an engine may use; each has a default.

    Attributes:
        context_tokens: prompt and reply together.
        cache_mb: memory for the keys and values of earlier prompts; 0 turns their reuse off.
        batch_size: the most requests written together.
        queue_limit: the most requests that wait for a place in the batch.
    """

    context_tokens: int
    cache_mb: int
    batch_size: int
    queue_limit: int


class WorkerEngine(ABC):
    """An engine with one worker thread.

    Args:
        model: as in `settings.model`.
        models_dir: where converted models are kept.
        say: told what is being done when it takes more than a moment.
        context_tokens, cache_mb, batch_size, queue_limit: see `Limits`.
    """

    name: str

    def __init__(
        self,
        model: str,
        models_dir: Path,
        *,
        say: Say = lambda _: None,
        context_tokens: int = 2048,
        cache_mb: int = 320,
        batch_size: int = 8,
        queue_limit: int = 32,
    ) -> None:
        self._source = (model, models_dir)
        self._cache_bytes = cache_mb * 1024 * 1024
        self._window = context_tokens
        self._batch_size = batch_size
        self._queue_limit = queue_limit
        self._say = say
        self._waiting: queue.SimpleQueue[Generation | None] = queue.SimpleQueue()
        self._asides: queue.SimpleQueue[_Aside] = queue.SimpleQueue()
        self._bell = threading.Event()  # system for whatever is put into one of the two
        self._aside: _Aside | None = None  # the worker's, under way
        self._loading = threading.Lock()
        self._weights: GeneratorWeights | None = None
        self._tokenizer: ChatTokenizer | None = None
        self._worker: threading.Thread | None = None
        self._closed = False

    # ------------------------------------------------------------------ for everybody

    @property
    def weights(self) -> GeneratorWeights:
        """The base model, found (and dequantised, the first time) when it is first asked for."""
        with self._loading:
            if self._weights is None:
                self._weights = resolve_model(*self._source, self._say)
            return self._weights

    @property
    def tokenizer(self) -> ChatTokenizer:
        """The model's tokenizer; it needs no model."""
        weights = self.weights
        with self._loading:
            if self._tokenizer is None:
                self._tokenizer = ChatTokenizer(weights.folder)
            return self._tokenizer

    def count(self, text: str) -> int:
        """How many tokens a text has."""
        return len(self.tokenizer.encode(text))

    def submit(self, request: Request) -> Generation:
        """Queue a request; returns at once.

        Raises:
            BusyError: as many requests wait as may wait.
            EngineError: the engine has been closed.
        """
        generation = Generation(request)
        with self._loading:
            self._start()
            if self._waiting.qsize() >= self._queue_limit:
                raise BusyError(
                    f"{self._queue_limit} others are waiting for an answer already. Ask again in a minute, or raise "
                    "BAKERSTREET_QUEUE_LIMIT."
                )
            self._waiting.put(generation)
            self._bell.set()
        return generation

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """The mean natural log-probability of a token of each continuation behind its context, by the base model.

        Batches take turns with the steps of the replies under way. What is asked for twice is read once.

        Args:
            pairs: (context, continuation), plain text.

        Raises:
            EngineError: this engine cannot tell, or has been closed.
            MessageError: a continuation is empty, or a pair longer than the window.
        """
        texts = texts_of(pairs, self.tokenizer.encode)
        found: dict[Text, float] = {}

        def score() -> Iterator[None]:
            try:
                scorer = self._scorer()
                for batch in batches(texts, min(self._window, scorer.window)):
                    found.update(batch.means(scorer.score(batch)))
                    yield
            except BakerStreetError:
                raise
            except Exception as error:
                raise EngineError(f"The likelihood cannot be told: {type(error).__name__}: {error}") from error

        self._ask_worker(score())
        return [found[text] for text in texts]

    def warm(self, voices: Sequence[Path] = ()) -> None:
        """Load the model and `voices` now; waits for it.

        Raises:
            ModelError: the model is missing, or a voice does not fit it.
        """

        def load() -> Iterator[None]:
            self._load(voices)
            yield

        self._ask_worker(load())

    def close(self) -> None:
        """Give the model back; waiting requests fail."""
        with self._loading:
            self._closed = True
            worker = self._worker
        self._waiting.put(None)
        self._bell.set()
        if worker is not None:
            worker.join()

    def _ask_worker(self, steps: Iterator[None]) -> None:
        """Have the worker do something beside replies; waits for it, and raises what it raises."""
        aside = _Aside(steps)
        with self._loading:
            self._start()
            self._asides.put(aside)
            self._bell.set()
        aside.wait()

    def _start(self) -> None:
        if self._closed:
            raise EngineError("The engine has been closed.")
        if self._worker is None:
            self._worker = threading.Thread(target=self._run, name=f"engine-{type(self).__name__}", daemon=True)
            self._worker.start()

    # ------------------------------------------------------------------ the worker alone

    @abstractmethod
    def _load(self, voices: Sequence[Path]) -> None:
        """Load the model and `voices`."""

    @abstractmethod
    def _work(self) -> None:
        """Answer requests until `_arrivals` gives None."""

    def _scorer(self) -> Scorer:
        """The base model as a scorer, loaded where it is not."""
        raise EngineError(f"The engine '{self.name}' cannot tell how likely a text is. Use another one.")

    def _run(self) -> None:
        try:
            self._work()
        finally:
            while not self._waiting.empty():
                item = self._waiting.get()
                if item is not None:
                    item.finish(EngineError(CLOSED))
            while self._aside or not self._asides.empty():
                (self._aside or self._asides.get()).end(EngineError("The engine has been closed."))
                self._aside = None

    def _arrivals(self, *, block: bool, room: int) -> list[Generation] | None:
        """Requests that wait, at most `room`, after a step of what else is asked for, even where there is no room.

        Where `block`, waits for one or the other. None: the engine is to close.
        """
        if block and not self._aside and self._waiting.empty() and self._asides.empty():
            self._bell.wait()
        self._bell.clear()
        if self._aside is None and not self._asides.empty():
            self._aside = self._asides.get()
        if self._aside is not None and self._aside.step():
            self._aside = None
        fresh: list[Generation] = []
        while len(fresh) < room and not self._waiting.empty():  # nobody else takes from it
            item = self._waiting.get()
            if item is None:
                return None
            if item.cancelled:
                item.finish(left_unread(item))
            else:
                fresh.append(item)
        return fresh

    def _admit(self, generation: Generation, model_window: int) -> Reply:
        """The prompt in tokens.

        Raises:
            MessageError: it leaves no room for a reply.
        """
        window = min(self._window, model_window)
        reply = Reply(generation, self.tokenizer, window)
        if reply.too_long:
            raise MessageError(
                f"The prompt has {len(reply.tokens)} tokens and the window {window}. Shorten the message, or raise "
                "BAKERSTREET_CONTEXT_TOKENS."
            )
        return reply


class _Aside:
    """Something that the worker is asked to do beside replies, in steps; between two of them replies go on."""

    def __init__(self, steps: Iterator[None]) -> None:
        self._steps = steps
        self._ended: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

    def wait(self) -> None:
        """Wait for its end; raises what it failed with."""
        error = self._ended.get()
        if error is not None:
            raise error

    def step(self) -> bool:
        """Do the next step; whether that was the end."""
        try:
            next(self._steps)
        except StopIteration:
            self.end(None)
        except Exception as error:
            self.end(error)
        else:
            return False
        return True

    def end(self, error: Exception | None) -> None:
        """Tell who waits for it."""
        self._ended.put(error)


def left_unread(generation: Generation) -> Completion:
    """The end of a request whose reader left before its prompt was read."""
    now = (time.perf_counter() - generation.submitted) * 1000
    return Completion("", "cancelled", 0, 0, 0, now, now)


def failure(error: Exception) -> BakerStreetError:
    """What a reader is told of an error: ours as it is, any other as a generation that failed."""
    if isinstance(error, BakerStreetError):
        return error
    return EngineError(f"Generation failed: {type(error).__name__}: {error}")

"""The base of the engines in this process: one worker thread that owns the model, and the queues in front of it.

Neither PEFT's adapter switching nor a step of an OpenVINO pipeline is thread-safe, so only the worker touches a model.
"""

from __future__ import annotations

import logging
import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypedDict

from chatbot.engines.likelihood import Scorer, Text, batches, texts_of
from chatbot.engines.tokenizer import ChatTokenizer
from chatbot.engines.types import Generation, Request, wait_for
from chatbot.engines.weights import GeneratorWeights, resolve_model
from chatbot.errors import BakerStreetError, BusyError, EngineError
from chatbot.progress import Say

logger = logging.getLogger(__name__)

CLOSED = "The engine has been closed."


class Limits(TypedDict, total=False):
    """What an engine may use; each has a default.

    Attributes:
        context_tokens: the most tokens of prompt and reply together.
        cache_mb: memory for the keys and values of earlier prompts, in megabytes; 0 turns their reuse off.
        batch_size: the most requests that are written together.
        queue_limit: the most requests that wait for a place in the batch.
    """

    context_tokens: int
    cache_mb: int
    batch_size: int
    queue_limit: int


class WorkerEngine(ABC):
    """An engine with one worker thread, which starts with the first request, and again with the next if it ended.

    Args:
        model: as in `settings.model`.
        models_dir: where converted models are kept.
        say: told what is being done where that takes more than a moment.
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
        self._waiting: queue.SimpleQueue[Generation] = queue.SimpleQueue()
        self._side_tasks: queue.SimpleQueue[_SideTask] = queue.SimpleQueue()
        self._wake = threading.Event()  # set when something is put into one of the two queues, and to close
        self._side_task: _SideTask | None = None  # the one under way; the worker's alone
        self._arrived: list[Generation] = []  # taken from the queue and not begun; the worker's alone
        self._lock = threading.Lock()
        self._weights: GeneratorWeights | None = None
        self._tokenizer: ChatTokenizer | None = None
        self._worker: threading.Thread | None = None
        self._closed = False

    # ------------------------------------------------------------------ from any thread

    @property
    def weights(self) -> GeneratorWeights:
        """The base model, found (and dequantised, the first time) when it is first asked for."""
        with self._lock:
            if self._weights is None:
                self._weights = resolve_model(*self._source, self._say)
            return self._weights

    @property
    def tokenizer(self) -> ChatTokenizer:
        """The model's tokenizer; it does not load the model."""
        weights = self.weights
        with self._lock:
            if self._tokenizer is None:
                self._tokenizer = ChatTokenizer(weights.folder)
            return self._tokenizer

    def count(self, text: str) -> int:
        """How many tokens a text has."""
        return len(self.tokenizer.encode(text))

    def submit(self, request: Request) -> Generation:
        """See `Engine.submit`."""
        with self._lock:
            generation = Generation(request, self._start())
            if self._waiting.qsize() >= self._queue_limit:
                raise BusyError(
                    f"{self._queue_limit} others are waiting for an answer already. Ask again in a minute, or raise "
                    "BAKERSTREET_QUEUE_LIMIT."
                )
            self._waiting.put(generation)
            self._wake.set()
        return generation

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """See `Engine.likelihood`.

        Batches of pairs alternate with the steps of the replies under way. A pair that occurs twice is read once.
        """
        texts = texts_of(pairs, self.tokenizer.encode)
        found: dict[Text, float] = {}

        def score() -> Iterator[None]:
            scorer = self._scorer()
            for batch in batches(texts, min(self._window, scorer.window)):
                found.update(batch.means(scorer.score(batch)))
                yield

        self._run_beside_replies(score())
        return [found[text] for text in texts]

    def warm(self, voices: Sequence[Path] = ()) -> None:
        """See `Engine.warm`."""

        def load() -> Iterator[None]:
            self._load(voices)
            yield

        self._run_beside_replies(load())

    def close(self) -> None:
        """See `Engine.close`."""
        with self._lock:
            self._closed = True
            worker = self._worker
            self._wake.set()
        if worker is not None:
            worker.join()

    def _run_beside_replies(self, steps: Iterator[None]) -> None:
        """Have the worker run `steps` between those of the replies; waits for the end, and raises what they raise."""
        with self._lock:
            task = _SideTask(steps, self._start())
            self._side_tasks.put(task)
            self._wake.set()
        task.wait()

    def _start(self) -> threading.Thread:
        """The worker; started now where there is none, or where it has ended."""
        if self._closed:
            raise EngineError(CLOSED)
        if self._worker is None or not self._worker.is_alive():
            self._worker = threading.Thread(target=self._run, name=f"engine-{self.name}", daemon=True)
            self._worker.start()
        return self._worker

    # ------------------------------------------------------------------ on the worker's thread: what an engine adds

    @abstractmethod
    def _load(self, voices: Sequence[Path]) -> None:
        """Load the model and `voices`."""

    @abstractmethod
    def _begin(self, generation: Generation) -> None:
        """Begin to answer a request, or answer it at once. The reader is told of what this raises."""

    def _step(self) -> None:  # noqa: B027 - an engine that answers at once has none
        """Advance the replies under way; failures reach their readers and are not raised."""

    def _under_way(self) -> Sequence[Generation]:
        """The replies that later steps continue."""
        return ()

    def _unload(self) -> None:  # noqa: B027 - the process's end is enough for some
        """Free the model."""

    def _scorer(self) -> Scorer:
        """The base model as a scorer, loaded on first use."""
        raise EngineError(f"The engine '{self.name}' cannot tell how likely a text is. Use another engine.")

    # ------------------------------------------------------------------ on the worker's thread: the loop

    def _run(self) -> None:
        end = EngineError(CLOSED)
        try:
            self._serve()
        except BaseException as error:  # whatever ends the thread, nobody may wait for it in vain
            logger.exception("The worker of the engine '%s' failed; the next request starts another", self.name)
            end = EngineError(f"The engine failed ({type(error).__name__}: {error}) and starts anew. Ask again.")
        finally:
            self._give_up(end)

    def _serve(self) -> None:
        """Answer requests until the engine is closed."""
        while self._take_requests():
            while self._arrived:
                try:
                    self._begin(self._arrived[0])
                except Exception as error:
                    self._arrived[0].finish(error)
                del self._arrived[0]
            self._step()

    def _give_up(self, end: EngineError) -> None:
        """Free the model, and tell everybody who waits for this worker."""
        waiting = [*self._arrived]
        try:
            waiting += self._under_way()
            self._unload()
        except Exception:
            logger.exception("The model of the engine '%s' could not be freed", self.name)
        with self._lock:  # what comes later finds no worker and starts one
            self._worker = None
            self._arrived.clear()
            tasks, self._side_task = [self._side_task] if self._side_task else [], None
            while not self._waiting.empty():
                waiting.append(self._waiting.get())
            while not self._side_tasks.empty():
                tasks.append(self._side_tasks.get())
        for generation in waiting:
            generation.finish(end)
        for task in tasks:
            task.end(end)

    def _take_requests(self) -> bool:
        """Take the waiting requests that the batch has room for; whether the engine goes on.

        Waits where there is nothing to do. Runs one step of a side task on the way, so that these make progress while
        the batch is full.
        """
        busy = len(self._under_way())
        if not busy and not self._side_task and self._waiting.empty() and self._side_tasks.empty():
            self._wake.wait()
        self._wake.clear()
        if self._closed:
            return False
        if self._side_task is None and not self._side_tasks.empty():
            self._side_task = self._side_tasks.get()
        if self._side_task is not None and self._side_task.step():
            self._side_task = None
        while len(self._arrived) < self._batch_size - busy and not self._waiting.empty():  # nobody else takes from it
            generation = self._waiting.get()
            if generation.cancelled:
                generation.complete("cancelled")
            else:
                self._arrived.append(generation)
        return True


class _SideTask:
    """Work for `worker` that is not a reply, in steps; replies continue between two steps."""

    def __init__(self, steps: Iterator[None], worker: threading.Thread) -> None:
        self._steps = steps
        self._worker = worker
        self._ended: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

    def wait(self) -> None:
        """Wait for the end; raises what the task failed with."""
        error = wait_for(self._ended, self._worker)
        if error is not None:
            raise error

    def step(self) -> bool:
        """Run the next step; whether that was the end."""
        try:
            next(self._steps)
        except StopIteration:
            self.end(None)
        except BakerStreetError as error:
            self.end(error)
        except Exception as error:
            logger.exception("A task of the engine failed")
            self.end(EngineError(f"The engine failed: {type(error).__name__}: {error}"))
        else:
            return False
        return True

    def end(self, error: Exception | None) -> None:
        """Wake the thread that waits."""
        self._ended.put(error)

"""The engine in this process: transformers and PEFT, and one worker thread that owns the model.

PEFT's adapter switching is not thread-safe, so nobody but the worker touches the model. Every request is read alone
(so that no padding is computed, and what the prefix cache holds is not read again); then all that are under way are
written together, one token each a step, every row with its own voice on or off. A request that comes in joins at the
next step.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chatbot.engines.chat_format import encode_messages
from chatbot.engines.prefix_cache import PrefixCache
from chatbot.engines.rows import Row, join, part
from chatbot.engines.types import Completion, Generation, Request
from chatbot.engines.voices import BASE, Voices
from chatbot.engines.weights import Weights, resolve_model
from chatbot.errors import BakerStreetError, EngineError, MessageError

Say = Callable[[str], None]


class LocalEngine:
    """A generator in this process.

    Args:
        model: as in `settings.model`.
        models_dir: where converted models are kept.
        device: 'auto', 'cpu', 'cuda' or 'mps'.
        threads: CPU threads; 0: as many as torch likes.
        context_tokens: prompt and reply together.
        cache_mb: memory for the caches of earlier prompts; 0 turns their reuse off.
        batch_size: the most requests written together.
        say: told what is being done when it takes more than a moment.
    """

    name = "transformers"

    def __init__(
        self,
        model: str,
        models_dir: Path,
        *,
        device: str = "auto",
        threads: int = 0,
        context_tokens: int = 2048,
        cache_mb: int = 512,
        batch_size: int = 8,
        say: Say = lambda _: None,
    ) -> None:
        self._source = (model, models_dir)
        self._device_name = device
        self._threads = threads
        self._window = context_tokens
        self._batch_size = batch_size
        self._cache = PrefixCache(cache_mb * 1024 * 1024)
        self._say = say
        self._waiting: queue.SimpleQueue[Generation | Callable[[], None] | None] = queue.SimpleQueue()
        self._loading = threading.Lock()
        self._weights: Weights | None = None
        self._tokenizer: Any = None
        self._voices: Voices | None = None
        self._worker: threading.Thread | None = None
        self._closed = False

    # ------------------------------------------------------------------ for everybody

    @property
    def weights(self) -> Weights:
        """The base model, found (and converted, the first time) when it is first asked for."""
        with self._loading:
            if self._weights is None:
                self._weights = resolve_model(*self._source, self._say)
            return self._weights

    @property
    def tokenizer(self) -> Any:
        """The model's tokenizer; it needs no model."""
        weights = self.weights
        with self._loading:
            if self._tokenizer is None:
                from transformers import AutoTokenizer

                self._tokenizer = AutoTokenizer.from_pretrained(weights.folder)
            return self._tokenizer

    def count(self, text: str) -> int:
        """How many tokens a text has."""
        return len(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def submit(self, request: Request) -> Generation:
        """Queue a request; returns at once.

        Raises:
            EngineError: the engine has been closed.
        """
        generation = Generation(request)
        self._start()
        self._waiting.put(generation)
        return generation

    def warm(self, voices: Sequence[Path] = ()) -> None:
        """Load the model and `voices` now; waits for it.

        Raises:
            ModelError: the model is missing, or a voice does not fit it.
        """
        done: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

        def load() -> None:
            try:
                for voice in voices:
                    self._model().load(voice)
                self._model()
                done.put(None)
            except Exception as error:
                done.put(error)

        self._start()
        self._waiting.put(load)
        error = done.get()
        if error is not None:
            raise error

    def close(self) -> None:
        """Give the model back; waiting requests fail."""
        with self._loading:
            self._closed = True
            worker = self._worker
        self._waiting.put(None)
        if worker is not None:
            worker.join()

    def _start(self) -> None:
        with self._loading:
            if self._closed:
                raise EngineError("The engine has been closed.")
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="engine", daemon=True)
                self._worker.start()

    # ------------------------------------------------------------------ the worker alone

    def _model(self) -> Voices:
        if self._voices is None:
            self._voices = Voices(self.weights, self._device_name, self._threads)
        return self._voices

    def _work(self) -> None:
        rows: list[Row] = []
        cache, mask = None, None
        try:
            while True:
                fresh = self._arrivals(block=not rows, room=self._batch_size - len(rows))
                if fresh is None:
                    break
                started = [row for row in map(self._begin, fresh) if row is not None]
                if started:
                    if rows:
                        part(rows, cache, mask)
                    rows += started
                    cache, mask = join(rows)
                if rows:
                    mask = self._guarded(rows, cache, mask)
                    ended = [row for row in rows if row.finish]
                    if ended:
                        part(rows, cache, mask)
                        self._end(ended)
                        rows = [row for row in rows if not row.finish]
                        cache, mask = join(rows) if rows else (None, None)
        finally:
            closed = EngineError("The engine was closed before the reply was finished.")
            for row in rows:
                row.generation.finish(closed)
            while not self._waiting.empty():
                item = self._waiting.get()
                if isinstance(item, Generation):
                    item.finish(closed)
            self._voices = None
            self._cache.clear()

    def _arrivals(self, *, block: bool, room: int) -> list[Generation] | None:
        """Requests that wait, at most `room`; waits for one where `block`. None: the engine is to close."""
        fresh: list[Generation] = []
        while len(fresh) < room:
            try:
                item = self._waiting.get(block=block and not fresh)
            except queue.Empty:
                break
            if item is None:
                return None
            if isinstance(item, Generation):
                fresh.append(item)
            else:
                item()
        return fresh

    def _begin(self, generation: Generation) -> Row | None:
        """Read a prompt; None where the request ends here already."""
        try:
            if generation.cancelled:
                now = (time.perf_counter() - generation.submitted) * 1000
                generation.finish(Completion("", "cancelled", 0, 0, 0, now, now))
                return None
            voices = self._model()
            request = generation.request
            voice = voices.load(request.voice) if request.voice else BASE
            tokens = encode_messages(self.tokenizer, request.messages, answer_next=True)
            opening = self.tokenizer(request.opening, add_special_tokens=False)["input_ids"] if request.opening else []
            window = min(self._window, voices.window)
            if len(tokens) + len(opening) >= window:
                raise MessageError(
                    f"The prompt has {len(tokens)} tokens and the window {window}. Shorten the message, or raise "
                    "BAKERSTREET_CONTEXT_TOKENS."
                )
            row = Row(generation, tokens, opening, voice, self.tokenizer)
            row.cached_tokens, layers = self._cache.find(voice, row.tokens)
            logits, row.layers = voices.read(row.tokens[row.cached_tokens :], layers, voice)
            row.take(logits, voices.end_tokens, window, time.perf_counter())
            if row.finish:
                self._end([row])
                return None
            return row
        except BakerStreetError as error:
            generation.finish(error)
        except Exception as error:
            generation.finish(EngineError(f"Generation failed: {type(error).__name__}: {error}"))
        return None

    def _guarded(self, rows: Sequence[Row], cache: Any, mask: Any) -> Any:
        """One step, after which every failure has reached its readers; the new mask."""
        try:
            return self._step(rows, cache, mask)
        except Exception as error:
            failure = EngineError(f"Generation failed: {type(error).__name__}: {error}")
            for row in rows:
                row.generation.finish(failure)
                row.finish = "cancelled"
            return mask

    def _step(self, rows: Sequence[Row], cache: Any, mask: Any) -> Any:
        """Write one token of every row; the mask grows by it."""
        import torch

        voices = self._model()
        mask = torch.cat([mask, mask.new_ones((len(rows), 1))], dim=1)
        logits = voices.write(
            [row.tokens[-1] for row in rows],
            [len(row.tokens) - 1 for row in rows],
            mask,
            cache,
            [row.voice for row in rows],
        )
        now = time.perf_counter()
        window = min(self._window, voices.window)
        for number, row in enumerate(rows):
            row.take(logits[number], voices.end_tokens, window, now)
        return mask

    def _end(self, rows: Sequence[Row]) -> None:
        for row in rows:
            length = row.layers[0][0].shape[2] if row.layers else 0
            if length:
                self._cache.keep(row.voice, row.tokens[:length], row.layers)
            row.complete(time.perf_counter())

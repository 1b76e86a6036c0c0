"""The engine that runs transformers and PEFT in this process: for CUDA and MPS, and the reference for the others.

Every request is read alone (so that no padding is computed, and what the prefix cache holds is not read again); then
all that are under way are written together, one token each a step, every row with its own voice on or off. A request
that comes in joins at the next step.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

from chatbot.engines import CLOSED, Generation, Limits, Say, WorkerEngine, failure, left_unread
from chatbot.engines.torch.lookup import guess
from chatbot.engines.torch.prefix_cache import PrefixCache
from chatbot.engines.torch.rows import Row, join, part
from chatbot.engines.torch.voices import BASE, Interrupted, Voices
from chatbot.errors import EngineError


class LocalEngine(WorkerEngine):
    """A generator in torch.

    Args:
        model: as in `settings.model`.
        models_dir: where converted models are kept.
        device: 'auto', 'cpu', 'cuda' or 'mps'.
        threads: CPU threads; 0: as many as torch likes.
        prompt_lookup: guess tokens from the prompt where one greedy reply that copies is written alone.
        say: told what is being done when it takes more than a moment.
        limits: see `Limits`.
    """

    name = "transformers"

    def __init__(
        self,
        model: str,
        models_dir: Path,
        *,
        device: str = "auto",
        threads: int = 0,
        prompt_lookup: bool = True,
        say: Say = lambda _: None,
        **limits: Unpack[Limits],
    ) -> None:
        super().__init__(model, models_dir, say=say, **limits)
        self._device_name = device
        self._threads = threads
        self._lookup = prompt_lookup
        self._cache = PrefixCache(self._cache_bytes)
        self._voices: Voices | None = None

    @property
    def weights_bytes(self) -> int | None:
        """Bytes of weights that a token reads; None before the model is loaded."""
        return self._voices.weights_bytes if self._voices else None

    # ------------------------------------------------------------------ the worker alone

    def _load(self, voices: Sequence[Path]) -> None:
        self._model()
        for voice in voices:
            self._model().load(voice)

    def _model(self) -> Voices:
        if self._voices is None:
            self._voices = Voices(self.weights, self._device_name, self._threads)
        return self._voices

    def _scorer(self) -> Voices:
        return self._model()

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
                    ended = [row for row in rows if row.reply.finish]
                    if ended:
                        part(rows, cache, mask)
                        self._end(ended)
                        rows = [row for row in rows if not row.reply.finish]
                        cache, mask = join(rows) if rows else (None, None)
        finally:
            for row in rows:
                row.reply.generation.finish(EngineError(CLOSED))
            self._voices = None
            self._cache.clear()

    def _begin(self, generation: Generation) -> Row | None:
        """Read a prompt; None where the request ends here already."""
        try:
            voices = self._model()
            request = generation.request
            voice = voices.load(request.voice) if request.voice else BASE
            reply = self._admit(generation, voices.window)
            row = Row(reply, voice)
            reply.cached_tokens, layers = self._cache.find(voice, reply.tokens)
            rest = reply.tokens[reply.cached_tokens :]
            logits, row.layers = voices.read(rest, layers, voice, lambda: generation.cancelled)
            row.take(logits, voices.end_tokens, time.perf_counter())
            if reply.finish:
                self._end([row])
                return None
            return row
        except Interrupted:
            generation.finish(left_unread(generation))
        except Exception as error:
            generation.finish(failure(error))
        return None

    def _guarded(self, rows: Sequence[Row], cache: Any, mask: Any) -> Any:
        """One step, after which every failure has reached its readers; the new mask."""
        try:
            if self._lookup and len(rows) == 1 and rows[0].greedy and rows[0].copies:
                return self._checked_step(rows[0], cache, mask)
            return self._step(rows, cache, mask)
        except Exception as error:
            for row in rows:
                row.reply.generation.finish(failure(error))
                row.reply.finish = "cancelled"
            return mask

    def _step(self, rows: Sequence[Row], cache: Any, mask: Any) -> Any:
        """Write one token of every row; the mask grows by it."""
        import torch

        voices = self._model()
        mask = torch.cat([mask, mask.new_ones((len(rows), 1))], dim=1)
        replies = [row.reply for row in rows]
        logits = voices.write(
            [[reply.tokens[-1]] for reply in replies],
            [[len(reply.tokens) - 1] for reply in replies],
            mask,
            cache,
            [row.voice for row in rows],
        )
        now = time.perf_counter()
        for number, row in enumerate(rows):
            row.take(logits[number, -1], voices.end_tokens, now)
        return mask

    def _checked_step(self, row: Row, cache: Any, mask: Any) -> Any:
        """Write one token of the only row, and with it as many guessed ones as the model would have written."""
        voices, reply = self._model(), row.reply
        guessed = guess(reply.tokens)[: max(0, reply.room - 1)]
        if not guessed:
            return self._step([row], cache, mask)
        before = len(reply.tokens)
        tokens = [reply.tokens[-1], *guessed]
        places = list(range(before - 1, before - 1 + len(tokens)))
        logits = voices.write([tokens], [places], None, cache, [row.voice])[0]
        right = 0
        for at, wanted in enumerate([*guessed, None]):
            token = row.take(logits[at], voices.end_tokens, time.perf_counter())
            if reply.finish or token != wanted:
                break
            right += 1
        surplus = len(guessed) - right
        if surplus:
            cache.crop(-surplus)  # it counts from the end
        return mask.new_ones((1, mask.shape[1] + 1 + right))

    def _end(self, rows: Sequence[Row]) -> None:
        for row in rows:
            length = row.layers[0][0].shape[2] if row.layers else 0
            if length:
                self._cache.keep(row.voice, row.reply.tokens[:length], row.layers)
            row.reply.complete(time.perf_counter())

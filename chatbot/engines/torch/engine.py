"""The engine on transformers and PEFT: for CUDA and MPS, and the reference for the others.

Prompts are read one at a time, so that no padding is computed and nothing that the prefix cache holds is read again.
Replies under way are then written together, one token of each a step, every row with its own voice on or off. A new
request joins at the next step.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from chatbot.engines.reply import Reply
from chatbot.engines.torch.lookup import guess
from chatbot.engines.torch.model import BASE, Interrupted, TorchModel
from chatbot.engines.torch.prefix_cache import PrefixCache
from chatbot.engines.torch.rows import Row, RunningBatch
from chatbot.engines.types import Generation
from chatbot.engines.worker import Limits, WorkerEngine
from chatbot.progress import Say


class TorchEngine(WorkerEngine):
    """A generator in torch.

    Args:
        model: as in `settings.model`.
        models_dir: where converted models are kept.
        device: 'auto', 'cpu', 'cuda' or 'mps'.
        threads: CPU threads; 0: torch's own choice.
        prompt_lookup: whether to guess tokens from the prompt where one greedy reply that copies is written alone.
        say: told what is being done where that takes more than a moment.
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
        self._prompt_lookup = prompt_lookup
        self._prefixes = PrefixCache(self._cache_bytes)
        self._batch = RunningBatch()
        self._joining: list[Row] = []  # read, and not in the batch yet
        self._loaded: TorchModel | None = None

    # ------------------------------------------------------------------ on the worker's thread

    @property
    def _model(self) -> TorchModel:
        if self._loaded is None:
            self._loaded = TorchModel(self.weights, self._device_name, self._threads)
        return self._loaded

    def _load(self, voices: Sequence[Path]) -> None:
        model = self._model
        for voice in voices:
            model.load(voice)

    def _scorer(self) -> TorchModel:
        return self._model

    def _unload(self) -> None:
        self._loaded = None
        self._joining = []
        self._batch.clear()
        self._prefixes.clear()

    def _under_way(self) -> Sequence[Generation]:
        return [row.reply.generation for row in (*self._batch.rows, *self._joining)]

    def _begin(self, generation: Generation) -> None:
        """Read a prompt, and choose the first token."""
        model, request = self._model, generation.request
        voice = model.load(request.voice) if request.voice else BASE
        reply = Reply(generation, self.tokenizer, min(self._window, model.window))
        row = Row(reply, voice)
        reply.cached_tokens, layers = self._prefixes.find(voice, reply.tokens)
        unread = reply.tokens[reply.cached_tokens :]
        try:
            logits, row.layers = model.read(unread, layers, voice, lambda: generation.cancelled)
        except Interrupted:
            generation.complete("cancelled")
            return
        row.take(logits, model.end_tokens, time.perf_counter())
        if reply.finish:
            self._end(row)
        else:
            self._joining.append(row)

    def _step(self) -> None:
        self._batch.add(self._joining)
        self._joining = []
        rows = self._batch.rows
        if not rows:
            return
        try:
            if self._prompt_lookup and len(rows) == 1 and rows[0].guessable:
                self._write_guessed(rows[0])
            else:
                self._write_one_each()
        except Exception as error:
            for row in rows:
                row.reply.generation.finish(error)
            self._batch.clear()  # the caches may have grown in some layers only
            return
        for row in self._batch.remove_ended():
            self._end(row)

    def _write_one_each(self) -> None:
        """Write one token of every row."""
        model, rows = self._model, self._batch.rows
        logits = model.write(
            tokens=[[row.reply.tokens[-1]] for row in rows],
            positions=[[len(row.reply.tokens) - 1] for row in rows],
            mask=self._batch.mask(),
            cache=self._batch.cache,
            voices=[row.voice for row in rows],
        )
        now = time.perf_counter()
        for number, row in enumerate(rows):
            row.take(logits[number, -1], model.end_tokens, now)

    def _write_guessed(self, row: Row) -> None:
        """Write a token of the only row, and as many of the guessed ones after it as the model would have written."""
        model, reply, cache = self._model, row.reply, self._batch.cache
        guessed = guess(reply.tokens)[: max(0, reply.room - 1)]
        if not guessed:
            self._write_one_each()
            return
        start = len(reply.tokens) - 1  # the last token has been chosen and not read yet
        tokens = [reply.tokens[-1], *guessed]
        positions = list(range(start, start + len(tokens)))
        logits = model.write([tokens], [positions], None, cache, [row.voice])[0]  # (tokens, vocabulary)
        right = 0
        for at, wanted in enumerate([*guessed, None]):
            token = row.take(logits[at], model.end_tokens, time.perf_counter())
            if reply.finish or token != wanted:
                break
            right += 1
        if wrong := len(guessed) - right:
            cache.crop(-wrong)  # a negative length removes that many positions from the end

    def _end(self, row: Row) -> None:
        """Keep a row's keys and values for later prompts, and tell its reader."""
        read = row.layers[0][0].shape[2]  # the last token was not read
        self._prefixes.keep(row.voice, row.reply.tokens[:read], row.layers)
        row.reply.complete()

"""The engine for ordinary processors: OpenVINO GenAI with continuous batching, paged attention and 8-bit weights.

The base and every voice in use have a pipeline each (a voice is merged into weights of its own, see
`openvino_models`), and with it a pool of key/value blocks in which prompts that begin alike share what they share.
One worker steps all pipelines in turn: a step reads a part of a prompt, or writes one token of every reply under way.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Unpack

from chatbot.conversion import GROUP
from chatbot.engines import CLOSED, Generation, Limits, Reply, Sampling, Say, WorkerEngine, failure
from chatbot.engines.openvino.models import Converted, converted
from chatbot.engines.openvino.scorer import OpenVinoScorer
from chatbot.engines.torch import check_voice, common_prefix
from chatbot.errors import ConversionError, EngineError, VoiceError

BLOCK = 32  # tokens of a key/value block; the plugin's own size on a CPU
# Tokens that a step reads of a prompt. A reader who leaves, and a reply that others are waiting for, wait for one step:
# with 64 tokens a twentieth of a second, and a long prompt takes only a tenth longer than in one piece.
STEP_TOKENS = 64
# Keys and values stay in half floats. In 8 bits, which is the plugin's own choice, what is written after a reused
# prefix goes wrong: next tokens agreed with the original's in 0.85 of the positions behind a cached prompt, not 0.97.
KV_PRECISION, KV_SHARE = "f16", 0.5
# Prompt lookup (Saxena, 2023; see `lookup`): tokens guessed at a step, and tokens that have to match. A reply that
# copies from its notes is written almost twice as fast (9 ms a token for 17, on the persona's lines with notes).
GUESSES, LONGEST_MATCH = 5, 3
LOADED_VOICES = 3  # pipelines of voices that stay in memory


class OpenVinoEngine(WorkerEngine):
    """A generator in OpenVINO.

    Args:
        model: as in `settings.model`.
        models_dir: where converted models are kept.
        threads: CPU threads; 0: as many as OpenVINO likes.
        exact: keep activations in 32 bits. They are quantised otherwise, by another routine for one row than for
            several, so that a reply written in company may part from the same one written alone where two words are
            about equally likely. Exact replies do not; prompts take two and a half times as long.
        say: told what is being done when it takes more than a moment.
        limits: see `Limits`; the cache is shared among the base and one voice.
    """

    name = "openvino"

    def __init__(
        self,
        model: str,
        models_dir: Path,
        *,
        threads: int = 0,
        exact: bool = False,
        say: Say = lambda _: None,
        **limits: Unpack[Limits],
    ) -> None:
        super().__init__(model, models_dir, say=say, **limits)
        self._models = models_dir
        self._properties: dict[str, Any] = {
            # Half floats are slower on processors without them, and agree less with the original.
            "INFERENCE_PRECISION_HINT": "f32",
            # As large as the groups of the weights, which makes prompts a third faster than the plugin's own 32.
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(0 if exact else GROUP),
        }
        if threads:
            self._properties["INFERENCE_NUM_THREADS"] = threads
        self._base: Converted | None = None
        self._lanes: OrderedDict[Path | None, _Lane] = OrderedDict()
        self._numbered = 0
        self._scores: OpenVinoScorer | None = None

    def convert(self) -> Converted:
        """The converted base model; made now where it is missing.

        Raises:
            ConversionError: OpenVINO cannot run this model.
            ModelError: the model is missing.
        """
        if self._base is None:  # looked at once: its checksums read all of it
            self._base = converted(self.weights, self._models, None, self._say)
        return self._base

    @property
    def weights_bytes(self) -> int | None:
        """Bytes of weights that a token reads; None before the model is loaded."""
        lane = self._lanes.get(None)
        return lane.model.weights_bytes if lane else None

    # ------------------------------------------------------------------ the worker alone

    def _load(self, voices: Sequence[Path]) -> None:
        for voice in (None, *voices):
            self._lane(voice)

    def _lane(self, voice: Path | None) -> _Lane:
        """The pipeline of a voice, opened where it is not; the one that was idle for longest makes room."""
        key = voice.resolve() if voice else None
        if key in self._lanes:
            self._lanes.move_to_end(key)
            return self._lanes[key]
        if key is not None:
            check_voice(key, self.weights)
        try:
            model = converted(self.weights, self._models, key, self._say) if key else self.convert()
        except ConversionError as error:
            if key is None:
                raise
            raise VoiceError(f"The voice in {key} cannot be loaded: {error}. Train it anew.") from error
        idle = [other for other, lane in self._lanes.items() if other is not None and not lane.replies]
        if key is not None and len(idle) >= LOADED_VOICES:
            del self._lanes[idle[0]]
        lane = _Lane(model, self._properties, self._window, self._cache_bytes // 2, self._batch_size)
        self._lanes[key] = lane
        return lane

    def _scorer(self) -> OpenVinoScorer:
        if self._scores is None:
            self._scores = OpenVinoScorer(self.convert(), self._properties)
        return self._scores

    def _work(self) -> None:
        try:
            while True:
                busy = sum(len(lane.replies) for lane in self._lanes.values())
                fresh = self._arrivals(block=not busy, room=self._batch_size - busy)
                if fresh is None:
                    break
                for generation in fresh:
                    self._begin(generation)
                for lane in self._lanes.values():
                    if lane.replies:
                        lane.step()
        finally:
            for lane in self._lanes.values():
                lane.fail(EngineError(CLOSED))
            self._lanes.clear()
            self._scores = None

    def _begin(self, generation: Generation) -> None:
        try:
            lane = self._lane(generation.request.voice)
            reply = self._admit(generation, lane.model.window)
            self._numbered += 1
            lane.add(self._numbered, reply)
        except Exception as error:
            generation.finish(failure(error))


class _Lane:
    """One pipeline: the base, or a voice; the replies that it is writing."""

    def __init__(
        self, model: Converted, properties: dict[str, Any], window: int, cache_bytes: int, batch_size: int
    ) -> None:
        import openvino_genai as genai

        self.model = model
        self.replies: dict[int, tuple[Reply, Any]] = {}
        scheduler = genai.SchedulerConfig()
        block_bytes = model.bytes_per_token * KV_SHARE * BLOCK
        # A pool that holds not even the longest prompt could never answer it.
        scheduler.num_kv_blocks = max(int(cache_bytes / block_bytes), window // BLOCK + 2)
        scheduler.max_num_batched_tokens = STEP_TOKENS
        scheduler.max_num_seqs = batch_size
        scheduler.dynamic_split_fuse = True
        scheduler.enable_prefix_caching = cache_bytes > 0
        properties = {**properties, "KV_CACHE_PRECISION": KV_PRECISION, "prompt_lookup": True}
        self._remembered = _Remembered(scheduler.num_kv_blocks * BLOCK if cache_bytes else 0)
        try:
            self._pipeline = genai.ContinuousBatchingPipeline(str(model.folder), scheduler, "CPU", properties)
        except RuntimeError as error:
            raise ConversionError(
                f"OpenVINO cannot load {model.folder}: {error}. Remove the folder; it is made anew."
            ) from error

    def add(self, number: int, reply: Reply) -> None:
        """Take a reply under way."""
        import numpy as np
        import openvino

        reply.cached_tokens = self._remembered.find(reply.tokens)
        prompt = openvino.Tensor(np.array([reply.tokens], dtype=np.int64))
        handle = self._pipeline.add_request(number, prompt, self._config(reply))
        self.replies[number] = (reply, handle)

    def step(self) -> None:
        """Read a part of a prompt, or write one token of every reply; what ended has reached its reader."""
        for number, (reply, handle) in list(self.replies.items()):
            if reply.generation.cancelled:
                reply.finish = "cancelled"
                handle.cancel()
                self._end(number)
        try:
            if self._pipeline.has_non_finished_requests():
                self._pipeline.step()
        except Exception as error:
            self.fail(failure(error))
            return
        now = time.perf_counter()
        for number, (reply, handle) in list(self.replies.items()):
            while reply.finish is None and handle.can_read():
                for output in handle.read().values():
                    for token in output.generated_ids:
                        if reply.finish is None:
                            reply.take(token, self.model.end_tokens, now)
            if reply.finish:
                if reply.finish == "cancelled":
                    handle.cancel()
                self._end(number)
        if not self.replies:
            self._settle()

    def fail(self, error: Exception) -> None:
        """Tell the readers of all replies under way, and let these go."""
        for reply, handle in self.replies.values():
            handle.cancel()
            reply.generation.finish(error)
        self.replies.clear()
        self._settle()

    def _settle(self) -> None:
        """Let the pipeline give the blocks of cancelled requests back, which it does in a step."""
        with suppress(Exception):  # a pipeline that failed has nothing more to give
            if self._pipeline.has_non_finished_requests():
                self._pipeline.step()

    def _end(self, number: int) -> None:
        reply, _ = self.replies.pop(number)
        self._remembered.keep(reply.tokens)
        reply.complete(time.perf_counter())

    def _config(self, reply: Reply) -> Any:
        import openvino_genai as genai

        sampling: Sampling = reply.generation.request.sampling
        config = genai.GenerationConfig()
        config.max_new_tokens = reply.room
        config.stop_token_ids = set(self.model.end_tokens)
        # In company, guesses cost more than they save; the pipeline wants one at least.
        alone = reply.generation.request.copies and not self.replies
        config.num_assistant_tokens = GUESSES if alone else 1
        config.max_ngram_size = LONGEST_MATCH
        config.presence_penalty = sampling.presence_penalty
        config.do_sample = sampling.temperature > 0
        if config.do_sample:
            config.temperature = sampling.temperature
            config.top_p = sampling.top_p
            config.rng_seed = sampling.seed
        return config


class _Remembered:
    """What the pipeline's own cache can be expected to hold, for the trace: GenAI does not tell.

    Args:
        capacity: of the cache, in tokens.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._prompts: OrderedDict[tuple[int, ...], None] = OrderedDict()
        self._size = 0

    def find(self, tokens: Sequence[int]) -> int:
        """How many of `tokens` are in whole blocks of an earlier prompt; the last token is always read."""
        common = max((common_prefix(known, tokens) for known in self._prompts), default=0)
        return min(common, len(tokens) - 1) // BLOCK * BLOCK

    def keep(self, tokens: Sequence[int]) -> None:
        """Note a prompt and its reply; what was noted first is forgotten first."""
        key = tuple(tokens)
        if key in self._prompts:
            self._size -= len(key)
            del self._prompts[key]
        self._prompts[key] = None
        self._size += len(key)
        while self._size > self._capacity:
            self._size -= len(self._prompts.popitem(last=False)[0])

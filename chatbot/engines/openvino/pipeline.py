"""One pipeline of OpenVINO GenAI: the base model or a voice, and the replies that it is writing.

Its keys and values lie in blocks, and prompts that begin alike share the blocks of their beginning.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import Any

from chatbot.engines.openvino.models import ConvertedModel
from chatbot.engines.reply import Reply
from chatbot.engines.tokenizer import common_prefix

BLOCK = 32  # tokens of a key/value block; the plugin's own size on a CPU
# Tokens of a prompt that one step reads. Cancelling, and the other replies, wait for one step: with 64 tokens a
# twentieth of a second, and a long prompt takes only a tenth longer than in one piece.
STEP_TOKENS = 64
# Keys and values are kept in half floats. In 8 bits, the plugin's default, next tokens after a reused prefix agreed
# with the original's in 0.85 of the positions instead of 0.97.
KV_PRECISION, KV_BYTES = "f16", 2
# Prompt lookup (Saxena, "Prompt Lookup Decoding", 2023): tokens that are guessed in a step, and the longest match that
# is looked for. A reply that quotes its notes takes 9 ms a token in place of 17 (the persona's lines with notes).
GUESSES, LONGEST_MATCH = 5, 3


class Pipeline:
    """A GenAI pipeline and the replies that it is writing.

    Args:
        model: the converted base or voice.
        properties: of the CPU plugin.
        window: the most tokens of prompt and reply together.
        cache_bytes: memory for keys and values; 0: nothing is kept for later prompts.
        batch_size: the most replies at a time.

    Raises:
        ConversionError: the model cannot be loaded.
    """

    def __init__(
        self, model: ConvertedModel, properties: dict[str, Any], window: int, cache_bytes: int, batch_size: int
    ) -> None:
        import openvino_genai as genai

        self.model = model
        self._handles: dict[Reply, Any] = {}
        self._numbers = count(1)
        scheduler = genai.SchedulerConfig()
        block_bytes = model.values_per_token * KV_BYTES * BLOCK
        # At least one prompt of the full window has to fit, or it would wait for ever.
        scheduler.num_kv_blocks = max(cache_bytes // block_bytes, window // BLOCK + 2)
        scheduler.max_num_batched_tokens = STEP_TOKENS
        scheduler.max_num_seqs = batch_size
        scheduler.dynamic_split_fuse = True
        scheduler.enable_prefix_caching = cache_bytes > 0
        self._cached = CachedPrompts(scheduler.num_kv_blocks * BLOCK if cache_bytes else 0)
        properties = {**properties, "KV_CACHE_PRECISION": KV_PRECISION, "prompt_lookup": True}
        try:
            self._pipeline = genai.ContinuousBatchingPipeline(str(model.folder), scheduler, "CPU", properties)
        except RuntimeError as error:
            raise model.not_loaded(error) from error

    @property
    def replies(self) -> Sequence[Reply]:
        """The replies under way."""
        return tuple(self._handles)

    def add(self, reply: Reply) -> None:
        """Begin to write a reply."""
        import numpy as np
        import openvino

        reply.cached_tokens = self._cached.find(reply.tokens)
        prompt = openvino.Tensor(np.array([reply.tokens], dtype=np.int64))  # (1, tokens)
        self._handles[reply] = self._pipeline.add_request(next(self._numbers), prompt, self._config(reply))

    def step(self) -> None:
        """Read a part of a prompt, or write one token of every reply; readers of failed replies are told."""
        for reply in self.replies:
            if reply.generation.cancelled:
                reply.finish = "cancelled"
                self._end(reply)
        try:
            if self._pipeline.has_non_finished_requests():
                self._pipeline.step()
        except Exception as error:
            for reply in self.replies:
                reply.generation.finish(error)
            self.drop_all()
            return
        now = time.perf_counter()
        for reply, handle in list(self._handles.items()):
            while reply.finish is None and handle.can_read():
                for output in handle.read().values():
                    for token in output.generated_ids:
                        if reply.finish is None:
                            reply.take(token, self.model.end_tokens, now)
            if reply.finish:
                self._end(reply)
        if not self._handles:
            self._free_blocks()

    def drop_all(self) -> None:
        """Stop writing; the readers are not told."""
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()
        self._free_blocks()

    def _end(self, reply: Reply) -> None:
        handle = self._handles.pop(reply)
        if reply.finish == "cancelled":
            handle.cancel()
        self._cached.keep(reply.tokens)
        reply.complete()

    def _free_blocks(self) -> None:
        """Let the pipeline free the blocks of cancelled requests, which it does in its next step."""
        with suppress(Exception):  # a pipeline that failed has nothing left to free
            if self._pipeline.has_non_finished_requests():
                self._pipeline.step()

    def _config(self, reply: Reply) -> Any:
        import openvino_genai as genai

        request = reply.generation.request
        sampling = request.sampling
        config = genai.GenerationConfig()
        config.max_new_tokens = reply.room
        config.stop_token_ids = set(self.model.end_tokens)
        # Beside other replies, guesses cost more than they save; the pipeline wants at least one.
        config.num_assistant_tokens = GUESSES if request.copies and not self._handles else 1
        config.max_ngram_size = LONGEST_MATCH
        config.presence_penalty = sampling.presence_penalty
        config.do_sample = sampling.temperature > 0
        if config.do_sample:
            config.temperature = sampling.temperature
            config.top_p = sampling.top_p
            config.rng_seed = sampling.seed
        return config


class CachedPrompts:
    """What the pipeline's cache can be expected to hold, because GenAI does not say.

    Args:
        capacity: of the cache, in tokens.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._prompts: OrderedDict[tuple[int, ...], None] = OrderedDict()  # the oldest first
        self._size = 0

    def find(self, tokens: Sequence[int]) -> int:
        """How many of `tokens` lie in full blocks of an earlier prompt; the last token is always read."""
        common = max((common_prefix(known, tokens) for known in self._prompts), default=0)
        return min(common, len(tokens) - 1) // BLOCK * BLOCK

    def keep(self, tokens: Sequence[int]) -> None:
        """Note a prompt with its reply, and forget the oldest ones that no longer fit."""
        key = tuple(tokens)
        if key in self._prompts:
            self._prompts.move_to_end(key)
            return
        self._prompts[key] = None
        self._size += len(key)
        while self._size > self._capacity:
            self._size -= len(self._prompts.popitem(last=False)[0])

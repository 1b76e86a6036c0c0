"""The rows of a running batch: choosing the next token of each, and joining and parting their caches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chatbot.engines.prefix_cache import LayerKV
from chatbot.engines.types import Completion, Finish, Generation, Sampling

REPLACEMENT = "\ufffd"  # what the tokenizer gives for a character whose bytes are not all there yet


class Row:
    """One request in the batch: its tokens so far, its sampler and its text."""

    def __init__(
        self, generation: Generation, prompt: list[int], opening: list[int], voice: str, tokenizer: Any
    ) -> None:
        self.generation = generation
        self.tokens = [*prompt, *opening]  # prompt and reply; all but the last are in the key/value cache
        self.voice = voice
        self.prompt_tokens = len(prompt)
        self._opening_tokens = len(opening)
        self.cached_tokens = 0
        self.layers: tuple[LayerKV, ...] = ()  # held here while the row is not part of the batch's cache
        self.finish: Finish | None = None
        self._tokenizer = tokenizer
        self._sampler = Sampler(generation.request.sampling)
        self._text = ""
        self._first_token: float | None = None

    @property
    def reply(self) -> list[int]:
        """The reply's token ids."""
        return self.tokens[self.prompt_tokens :]

    @property
    def _written(self) -> int:
        return len(self.reply) - self._opening_tokens

    def take(self, logits: Any, end_tokens: frozenset[int], window: int, now: float) -> None:
        """Choose the next token from logits of shape (vocabulary,), hand its text on, and see whether it ends here."""
        token = self._sampler.choose(logits, self.reply)
        if self._first_token is None:
            self._first_token = now
        if token in end_tokens:
            self.finish = "stop"
        else:
            self.tokens.append(token)
            self._say()
            limit = self.generation.request.sampling.max_new_tokens
            if self._written >= limit or len(self.tokens) >= window:
                self.finish = "length"
        if self.generation.cancelled and self.finish is None:
            self.finish = "cancelled"

    def complete(self, now: float) -> None:
        """Tell the reader that the reply has ended."""
        began = self.generation.submitted
        self.generation.finish(
            Completion(
                text=self._text,
                finish=self.finish or "cancelled",
                prompt_tokens=self.prompt_tokens,
                cached_tokens=self.cached_tokens,
                reply_tokens=self._written,
                first_token_ms=((self._first_token or now) - began) * 1000,
                total_ms=(now - began) * 1000,
            )
        )

    def _say(self) -> None:
        text = self._tokenizer.decode(self.reply, skip_special_tokens=True)
        if text.endswith(REPLACEMENT) or not text.startswith(self._text):
            return  # a character of several tokens; it is said when it is whole
        if len(text) > len(self._text):
            self.generation.push(text[len(self._text) :])
            self._text = text


class Sampler:
    """Chooses tokens for one reply; its random numbers are its own, so neighbours in a batch change nothing."""

    def __init__(self, sampling: Sampling) -> None:
        import torch
        from transformers import RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper, TopPLogitsWarper

        self._random = torch.Generator().manual_seed(sampling.seed)
        self._greedy = sampling.temperature == 0
        self._processors: list[Any] = []
        if sampling.repetition_penalty != 1.0:
            self._processors.append(RepetitionPenaltyLogitsProcessor(sampling.repetition_penalty))
        if not self._greedy:
            self._processors.append(TemperatureLogitsWarper(sampling.temperature))
            if sampling.top_p < 1.0:
                self._processors.append(TopPLogitsWarper(sampling.top_p))

    def choose(self, logits: Any, reply: Sequence[int]) -> int:
        """The next token from logits of shape (vocabulary,)."""
        import torch

        scores = logits.float().cpu()[None]
        said = torch.tensor([list(reply)], dtype=torch.long)
        for processor in self._processors:
            scores = processor(said, scores)
        if self._greedy:
            return int(scores.argmax())
        chances = torch.softmax(scores, dim=-1)[0]
        return int(torch.multinomial(chances, 1, generator=self._random))


def join(rows: Sequence[Row]) -> tuple[Any, Any]:
    """One cache for all rows, padded on the left, and its attention mask of shape (rows, tokens)."""
    import torch
    from transformers import DynamicCache

    lengths = [row.layers[0][0].shape[2] for row in rows]
    width = max(lengths)
    cache = DynamicCache()
    for layer in range(len(rows[0].layers)):
        keys = torch.cat([_padded(row.layers[layer][0], width) for row in rows])
        values = torch.cat([_padded(row.layers[layer][1], width) for row in rows])
        cache.update(keys, values, layer)
    mask = torch.zeros((len(rows), width), dtype=torch.long, device=rows[0].layers[0][0].device)
    for number, length in enumerate(lengths):
        mask[number, width - length :] = 1
        rows[number].layers = ()
    return cache, mask


def part(rows: Sequence[Row], cache: Any, mask: Any) -> None:
    """Give every row its own cache back, without the padding."""
    for number, row in enumerate(rows):
        start = int(mask.shape[1] - mask[number].sum())
        row.layers = tuple(
            (layer.keys[number : number + 1, :, start:], layer.values[number : number + 1, :, start:])
            for layer in cache.layers
        )


def _padded(part_: Any, width: int) -> Any:
    import torch

    return torch.nn.functional.pad(part_, (0, 0, width - part_.shape[2], 0))

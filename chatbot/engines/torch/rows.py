"""The rows of a running batch in torch: choosing the next token of each, and joining and parting their caches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chatbot.engines import Reply, Sampling
from chatbot.engines.torch.prefix_cache import LayerKV


class Row:
    """One request in the batch: its reply so far, its voice and its sampler."""

    def __init__(self, reply: Reply, voice: str) -> None:
        self.reply = reply
        self.voice = voice
        self.layers: tuple[LayerKV, ...] = ()  # held here while the row is not part of the batch's cache
        self._sampler = Sampler(reply.generation.request.sampling)

    @property
    def greedy(self) -> bool:
        """Whether its tokens are the most likely ones."""
        return self._sampler.greedy

    @property
    def copies(self) -> bool:
        """Whether its reply is likely to copy from the prompt."""
        return self.reply.generation.request.copies

    def take(self, logits: Any, end_tokens: frozenset[int], now: float) -> int:
        """Choose the next token from logits of shape (vocabulary,), and add it to the reply; its id."""
        token = self._sampler.choose(logits, self.reply.written)
        self.reply.take(token, end_tokens, now)
        return token


class Sampler:
    """Chooses tokens for one reply; its random numbers are its own, so neighbours in a batch change nothing."""

    def __init__(self, sampling: Sampling) -> None:
        import torch
        from transformers import TemperatureLogitsWarper, TopPLogitsWarper

        self._random = torch.Generator().manual_seed(sampling.seed)
        self._presence = sampling.presence_penalty
        self.greedy = sampling.temperature == 0
        self._warpers: list[Any] = []
        if not self.greedy:
            self._warpers.append(TemperatureLogitsWarper(sampling.temperature))
            if sampling.top_p < 1.0:
                self._warpers.append(TopPLogitsWarper(sampling.top_p))

    def choose(self, logits: Any, written: Sequence[int]) -> int:
        """The next token from logits of shape (vocabulary,), after the tokens that were `written`."""
        import torch

        scores = logits.float().cpu()[None].clone()
        if self._presence and written:
            scores[0, torch.tensor(sorted(set(written)))] -= self._presence
        if self.greedy:
            return int(scores.argmax())
        said = torch.tensor([list(written)], dtype=torch.long)
        for warper in self._warpers:
            scores = warper(said, scores)
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

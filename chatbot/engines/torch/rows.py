"""The rows of a running batch in torch: how the next token of each is chosen, and how their caches are joined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chatbot.engines.reply import Reply
from chatbot.engines.torch.prefix_cache import LayerKV
from chatbot.engines.types import Sampling


class Row:
    """One request: its reply so far, its voice and its sampler.

    Attributes:
        layers: its keys and values while it is not in a batch.
    """

    def __init__(self, reply: Reply, voice: str) -> None:
        self.reply = reply
        self.voice = voice
        self.layers: tuple[LayerKV, ...] = ()
        self._sampler = Sampler(reply.generation.request.sampling)

    @property
    def guessable(self) -> bool:
        """Whether prompt lookup pays: a greedy reply, whose guesses can be checked, that is likely to copy."""
        return self._sampler.greedy and self.reply.generation.request.copies

    def take(self, logits: Any, end_tokens: frozenset[int], now: float) -> int:
        """Choose the next token from logits of shape (vocabulary,) and add it to the reply; returns its id."""
        token = self._sampler.choose(logits, self.reply.written)
        self.reply.take(token, end_tokens, now)
        return token


class Sampler:
    """Chooses the tokens of one reply. Its random numbers are its own, so that neighbours in a batch change nothing."""

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

        scores = logits.float().cpu()[None].clone()  # (1, vocabulary), as the warpers want it
        if self._presence and written:
            scores[0, torch.tensor(sorted(set(written)))] -= self._presence
        if self.greedy:
            return int(scores.argmax())
        ids = torch.tensor([list(written)], dtype=torch.long)
        for warper in self._warpers:
            scores = warper(ids, scores)
        probabilities = torch.softmax(scores, dim=-1)[0]
        return int(torch.multinomial(probabilities, 1, generator=self._random))


class RunningBatch:
    """The rows that are written together, and their keys and values in one cache, padded on the left.

    Attributes:
        rows: in the order of the cache's first axis.
        cache: transformers' `DynamicCache` of all rows; None without rows.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.cache: Any = None
        self._padding: list[int] = []  # positions at the left of each row that hold nothing

    def add(self, fresh: Sequence[Row]) -> None:
        """Take in rows that hold their own layers."""
        if fresh:
            self._part()
            self.rows = [*self.rows, *fresh]
            self._join()

    def remove_ended(self) -> list[Row]:
        """Take out the rows whose reply has ended; each holds its own layers again."""
        ended = [row for row in self.rows if row.reply.finish]
        if ended:
            self._part()
            self.rows = [row for row in self.rows if not row.reply.finish]
            self._join()
        return ended

    def clear(self) -> None:
        """Drop all rows."""
        self.rows, self.cache, self._padding = [], None, []

    def mask(self) -> Any:
        """What the next token of each row may look at: 0 or 1, shape (rows, cached + 1); None for a single row."""
        import torch

        if len(self.rows) == 1:
            return None  # no padding, and attention is faster without a mask
        keys = self.cache.layers[0].keys
        positions = torch.arange(keys.shape[2] + 1, device=keys.device)
        return (positions >= torch.tensor(self._padding, device=keys.device)[:, None]).long()

    def _join(self) -> None:
        """Make one cache of the rows' layers."""
        import torch
        from transformers import DynamicCache

        if not self.rows:
            self.clear()
            return
        lengths = [row.layers[0][0].shape[2] for row in self.rows]
        self._padding = [max(lengths) - length for length in lengths]

        def stacked(layer: int, part: int) -> Any:
            """One layer's keys (part 0) or values (part 1), shape (rows, heads, tokens, head_dim)."""
            padded = [
                torch.nn.functional.pad(row.layers[layer][part], (0, 0, padding, 0))  # axis 2, on the left
                for row, padding in zip(self.rows, self._padding, strict=True)
            ]
            return torch.cat(padded)

        self.cache = DynamicCache()
        for layer in range(len(self.rows[0].layers)):
            self.cache.update(stacked(layer, 0), stacked(layer, 1), layer)
        for row in self.rows:
            row.layers = ()

    def _part(self) -> None:
        """Give every row its own layers back, without the padding."""
        for number, (row, padding) in enumerate(zip(self.rows, self._padding, strict=True)):
            row.layers = tuple(
                (layer.keys[number : number + 1, :, padding:], layer.values[number : number + 1, :, padding:])
                for layer in self.cache.layers
            )

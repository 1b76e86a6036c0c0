"""Key/value caches of earlier prompts, found again by their tokens.

A conversation's next prompt begins with the last one and its reply, token for token, so only what is new has to be
read. Entries are keyed by voice and tokens, so that an edit or a branch reuses exactly what it shares. The cache is
bounded in bytes; the least recently used entry is dropped first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.engines.tokenizer import common_prefix

# One layer's keys and values, each of shape (1, heads, tokens, head_dim).
LayerKV = tuple[Any, Any]


@dataclass(frozen=True)
class _Entry:
    tokens: tuple[int, ...]
    layers: tuple[LayerKV, ...]

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(part.numel() * part.element_size() for layer in self.layers for part in layer)


class PrefixCache:
    """At most `limit` bytes of caches. Not thread-safe: it belongs to the engine's worker.

    Attributes:
        size: bytes held.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[tuple[str, tuple[int, ...]], _Entry] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, voice: str, tokens: Sequence[int]) -> tuple[int, tuple[LayerKV, ...]]:
        """The longest cached beginning of `tokens`: its length, and its layers cropped to it; (0, ()) for none.

        The last token is never counted as cached, because its logits are needed.
        """
        best, best_key = 0, None
        for key, entry in self._entries.items():
            if key[0] == voice:
                common = common_prefix(entry.tokens, tokens)
                if common > best:
                    best, best_key = common, key
        best = min(best, len(tokens) - 1)
        if best_key is None or best <= 0:
            return 0, ()
        self._entries.move_to_end(best_key)
        layers = self._entries[best_key].layers
        return best, tuple((keys[:, :, :best], values[:, :, :best]) for keys, values in layers)

    def keep(self, voice: str, tokens: Sequence[int], layers: Sequence[LayerKV]) -> None:
        """Keep the cache of `tokens`; entries that are a beginning of it are dropped."""
        entry = _Entry(tuple(tokens), tuple(layers))
        for key, other in list(self._entries.items()):
            if key[0] == voice and common_prefix(other.tokens, entry.tokens) == len(other.tokens):
                self._drop(key)
        if entry.size > self._limit:
            return
        self._entries[(voice, entry.tokens)] = entry
        self.size += entry.size
        while self.size > self._limit:
            self._drop(next(iter(self._entries)))

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.size = 0

    def _drop(self, key: tuple[str, tuple[int, ...]]) -> None:
        self.size -= self._entries.pop(key).size

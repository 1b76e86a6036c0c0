"""Key/value caches of earlier prompts, found again by their tokens.

A conversation's next prompt begins with the last one and its reply, token for token, so only what is new has to be
read. Entries are keyed by voice and tokens, so that an edit or a branch reuses exactly what it shares. The cache is
bounded in bytes; the least recently used entry is dropped first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from chatbot.engines.tokenizer import common_prefix

# One layer's keys and values, each of shape (1, heads, tokens, head_dim).
LayerKV = tuple[Any, Any]
Key = tuple[str, tuple[int, ...]]  # a voice and tokens


class PrefixCache:
    """At most `limit` bytes of caches. Not thread-safe: it belongs to the engine's worker.

    Attributes:
        size: bytes held.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[Key, tuple[LayerKV, ...]] = OrderedDict()  # the least recently used first
        self.size = 0

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, voice: str, tokens: Sequence[int]) -> tuple[int, tuple[LayerKV, ...]]:
        """The longest cached beginning of `tokens`: its length, and its layers cropped to it; (0, ()) for none.

        The last token is never counted as cached, because its logits are needed.
        """
        length, key = max(
            ((common_prefix(key[1], tokens), key) for key in self._entries if key[0] == voice), default=(0, None)
        )
        length = min(length, len(tokens) - 1)
        if key is None or length <= 0:
            return 0, ()
        self._entries.move_to_end(key)
        return length, tuple((keys[:, :, :length], values[:, :, :length]) for keys, values in self._entries[key])

    def keep(self, voice: str, tokens: Sequence[int], layers: Sequence[LayerKV]) -> None:
        """Keep the cache of `tokens`; entries that are a beginning of it are dropped."""
        new = (voice, tuple(tokens))
        for key in [key for key in self._entries if key[0] == voice and new[1][: len(key[1])] == key[1]]:
            self._drop(key)
        size = _size(layers)
        if size > self._limit:
            return
        self._entries[new] = tuple(layers)
        self.size += size
        while self.size > self._limit:
            self._drop(next(iter(self._entries)))

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.size = 0

    def _drop(self, key: Key) -> None:
        self.size -= _size(self._entries.pop(key))


def _size(layers: Sequence[LayerKV]) -> int:
    """In bytes."""
    return sum(part.numel() * part.element_size() for layer in layers for part in layer)

"""The prefix cache: longest beginning, voices apart, bounded in bytes."""

from __future__ import annotations

import torch

from chatbot.engines.tokenizer import common_prefix
from chatbot.engines.torch.prefix_cache import PrefixCache


def layers(tokens: int) -> tuple[tuple[torch.Tensor, torch.Tensor], ...]:
    one = torch.arange(tokens, dtype=torch.float32).reshape(1, 1, tokens, 1)
    return ((one, one + 100),)


def test_the_longest_common_beginning_is_found_and_cropped() -> None:
    cache = PrefixCache(1 << 20)
    cache.keep("a", [1, 2, 3, 4], layers(4))
    cache.keep("a", [1, 2, 9, 9, 9], layers(5))
    length, found = cache.find("a", [1, 2, 9, 9, 7, 7])
    assert length == 4
    assert found[0][0].flatten().tolist() == [0, 1, 2, 3]


def test_at_least_one_token_is_left_to_be_read() -> None:
    cache = PrefixCache(1 << 20)
    cache.keep("a", [1, 2, 3], layers(3))
    assert cache.find("a", [1, 2, 3])[0] == 2
    assert cache.find("a", [1])[0] == 0


def test_voices_do_not_share() -> None:
    cache = PrefixCache(1 << 20)
    cache.keep("a", [1, 2, 3], layers(3))
    assert cache.find("b", [1, 2, 3, 4]) == (0, ())


def test_a_longer_conversation_takes_the_place_of_its_beginning() -> None:
    cache = PrefixCache(1 << 20)
    cache.keep("a", [1, 2], layers(2))
    cache.keep("a", [1, 2, 3], layers(3))
    assert len(cache) == 1
    assert cache.size == 3 * 2 * 4


def test_what_was_not_used_for_longest_goes_first() -> None:
    cache = PrefixCache(2 * 4 * 2 * 4)  # room for two entries of four tokens
    cache.keep("a", [1, 1, 1, 1], layers(4))
    cache.keep("a", [2, 2, 2, 2], layers(4))
    cache.find("a", [1, 1, 1, 1, 5])
    cache.keep("a", [3, 3, 3, 3], layers(4))
    assert cache.find("a", [1, 1, 1, 1, 5])[0] == 4
    assert cache.find("a", [2, 2, 2, 2, 5])[0] == 0


def test_what_is_larger_than_the_limit_is_not_kept() -> None:
    cache = PrefixCache(8)
    cache.keep("a", [1, 2, 3], layers(3))
    assert len(cache) == 0
    assert cache.size == 0


def test_common_prefix_counts_from_the_beginning() -> None:
    assert common_prefix([1, 2, 3], [1, 2, 4, 5]) == 2
    assert common_prefix([], [1]) == 0

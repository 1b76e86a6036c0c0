"""Measures of a ranked list."""

from __future__ import annotations

import math
from collections.abc import Sequence


def reciprocal_rank(gains: Sequence[bool]) -> float:
    """One divided by the rank of the first relevant item; 0 where there is none."""
    return next((1 / rank for rank, gain in enumerate(gains, 1) if gain), 0.0)


def ndcg(gains: Sequence[bool], relevant: int, depth: int) -> float:
    """Normalised discounted cumulative gain with binary relevance (Järvelin and Kekäläinen, 2002), from 0 to 1.

    Args:
        gains: whether each item of the list is relevant, the best first.
        relevant: how many relevant items there are in all.
        depth: how many items of the list count.
    """
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(relevant, depth) + 1))
    gained = sum(1 / math.log2(rank + 1) for rank, gain in enumerate(gains[:depth], 1) if gain)
    return gained / ideal if ideal else 0.0

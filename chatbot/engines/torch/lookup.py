"""Prompt lookup: guess the next tokens from what stands in the prompt already.

Saxena, "Prompt Lookup Decoding", 2023: where a reply copies from its evidence, the words behind the last ones are
likely to be the words behind the same ones there. The model checks the guess in one pass, so the reply is the same.
"""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 4  # tokens that have to match, at best
SHORTEST = 2
GUESSES = 6  # more are seldom all right, and each costs a little in the pass that checks them


def guess(tokens: Sequence[int], number: int = GUESSES) -> list[int]:
    """What followed the last tokens where they stood before; at most `number` ids, none where they did not.

    The longest match counts, and among these the latest.
    """
    for size in range(min(LONGEST, len(tokens) - 1), SHORTEST - 1, -1):
        last = list(tokens[-size:])
        for start in range(len(tokens) - size - 1, -1, -1):
            if tokens[start] == last[0] and list(tokens[start : start + size]) == last:
                return list(tokens[start + size : start + size + number])
    return []

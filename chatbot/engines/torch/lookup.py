"""Prompt lookup: guess the next tokens from the text so far.

Saxena, "Prompt Lookup Decoding", 2023: where a reply quotes its evidence, the next tokens are likely to be those that
followed the same tokens there. The model checks the guess in one pass, so the reply does not change. transformers'
`PromptLookupCandidateGenerator` takes the earliest match, and a match of one token, where guesses are mostly wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

LONGEST, SHORTEST = 4, 2  # tokens that have to match; the longest match is tried first
GUESSES = 6  # more are seldom all right, and each makes the pass that checks them a little slower


def guess(tokens: Sequence[int], number: int = GUESSES) -> list[int]:
    """What followed the last tokens at their previous occurrence: at most `number` ids, [] without one.

    The longest match counts, and of several equally long ones the latest.
    """
    for size in range(min(LONGEST, len(tokens) - 1), SHORTEST - 1, -1):
        last = list(tokens[-size:])
        for start in range(len(tokens) - size - 1, -1, -1):
            if tokens[start] == last[0] and list(tokens[start : start + size]) == last:
                return list(tokens[start + size : start + size + number])
    return []

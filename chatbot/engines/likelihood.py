"""How likely a text is behind another one: what the engines in this process share of it.

The likelihood of a question behind a passage says how well the passage bears on the question (Jiang et al.,
"LongLLMLingua", 2023). Contexts and continuations are plain text: no chat template, no voice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chatbot.errors import MessageError

# Tokens of a batch. A reply under way waits for one batch at the most; larger ones are a twentieth faster and need
# memory in proportion.
BATCH_TOKENS = 256


@dataclass(frozen=True)
class Text:
    """A context and its continuation in tokens.

    Attributes:
        tokens: of both, one behind the other.
        scored: how many of the last ones are asked for; each has a token before it.
    """

    tokens: tuple[int, ...]
    scored: int


@dataclass(frozen=True)
class Batch:
    """Texts that are read together, padded on the right, where no token can see the padding.

    Attributes:
        texts: what is read.
        ids: their tokens but for the last, which nothing follows; int64, shape (texts, tokens).
        rows: where the scored tokens are foretold, counted through the flattened `ids`; int64, shape (scored,).
        targets: the scored tokens, text by text; int64, shape (scored,).
    """

    texts: tuple[Text, ...]
    ids: Any
    rows: Any
    targets: Any

    @classmethod
    def of(cls, texts: Sequence[Text]) -> Batch:
        """The batch of these texts."""
        import numpy as np

        width = max(len(text.tokens) for text in texts) - 1
        ids = np.zeros((len(texts), width), dtype=np.int64)
        rows: list[int] = []
        targets: list[int] = []
        for number, text in enumerate(texts):
            read = len(text.tokens) - 1
            ids[number, :read] = text.tokens[:-1]
            rows += range(number * width + read - text.scored, number * width + read)
            targets += text.tokens[-text.scored :]
        return cls(tuple(texts), ids, np.array(rows, dtype=np.int64), np.array(targets, dtype=np.int64))

    def means(self, scores: Sequence[float]) -> Iterator[tuple[Text, float]]:
        """Every text with the mean of its scores; `scores` has the shape (scored,)."""
        start = 0
        for text in self.texts:
            yield text, float(sum(scores[start : start + text.scored]) / text.scored)
            start += text.scored


class Scorer(Protocol):
    """A model that tells how likely tokens are; it belongs to the engine's worker."""

    window: int

    def score(self, batch: Batch) -> list[float]:
        """Natural log-probabilities of the batch's targets, shape (scored,)."""


def texts_of(pairs: Iterable[tuple[str, str]], encode: Callable[[str], list[int]]) -> list[Text]:
    """(context, continuation) pairs in tokens.

    The two are encoded apart, so that the continuation is the same tokens behind every context; a blank between them
    belongs to the beginning of the continuation. Behind an empty context the first token, which nothing foretells, is
    left out.

    Raises:
        MessageError: nothing is left of a continuation.
    """
    found = []
    for number, (context, continuation) in enumerate(pairs, 1):
        before, behind = encode(context), encode(continuation)
        scored = len(behind) if before else len(behind) - 1
        if scored < 1:
            what = "is empty" if not behind else "is one token behind nothing"
            raise MessageError(
                f"The continuation of pair {number} {what}, so there is no likelihood to tell. Give it words."
            )
        found.append(Text((*before, *behind), scored))
    return found


def batches(texts: Iterable[Text], window: int) -> Iterator[Batch]:
    """Every different text once, those of like length together, the shortest first.

    Args:
        texts: what is asked for.
        window: the most tokens of a text.

    Raises:
        MessageError: one is longer than the window.
    """
    waiting = sorted(set(texts), key=lambda text: len(text.tokens))
    if waiting and len(waiting[-1].tokens) > window:
        longest = waiting[-1]
        raise MessageError(
            f"A context of {len(longest.tokens) - longest.scored} tokens and a continuation of {longest.scored} do not "
            f"fit the window of {window}. Shorten the context, or raise BAKERSTREET_CONTEXT_TOKENS."
        )
    chosen: list[Text] = []
    for text in waiting:
        if chosen and len(text.tokens) * (len(chosen) + 1) > BATCH_TOKENS:
            yield Batch.of(chosen)
            chosen = []
        chosen.append(text)
    if chosen:
        yield Batch.of(chosen)

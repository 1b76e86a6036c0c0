"""How likely a text is after another one: what the engines in this process share of it.

The likelihood of a question after a passage says how well the passage bears on the question (Jiang et al.,
"LongLLMLingua", 2023). Contexts and continuations are plain text: no chat template, no voice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chatbot.errors import MessageError

# The most tokens of a batch of several texts. A reply under way waits for one batch; larger ones are a twentieth faster
# and need memory in proportion.
BATCH_TOKENS = 256


@dataclass(frozen=True)
class Text:
    """A context and its continuation in tokens.

    Attributes:
        tokens: the context's ids, then the continuation's.
        scored: how many of the last ones are scored; each has a token before it.
    """

    tokens: tuple[int, ...]
    scored: int


@dataclass(frozen=True)
class Batch:
    """Texts that are read together, padded on the right, where no token looks.

    Attributes:
        texts: what is read.
        ids: their tokens without the last, which predicts nothing; int64, shape (texts, tokens).
        rows: the positions in the flattened `ids` that predict the scored tokens; int64, shape (scored,).
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
        """Every text with the mean of its scores; `scores` are the targets', shape (scored,)."""
        start = 0
        for text in self.texts:
            yield text, float(sum(scores[start : start + text.scored]) / text.scored)
            start += text.scored


class Scorer(Protocol):
    """A model that computes how likely tokens are; used on the engine's worker thread alone.

    Attributes:
        window: the most tokens of a text.
    """

    window: int

    def score(self, batch: Batch) -> list[float]:
        """Natural log-probabilities of the batch's targets, shape (scored,)."""


def texts_of(pairs: Iterable[tuple[str, str]], encode: Callable[[str], list[int]]) -> list[Text]:
    """(context, continuation) pairs in tokens.

    The two are encoded separately, so that a continuation is the same tokens after every context; a space between them
    belongs to the beginning of the continuation. After an empty context the first token, which nothing predicts, is not
    scored.

    Raises:
        MessageError: there is no token of a continuation to score.
    """
    found = []
    for number, (context, continuation) in enumerate(pairs, 1):
        before, after = encode(context), encode(continuation)
        scored = len(after) if before else len(after) - 1
        if scored < 1:
            what = "a single token after an empty context" if after else "empty"
            raise MessageError(f"The continuation of pair {number} is {what}, so it has no likelihood. Give it words.")
        found.append(Text((*before, *after), scored))
    return found


def batches(texts: Iterable[Text], window: int) -> Iterator[Batch]:
    """Batches of every distinct text, those of similar length together, the shortest first.

    Args:
        texts: what is to be scored.
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

"""The reranker's task: read a question and a window together, and put the window that answers first.

A cross-encoder (Nogueira and Cho, "Passage Re-ranking with BERT", 2019) made of the embedder's base, with the listwise
softmax loss (Cao et al., "Learning to Rank", 2007) over one window that answers and some hard negatives.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.tuning.encoders import ONE_LOGIT, Recipe, Task, pair_logits, with_one_logit
from chatbot.tuning.loop import bucketed
from chatbot.tuning.pairs import Pair


@dataclass(frozen=True, kw_only=True)
class RerankerRecipe(Recipe):
    """How the reranker is trained; `max_tokens` are those of a question and a window together."""

    rank: int = 32
    alpha: int = 64
    learning_rate: float = 4e-4
    batch_size: int = 8
    negatives: int = 3
    max_tokens: int = 160


@dataclass(frozen=True)
class Ranking:
    """A question and its windows; the first answers it."""

    question: str
    texts: tuple[str, ...]


def make_rankings(pairs: Sequence[Pair], recipe: RerankerRecipe, seed: int) -> list[list[Ranking]]:
    """The batches of a whole run, the same for the same pairs, recipe and seed.

    All lists are of one length; questions with too few negatives are left out.
    """
    chance = random.Random(seed)
    usable = [pair for pair in pairs if pair.form == "window" and len(pair.negatives) >= recipe.negatives]
    lists: list[Ranking] = []
    for number in range(max(recipe.passes, recipe.known_passes)):
        for pair in usable:
            if number < recipe.passes_over(pair):
                against = chance.sample(pair.negatives, recipe.negatives)
                lists.append(Ranking(pair.question, (chance.choice(pair.positives), *against)))
    chance.shuffle(lists)
    return bucketed(lists, recipe.batch_size, lambda item: sum(map(len, item.texts)), chance)


def reranker_task(pairs: Sequence[Pair], recipe: RerankerRecipe, seed: int) -> Task:
    """The training of a BERT encoder with a new head of one logit; of the pairs, those of windows are used."""

    def loss(model: Any, tokenizer: Any, batch: Sequence[Ranking]) -> tuple[Any, int]:
        return listwise_softmax(model, tokenizer, batch, recipe.max_tokens)

    return Task(recipe, make_rankings(pairs, recipe, seed), with_one_logit, loss, ONE_LOGIT)


def listwise_softmax(model: Any, tokenizer: Any, batch: Sequence[Ranking], limit: int) -> tuple[Any, int]:
    """The mean negative log probability of the first text of its list, shape (), and how many tokens were read."""
    import torch

    texts = [(item.question, text) for item in batch for text in item.texts]
    logits, tokens = pair_logits(model, tokenizer, texts, limit, "only_second")
    scores = logits.view(len(batch), -1)
    first = torch.zeros(len(batch), dtype=torch.long, device=scores.device)
    return torch.nn.functional.cross_entropy(scores, first), tokens

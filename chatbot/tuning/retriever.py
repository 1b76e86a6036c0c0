"""The retriever's task: bring a question nearer to a text that answers it than to all others in its batch.

The loss is InfoNCE over the batch (van den Oord et al., 2018; as Henderson et al., 2017, and Reimers and Gurevych,
2019, use it for sentences): a softmax over the cosines with the positives of all questions in the batch and with their
hard negatives. Texts of the same story or work that may answer a question are masked: they are no negatives of it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.tuning.encoders import FASTER, Recipe, Task, autocast
from chatbot.tuning.pairs import FORMS, Form, Pair

SCALE = 20.0  # of the cosines
CLUSTER = 4  # questions of one story or work that share a batch, so that its negatives are hard


@dataclass(frozen=True, kw_only=True)
class RetrieverRecipe(Recipe):
    """How the embedder is trained.

    Attributes:
        forms: how often a question is paired with other questions, sentences, windows and passages, as proportions.
        max_tokens: of a sentence or window; a passage may be as long as the embedder reads.
    """

    rank: int = 16
    alpha: int = 32
    learning_rate: float = 5e-4
    batch_size: int = 32
    negatives: int = 1
    forms: tuple[int, int, int, int] = (3, 1, 2, 2)
    max_tokens: int = 128


@dataclass(frozen=True)
class Batch:
    """Questions and texts of one form. Text number i answers question i; hard negatives follow.

    Attributes:
        masked: (question, text) by number: texts that are no negatives of a question, though they are not its own.
    """

    form: Form
    questions: tuple[str, ...]
    texts: tuple[str, ...]
    masked: tuple[tuple[int, int], ...]


def make_batches(pairs: Sequence[Pair], recipe: RetrieverRecipe, seed: int) -> list[Batch]:
    """The batches of a whole run, the same for the same pairs, recipe and seed."""
    chance = random.Random(seed)
    by_question: dict[tuple[str, str, str], dict[Form, Pair]] = {}
    for pair in pairs:
        by_question.setdefault((pair.kind, pair.group, pair.question), {})[pair.form] = pair
    batches: list[Batch] = []
    for number in range(max(recipe.passes, recipe.known_passes)):
        chosen: dict[Form, list[Pair]] = {form: [] for form in FORMS}
        for forms in by_question.values():
            if number < recipe.passes_over(next(iter(forms.values()))):
                weights = [recipe.forms[FORMS.index(form)] for form in forms]
                if any(weights):
                    form = chance.choices(list(forms), weights)[0]
                    chosen[form].append(forms[form])
        batches += [
            _batch(form, members[start : start + recipe.batch_size], recipe, chance)
            for form, pool in chosen.items()
            for members in [_clustered(pool, chance)]
            for start in range(0, len(members), recipe.batch_size)
        ]
    batches = [batch for batch in batches if len(batch.questions) > 1]
    chance.shuffle(batches)
    return batches


def _clustered(pairs: Sequence[Pair], chance: random.Random) -> list[Pair]:
    """The pairs shuffled, but for clusters of a few from one group."""
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(pair.group, []).append(pair)
    clusters = []
    for members in groups.values():
        chance.shuffle(members)
        clusters += [members[start : start + CLUSTER] for start in range(0, len(members), CLUSTER)]
    chance.shuffle(clusters)
    return [pair for cluster in clusters for pair in cluster]


def _batch(form: Form, pairs: Sequence[Pair], recipe: RetrieverRecipe, chance: random.Random) -> Batch:
    texts = [chance.choice(pair.positives) for pair in pairs]
    for pair in pairs:
        texts += chance.sample(pair.negatives, min(recipe.negatives, len(pair.negatives)))
    masked = [
        (row, column)
        for row, pair in enumerate(pairs)
        for column, text in enumerate(texts)
        if column != row and pair.may_answer(text)
    ]
    return Batch(form, tuple(pair.question for pair in pairs), tuple(texts), tuple(masked))


def retriever_task(pairs: Sequence[Pair], recipe: RetrieverRecipe, seed: int, passage_tokens: int) -> Task:
    """The training of a retriever; passages are cut to `passage_tokens`."""
    return embedder_task(make_batches(pairs, recipe, seed), recipe, passage_tokens)


def embedder_task(batches: Sequence[Batch], recipe: Recipe, passage_tokens: int) -> Task:
    """The training of an embedder that takes the mean of its tokens; passages are cut to `passage_tokens`."""

    def load(base: Path) -> Any:
        import torch
        from transformers import AutoModel

        return AutoModel.from_pretrained(base, dtype=torch.float32, **FASTER)

    def loss(model: Any, tokenizer: Any, batch: Batch) -> tuple[Any, int]:
        return info_nce(model, tokenizer, batch, passage_tokens if batch.form == "passage" else recipe.max_tokens)

    return Task(recipe, batches, load, loss, {})


def info_nce(model: Any, tokenizer: Any, batch: Batch, limit: int) -> tuple[Any, int]:
    """InfoNCE of a batch, a tensor of shape (), and how many tokens were read."""
    import torch

    questions, asked = embed(model, tokenizer, batch.questions, limit)
    texts, read = embed(model, tokenizer, batch.texts, limit)
    scores = SCALE * questions @ texts.T
    if batch.masked:
        rows, columns = zip(*batch.masked, strict=True)
        scores = scores.index_put(
            (torch.tensor(rows, device=scores.device), torch.tensor(columns, device=scores.device)),
            torch.tensor(float("-inf"), device=scores.device),
        )
    targets = torch.arange(len(batch.questions), device=scores.device)
    return torch.nn.functional.cross_entropy(scores, targets), asked + read


def embed(model: Any, tokenizer: Any, texts: Sequence[str], limit: int) -> tuple[Any, int]:
    """Unit vectors, shape (len(texts), dimensions), and how many tokens were read.

    Texts are read in four groups by length, so that little padding is computed.
    """
    import torch

    ids = tokenizer(list(texts), truncation=True, max_length=limit)["input_ids"]
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    vectors: list[Any] = []
    size = max(1, (len(order) + 3) // 4)
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        read = tokenizer.pad({"input_ids": [ids[row] for row in rows]}, return_tensors="pt").to(model.device)
        with autocast(model.device):
            tokens = model(**read).last_hidden_state.float()
        mask = read["attention_mask"].unsqueeze(-1).to(tokens.dtype)
        vectors.append(torch.nn.functional.normalize((tokens * mask).sum(1) / mask.sum(1), dim=1))
    back = torch.empty(len(order), dtype=torch.long)
    back[torch.tensor(order)] = torch.arange(len(order))
    return torch.cat(vectors)[back.to(model.device)], sum(map(len, ids))

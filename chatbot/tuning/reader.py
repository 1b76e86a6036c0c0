"""The reader's task: say which text answers, and point at the answer.

Three losses on one pass: listwise softmax over the texts of a question (Cao et al., "Learning to Rank", 2007; several
may be right), a logistic loss on each text, so that a logit means the same for every question and silence is known, and
the negative log-likelihood of the first and the last token of the answer (Devlin et al., "BERT", 2019).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.library.encoders import READER_OUTPUTS
from chatbot.tuning.encoders import FASTER, Recipe, Task, autocast
from chatbot.tuning.loop import bucketed
from chatbot.tuning.readings import NOWHERE, ReadingGroup


@dataclass(frozen=True, kw_only=True)
class ReaderRecipe(Recipe):
    """How the reader is trained; `max_tokens` are those of a question and a text together.

    Attributes:
        alone: the weight of the loss on each text by itself.
        spans: the weight of the loss on the answer's place.
    """

    rank: int = 64
    alpha: int = 128
    learning_rate: float = 3e-4
    batch_size: int = 16
    negatives: int = 9
    passes: int = 1
    known_passes: int = 3
    max_tokens: int = 176
    alone: float = 0.5
    spans: float = 0.5


FOREIGN = ("known", "probable")  # the kinds that are not
AT_ONCE = 4  # questions read in one pass: what stays in a CPU's cache is a fifth faster than a whole batch


def make_batches(groups: Sequence[ReadingGroup], recipe: ReaderRecipe, seed: int) -> list[list[ReadingGroup]]:
    """The batches of a whole run, the same for the same groups, recipe and seed."""
    chance = random.Random(seed)
    used: list[ReadingGroup] = []
    for group in groups:
        used += [group] * (recipe.known_passes if group.kind in FOREIGN else recipe.passes)
    chance.shuffle(used)
    return bucketed(used, recipe.batch_size, lambda group: sum(len(item.text) for item in group.shown), chance)


def reader_task(groups: Sequence[ReadingGroup], recipe: ReaderRecipe, seed: int) -> Task:
    """The training of a BERT encoder with a new head of three numbers for every token."""

    def load(base: Path) -> Any:
        import torch
        from transformers import AutoModelForTokenClassification

        return AutoModelForTokenClassification.from_pretrained(
            base, num_labels=READER_OUTPUTS, dtype=torch.float32, **FASTER
        )

    def loss(model: Any, tokenizer: Any, batch: Sequence[ReadingGroup]) -> tuple[Any, int]:
        parts = [batch[at : at + AT_ONCE] for at in range(0, len(batch), AT_ONCE)]
        losses, tokens = zip(*(reading_loss(model, tokenizer, part, recipe) for part in parts), strict=True)
        return sum(losses) / len(parts), sum(tokens)

    head = {"modules_to_save": ["classifier"], "task_type": "TOKEN_CLS"}
    return Task(recipe, make_batches(groups, recipe, seed), load, loss, head)


def reading_loss(model: Any, tokenizer: Any, batch: Sequence[ReadingGroup], recipe: ReaderRecipe) -> tuple[Any, int]:
    """The mean loss over the questions of a batch, shape (), and how many tokens were read."""
    import torch

    texts = [item for group in batch for item in group.shown]
    read = tokenizer(
        [group.question for group in batch for _ in group.shown],
        [item.text for item in texts],
        truncation="only_second",
        max_length=recipe.max_tokens,
        padding=True,
        return_tensors="pt",
        return_offsets_mapping=True,
    )
    offsets, second = read.pop("offset_mapping"), read["token_type_ids"].bool() & read["attention_mask"].bool()
    read = read.to(model.device)
    with autocast(model.device):
        logits = model(**read).logits.float()
    answers = torch.tensor([item.answers for item in texts], device=logits.device)
    relevance = logits[:, 0, 0]
    alone = torch.nn.functional.binary_cross_entropy_with_logits(relevance, answers.float())
    lists, at = [], 0
    for group in batch:
        scores, right = relevance[at : at + len(group.shown)], answers[at : at + len(group.shown)]
        at += len(group.shown)
        if bool(group.shown[0].answers) and not group.shown[-1].answers:
            lists.append(scores.logsumexp(0) - scores[right].logsumexp(0))
    total = recipe.alone * alone
    if lists:
        total = total + torch.stack(lists).sum() / len(batch)
    places = [
        (row, *place)
        for row, item in enumerate(texts)
        if (place := _tokens(item.span, item.skip, offsets[row], second[row])) is not None
    ]
    if places:
        rows, begins, ends = (torch.tensor(column, device=logits.device) for column in zip(*places, strict=True))
        outside = ~second.to(logits.device)[rows]
        for number, wanted in ((1, begins), (2, ends)):
            masked = logits[rows, :, number].masked_fill(outside, -1e4)
            total = total + recipe.spans / 2 * torch.nn.functional.cross_entropy(masked, wanted)
    return total, int(read["attention_mask"].sum())


def _tokens(span: tuple[int, int], skip: int, offsets: Any, second: Any) -> tuple[int, int] | None:
    """The first and the last token of a span; None where it is not known or was cut off."""
    if span == NOWHERE:
        return None
    begins, ends = offsets[:, 0], offsets[:, 1]
    inside = (second & (ends > span[0]) & (begins < span[1]) & (ends > begins)).nonzero().flatten()
    return (int(inside[0]), int(inside[-1])) if len(inside) and int(ends[inside[-1]]) >= span[1] else None

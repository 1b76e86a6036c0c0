"""LoRA training of the reranker: it reads a question and a window together, and the one that answers comes first.

A cross-encoder (Nogueira and Cho, "Passage Re-ranking with BERT", 2019) made of the embedder's base, with the listwise
softmax loss (Cao et al., "Learning to Rank", 2007) over one window that answers and some that do not.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.errors import TrainingError
from chatbot.tuning.encoders import LINEAR, adapted, fingerprint, quick
from chatbot.tuning.loop import State, TrainingProgress, run_steps
from chatbot.tuning.pairs import Pair

BUCKET = 8  # lists sorted together by length, so that little is padded


@dataclass(frozen=True)
class RerankerRecipe:
    """How the reranker is trained.

    Attributes:
        batch_size: lists read together.
        negatives: windows of a list that do not answer.
        passes: over the reading practice and the questions that a model made.
        known_passes: over the known questions.
        max_tokens: of a question and a window together.
    """

    rank: int = 32
    alpha: int = 64
    learning_rate: float = 4e-4
    batch_size: int = 8
    negatives: int = 3
    passes: int = 1
    known_passes: int = 4
    max_tokens: int = 160


@dataclass(frozen=True)
class Ranking:
    """A question and its windows; the first answers it."""

    question: str
    texts: tuple[str, ...]


def make_rankings(pairs: Sequence[Pair], recipe: RerankerRecipe, seed: int) -> list[list[Ranking]]:
    """The batches of a whole run, the same for the same pairs, recipe and seed.

    Every list of a batch is as long; questions with too few windows that do not answer are left out.
    """
    chance = random.Random(seed)
    usable = [pair for pair in pairs if pair.form == "window" and len(pair.negatives) >= recipe.negatives]
    lists: list[Ranking] = []
    for number in range(max(recipe.passes, recipe.known_passes)):
        for pair in usable:
            if number < (recipe.passes if pair.kind in ("reading", "made") else recipe.known_passes):
                against = chance.sample(pair.negatives, recipe.negatives)
                lists.append(Ranking(pair.question, (chance.choice(pair.positives), *against)))
    chance.shuffle(lists)
    batches: list[list[Ranking]] = []
    step = recipe.batch_size * BUCKET
    for start in range(0, len(lists), step):
        bucket = sorted(lists[start : start + step], key=lambda item: sum(map(len, item.texts)))
        made = [bucket[first : first + recipe.batch_size] for first in range(0, len(bucket), recipe.batch_size)]
        chance.shuffle(made)
        batches += made
    return batches


def train_reranker(
    base: Path,
    name: str,
    pairs: Sequence[Pair],
    run: Path,
    recipe: RerankerRecipe,
    *,
    seed: int = 7,
    threads: int = 0,
    on_progress: Callable[[TrainingProgress], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Any, State]:
    """Train a LoRA adapter and a head for a BERT encoder.

    Args:
        base: the encoder's folder.
        name: what the adapter shall call it.
        pairs: what it is trained on; those of windows are used.
        run: the folder of the checkpoint.
        recipe: how.
        seed: of the order and the first weights.
        threads: CPU threads; 0: as many as torch likes.
        on_progress: told after every step.
        say: told what is taken up again.

    Returns:
        The PEFT model and what the run did.

    Raises:
        TrainingError: there is nothing to train on, or the checkpoint cannot be written.
    """
    import torch
    from peft import LoraConfig
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    batches = make_rankings(pairs, recipe, seed)
    if not batches:
        raise TrainingError(
            "There is nothing to train on: no question has a window that answers it and some that do not."
        )
    model = adapted(
        lambda: AutoModelForSequenceClassification.from_pretrained(base, num_labels=1, dtype=torch.float32),
        LoraConfig(
            r=recipe.rank,
            lora_alpha=recipe.alpha,
            target_modules=LINEAR,
            modules_to_save=["classifier", "pooler"],
            task_type="SEQ_CLS",
            base_model_name_or_path=name,
        ),
        seed,
        threads,
    )
    tokenizer = AutoTokenizer.from_pretrained(base)

    def loss_of(step: int) -> tuple[Any, int]:
        return listwise(model, tokenizer, batches[step], recipe.max_tokens)

    state = run_steps(
        model,
        len(batches),
        loss_of,
        learning_rate=recipe.learning_rate,
        checkpoint=run / "checkpoint.pt",
        fingerprint=lambda steps: fingerprint(
            [item for batch in batches[:steps] for item in batch], recipe, name, seed
        ),
        on_progress=on_progress,
        say=say,
    )
    model.requires_grad_(False)
    return model, state


def listwise(model: Any, tokenizer: Any, batch: Sequence[Ranking], limit: int) -> tuple[Any, int]:
    """The mean over lists of the negative log probability of their first text, and the tokens that were read."""
    import torch

    read = tokenizer(
        [item.question for item in batch for _ in item.texts],
        [text for item in batch for text in item.texts],
        truncation="only_second",
        max_length=limit,
        padding=True,
        return_tensors="pt",
    ).to(model.device)
    with quick(model.device):
        logits = model(**read).logits.float()
    scores = logits.view(len(batch), -1)
    first = torch.zeros(len(batch), dtype=torch.long, device=scores.device)
    return torch.nn.functional.cross_entropy(scores, first), int(read["attention_mask"].sum())

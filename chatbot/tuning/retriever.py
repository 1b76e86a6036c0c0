"""LoRA training of the embedder: a question nearer to what answers it than to everything else in its batch.

The loss is InfoNCE over the batch (van den Oord et al., 2018; as Henderson et al., 2017, and Reimers and Gurevych,
2019, use it for sentences): a softmax over the cosines with the texts of all questions and with the ones that only
look as if. Texts of the same story or work that may answer a question are not held against it.
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
from chatbot.tuning.pairs import FORMS, Form, Pair

SCALE = 20.0  # of the cosines
CLUSTER = 4  # questions of one story or work that stand together in a batch, so that it is hard


@dataclass(frozen=True)
class RetrieverRecipe:
    """How the embedder is trained.

    Attributes:
        negatives: texts that only look as if, a question.
        passes: over the reading practice and the questions that a model made.
        known_passes: over the known questions.
        forms: how often a question is asked of sentences, windows and passages, in parts.
        max_tokens: of a sentence or window; a passage may be as long as the embedder reads.
    """

    rank: int = 16
    alpha: int = 32
    learning_rate: float = 5e-4
    batch_size: int = 32
    negatives: int = 1
    passes: int = 1
    known_passes: int = 4
    forms: tuple[int, int, int] = (1, 2, 2)
    max_tokens: int = 128


@dataclass(frozen=True)
class Batch:
    """Questions and texts of one form. Text number i answers question i; those behind are the ones that do not.

    Attributes:
        masked: (question, text) by number: texts that are not held against a question.
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
        for (kind, _, _), forms in by_question.items():
            if number < (recipe.passes if kind in ("reading", "made") else recipe.known_passes):
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
    """Pairs in an order in which a few of one group stand together."""
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


def train_retriever(
    base: Path,
    name: str,
    pairs: Sequence[Pair],
    run: Path,
    recipe: RetrieverRecipe,
    *,
    passage_tokens: int,
    seed: int = 7,
    threads: int = 0,
    on_progress: Callable[[TrainingProgress], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Any, State]:
    """Train a LoRA adapter for an embedder that takes the mean of its tokens.

    Args:
        base: the embedder's folder.
        name: what the adapter shall call it.
        pairs: what it is trained on.
        run: the folder of the checkpoint.
        recipe: how.
        passage_tokens: the longest passage; what is beyond is cut.
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
    from transformers import AutoModel, AutoTokenizer

    batches = make_batches(pairs, recipe, seed)
    if not batches:
        raise TrainingError("There is nothing to train on: no question has a text that answers it.")
    model = adapted(
        lambda: AutoModel.from_pretrained(base, dtype=torch.float32),
        LoraConfig(
            r=recipe.rank, lora_alpha=recipe.alpha, target_modules=LINEAR, base_model_name_or_path=name, bias="none"
        ),
        seed,
        threads,
    )
    tokenizer = AutoTokenizer.from_pretrained(base)

    def loss_of(step: int) -> tuple[Any, int]:
        batch = batches[step]
        limit = passage_tokens if batch.form == "passage" else recipe.max_tokens
        return contrast(model, tokenizer, batch, limit)

    state = run_steps(
        model,
        len(batches),
        loss_of,
        learning_rate=recipe.learning_rate,
        checkpoint=run / "checkpoint.pt",
        fingerprint=lambda steps: fingerprint(batches[:steps], recipe, name, seed),
        on_progress=on_progress,
        say=say,
    )
    model.requires_grad_(False)
    return model, state


def contrast(model: Any, tokenizer: Any, batch: Batch, limit: int) -> tuple[Any, int]:
    """InfoNCE of a batch, a tensor of shape (), and the tokens that were read."""
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
    """Unit vectors of some texts, shape (len(texts), dimensions), and the tokens that were read.

    Texts are read in four parts by length, so that little padding is computed.
    """
    import torch

    ids = tokenizer(list(texts), truncation=True, max_length=limit)["input_ids"]
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    vectors: list[Any] = []
    size = max(1, (len(order) + 3) // 4)
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        read = tokenizer.pad({"input_ids": [ids[row] for row in rows]}, return_tensors="pt").to(model.device)
        with quick(model.device):
            tokens = model(**read).last_hidden_state.float()
        mask = read["attention_mask"].unsqueeze(-1).to(tokens.dtype)
        vectors.append(torch.nn.functional.normalize((tokens * mask).sum(1) / mask.sum(1), dim=1))
    back = torch.empty(len(order), dtype=torch.long)
    back[torch.tensor(order)] = torch.arange(len(order))
    return torch.cat(vectors)[back.to(model.device)], sum(map(len, ids))

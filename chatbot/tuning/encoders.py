"""LoRA training of the search's encoders: one path for the retriever and the reranker, which differ in their `Task`.

The loop is that of a voice (`loop`) and not sentence-transformers' trainers. Side by side, in 25 steps over the same
examples and on 267 test questions, these were no better. Retriever: answer@1 47.6% against our 46.8%, @4 75.7% against
76.4%, gain in reciprocal rank -0.020 to +0.015; 180 CPU seconds against 161. Reranker: @1 68.5% against 70.8%, @4 91.0%
against 92.1%, gain -0.028 to +0.002; 75 CPU seconds against 80. They need `datasets` and pyarrow (180 MB), and mask no
text of the same story that may answer as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.errors import TrainingError
from chatbot.library.encoders import BUNDLED, BUNDLED_NAME, model_folder
from chatbot.progress import Say
from chatbot.tuning.loop import OnStep, State, run_steps, with_adapter
from chatbot.tuning.pairs import Pair

# Attention written out: on two CPU cores 2,400 tokens a second where torch's own reads 2,000.
FASTER = {"attn_implementation": "eager"}
LINEAR = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"]  # BERT's layers


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How an encoder is trained.

    Attributes:
        batch_size: questions in a batch.
        negatives: texts for each question that do not answer it.
        passes: over reading comprehension and probable questions.
        known_passes: over the known questions.
        max_tokens: longer texts are cut.
    """

    rank: int
    alpha: int
    learning_rate: float
    batch_size: int
    negatives: int
    passes: int = 1
    known_passes: int = 4
    max_tokens: int

    def passes_over(self, pair: Pair) -> int:
        """How often a pair's question is trained on."""
        return self.known_passes if pair.kind in ("canon", "follow-up") else self.passes


@dataclass(frozen=True)
class Task:
    """One training.

    Attributes:
        recipe: how.
        batches: of the whole run.
        load: the base model of a folder, in 32 bits.
        loss: of (model, tokenizer, batch): a tensor of shape (), and how many tokens were read.
        lora: what `LoraConfig` is told beyond rank and layers.
        begin: the folder of an adapter of the same form, whose weights are the first ones; None: they are drawn.
    """

    recipe: Recipe
    batches: Sequence[Any]
    load: Callable[[Path], Any]
    loss: Callable[[Any, Any, Any], tuple[Any, int]]
    lora: Mapping[str, Any]
    begin: Path | None = None


def base_model(model: str) -> tuple[Path, str]:
    """The folder of the model to be trained, and the name that its adapter is published with.

    Raises:
        TrainingError: it is not in a folder, or no BERT.
        ModelError: there is no such folder.
    """
    folder = Path(model_folder(model, "embedder", "Correct BAKERSTREET_EMBEDDER."))
    if not (folder / "config.json").is_file():
        raise TrainingError(f"{model} cannot be tuned: it is not in a folder of this machine. Name one that is.")
    kind = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
    if kind != "bert":
        raise TrainingError(f"{model} cannot be tuned: its type is '{kind}', and only 'bert' is supported.")
    return folder, f"sentence-transformers/{BUNDLED_NAME}" if model == BUNDLED else folder.name


def train_encoder(
    task: Task,
    base: Path,
    name: str,
    run: Path,
    *,
    seed: int = 7,
    threads: int = 0,
    on_step: OnStep = lambda _: None,
    say: Say = lambda _: None,
) -> tuple[Any, State]:
    """Train a LoRA adapter, and the head that it brings along, for a BERT encoder.

    Args:
        task: what is trained, and on what.
        base: the encoder's folder.
        name: what the adapter calls its base.
        run: the folder of the checkpoint.
        seed: of the first weights.
        threads: CPU threads; 0: as many as torch likes.
        on_step: told after every step.
        say: told whether a checkpoint is used.

    Returns:
        The PEFT model and what the run did.

    Raises:
        TrainingError: there is nothing to train on, or the checkpoint cannot be written.
    """
    from peft import LoraConfig
    from transformers import AutoTokenizer

    if not task.batches:
        raise TrainingError(
            "There is nothing to train on: no question has both a text that answers it and texts that do not. Name "
            "more questions with --known, or a folder with --reading."
        )
    recipe = task.recipe
    config = LoraConfig(
        r=recipe.rank, lora_alpha=recipe.alpha, target_modules=LINEAR, base_model_name_or_path=name, **task.lora
    )
    model = with_adapter(lambda: task.load(base), config, seed=seed, threads=threads)
    if task.begin:
        begin_with(model, task.begin)
    tokenizer = AutoTokenizer.from_pretrained(base, split_special_tokens=True)
    state = run_steps(
        model,
        task.batches,
        lambda batch: task.loss(model, tokenizer, batch),
        settings=(recipe, name, seed),
        learning_rate=recipe.learning_rate,
        checkpoint=run / "checkpoint.pt",
        on_step=on_step,
        say=say,
    )
    return model, state


# What `LoraConfig` is told of a new head of one logit for two texts.
ONE_LOGIT: Mapping[str, Any] = {"modules_to_save": ["classifier", "pooler"], "task_type": "SEQ_CLS"}


def with_one_logit(base: Path) -> Any:
    """A BERT encoder with a new head of one logit, in 32 bits."""
    import torch
    from transformers import AutoModelForSequenceClassification

    return AutoModelForSequenceClassification.from_pretrained(base, num_labels=1, dtype=torch.float32)


def pair_logits(
    model: Any, tokenizer: Any, pairs: Sequence[tuple[str, str]], limit: int, truncation: str | bool
) -> tuple[Any, int]:
    """The logit of each pair of texts, a tensor of shape (pairs,), and how many tokens were read.

    Args:
        model: of `with_one_logit`.
        tokenizer: its own.
        pairs: the texts.
        limit: of the tokens of a pair.
        truncation: which text is cut, as the tokenizer names it.
    """
    read = tokenizer(
        [first for first, _ in pairs],
        [second for _, second in pairs],
        truncation=truncation,
        max_length=limit,
        padding=True,
        return_tensors="pt",
    ).to(model.device)
    with autocast(model.device):
        logits = model(**read).logits.float()[:, 0]
    return logits, int(read["attention_mask"].sum())


def begin_with(model: Any, adapter: Path) -> None:
    """Put the weights of an adapter in the place of the first ones of a PEFT model.

    Raises:
        TrainingError: they cannot be read, or are of another form.
    """
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    try:
        left = set_peft_model_state_dict(model, load_file(adapter / "adapter_model.safetensors")).unexpected_keys
    except (OSError, RuntimeError) as error:
        raise TrainingError(f"The adapter {adapter} cannot be trained on: {error}") from error
    if left:
        raise TrainingError(f"The adapter {adapter} is of another form: {', '.join(left[:3])} ... have no place.")


def autocast(device: Any) -> Any:
    """A context in which matrices are multiplied in 16 bits where the processor has instructions for that."""
    import torch

    able = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=able)

"""LoRA training of a voice (Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021).

One pass over `training_order`, the loss on the replies alone. A run that was killed goes on (see `loop`).
"""

from __future__ import annotations

import hashlib
import json
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.engines import GeneratorWeights, encode_messages
from chatbot.errors import TrainingError
from chatbot.prompts import Message
from chatbot.tuning.examples import Example, counts, training_order
from chatbot.tuning.loop import TrainingProgress, mean_loss, run_steps
from chatbot.tuning.publish import publish_voice
from personas import LoadedPersona, VoiceRecipe

HELD_OUT = 32  # lines kept away from training, for the loss that the card states
IGNORED = -100
BUCKET = 8  # batches sorted together by length, so that little is padded


@dataclass(frozen=True)
class Encoded:
    """Token ids of one example and which of them are trained on (labels, `IGNORED` elsewhere); shape (tokens,)."""

    ids: list[int]
    labels: list[int]


def train_voice(
    loaded: LoadedPersona,
    weights: GeneratorWeights,
    runs: Path,
    *,
    reading: Path | None,
    seed: int = 7,
    threads: int = 0,
    destination: Path | None = None,
    recipe: VoiceRecipe | None = None,
    on_progress: Callable[[TrainingProgress], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> Path:
    """Train the voice of a persona and write it in PEFT's layout.

    Args:
        loaded: the persona; its `training` says how.
        weights: the base model.
        runs: where checkpoints go; one folder a persona.
        reading: the folder of the reading practice, if the recipe asks for some.
        seed: of the order, the initial weights and the wording of the practice.
        threads: CPU threads; 0: as many as torch likes.
        destination: where the voice goes; default: the persona's own voice folder.
        recipe: in place of the persona's own.
        on_progress: told after every step.
        say: told what is begun, left out or taken up again.

    Returns:
        The folder of the voice.

    Raises:
        TrainingError: there is nothing to train on, or the folder cannot be written.
    """
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    recipe = recipe or loaded.persona.training
    loaded = _with_recipe(loaded, recipe)
    if threads:
        torch.set_num_threads(threads)
    torch.manual_seed(seed)
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*")
    warnings.filterwarnings("ignore", message=".*base_model_name_or_path.*")  # put right by `publish_voice`
    tokenizer = AutoTokenizer.from_pretrained(weights.folder)
    order = training_order(loaded, reading, seed)
    held_out = _held_out(order, seed)
    order = [example for example in order if example not in held_out]
    instruction = Message("system", loaded.persona.instruction())
    encoded = [encode_example(tokenizer, instruction, example) for example in order]
    fitting = [item for item in encoded if len(item.ids) <= recipe.max_tokens]
    if len(fitting) < len(encoded):
        say(f"{len(encoded) - len(fitting)} examples are longer than {recipe.max_tokens} tokens and are left out.")
    batches = list(make_batches(fitting, recipe.batch_size, seed))
    if not batches:
        raise TrainingError(f"There is nothing to train on in {loaded.lines}.")

    model = AutoModelForCausalLM.from_pretrained(weights.folder, dtype=torch.float32)
    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=0.0,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
        base_model_name_or_path=weights.name,
    )
    model = get_peft_model(model, config)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device).train()

    def loss_of(step: int) -> tuple[Any, int]:
        batch = batches[step]
        return answer_loss(model, batch, tokenizer.pad_token_id, device), sum(len(item.ids) for item in batch)

    state = run_steps(
        model,
        len(batches),
        loss_of,
        learning_rate=recipe.learning_rate,
        checkpoint=runs / loaded.id / "checkpoint.pt",
        fingerprint=lambda steps: _fingerprint(batches[:steps], recipe, weights, seed),
        on_progress=on_progress,
        say=say,
    )
    model.eval()
    model.requires_grad_(False)
    held = [encode_example(tokenizer, instruction, example) for example in held_out]
    facts = {
        "base": weights.name,
        "seed": seed,
        "recipe": recipe.model_dump(include=set(_TRAINED_BY)),
        "examples": counts(order),
        "held_out": len(held),
        "steps": len(batches),
        "tokens": state.tokens,
        "minutes": round(state.seconds / 60, 1),
        "loss_first": mean_loss(state.losses[:20]),
        "loss_last": mean_loss(state.losses[-20:]),
        "loss_held_out": _evaluate(model, held, tokenizer.pad_token_id, device),
    }
    with model.disable_adapter():
        facts["loss_held_out_base"] = _evaluate(model, held, tokenizer.pad_token_id, device)
    folder = destination or loaded.voice or loaded.folder / "voice"
    publish_voice(model, folder, loaded, facts)
    return folder


_TRAINED_BY = (
    "rank",
    "alpha",
    "learning_rate",
    "batch_size",
    "max_tokens",
    "reading",
    "reading_first",
    "epochs",
)


def encode_example(tokenizer: Any, instruction: Message, example: Example) -> Encoded:
    """Tokens of a conversation under the persona's instruction; labels on the replies and their end mark alone."""
    messages = (instruction, *example.messages)
    ids: list[int] = []
    labels: list[int] = []
    for index, message in enumerate(messages):
        if message.role != "assistant":
            continue
        prompt = encode_messages(tokenizer, messages[:index], answer_next=True)
        reply = tokenizer(message.content, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
        labels += [IGNORED] * (len(prompt) - len(ids)) + reply
        ids = prompt + reply
    return Encoded(ids, labels)


def make_batches(examples: Sequence[Encoded], size: int, seed: int) -> Iterator[list[Encoded]]:
    """Batches in the order given, but sorted by length within every `BUCKET` batches, so that little is padded."""
    shuffle = random.Random(seed)
    step = size * BUCKET
    for start in range(0, len(examples), step):
        bucket = sorted(examples[start : start + step], key=lambda item: len(item.ids))
        batches = [bucket[first : first + size] for first in range(0, len(bucket), size)]
        shuffle.shuffle(batches)
        yield from batches


def answer_loss(model: Any, batch: Sequence[Encoded], pad: int, device: Any) -> Any:
    """Mean cross-entropy over the labelled tokens of a batch, in nats; a tensor of shape ().

    The vocabulary's matrix is a fifth of a small model, so logits are made for the labelled positions alone.
    """
    import torch

    width = max(len(item.ids) for item in batch)
    ids = torch.full((len(batch), width), pad, dtype=torch.long)
    labels = torch.full((len(batch), width), IGNORED, dtype=torch.long)
    mask = torch.zeros((len(batch), width), dtype=torch.long)
    for row, item in enumerate(batch):
        length = len(item.ids)
        ids[row, :length] = torch.tensor(item.ids)
        labels[row, :length] = torch.tensor(item.labels)
        mask[row, :length] = 1
    ids, labels, mask = ids.to(device), labels.to(device), mask.to(device)
    causal = model.get_base_model()
    hidden = causal.model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
    targets = labels[:, 1:]
    chosen = targets != IGNORED
    logits = causal.lm_head(hidden[:, :-1][chosen])
    return torch.nn.functional.cross_entropy(logits.float(), targets[chosen])


def _evaluate(model: Any, examples: Sequence[Encoded], pad: int, device: Any) -> float:
    import torch

    if not examples:
        return float("nan")
    with torch.inference_mode():
        losses = [answer_loss(model, [item], pad, device).item() for item in examples]
    return mean_loss(losses)


def _held_out(order: Sequence[Example], seed: int) -> set[Example]:
    lines = sorted({example for example in order if not example.kind.startswith("reading")}, key=repr)
    return set(random.Random(seed).sample(lines, min(HELD_OUT, len(lines) // 10)))


def _with_recipe(loaded: LoadedPersona, recipe: VoiceRecipe) -> LoadedPersona:
    persona = loaded.persona.model_copy(update={"training": recipe})
    return LoadedPersona(loaded.id, loaded.folder, persona)


def _fingerprint(
    batches: Sequence[Sequence[Encoded]], recipe: VoiceRecipe, weights: GeneratorWeights, seed: int
) -> str:
    known = [[item.ids for item in batch] for batch in batches]
    settings = recipe.model_dump(include={"rank", "alpha", "learning_rate"})
    text = json.dumps([known, settings, weights.name, seed])
    return hashlib.sha256(text.encode()).hexdigest()

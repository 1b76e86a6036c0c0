"""LoRA training of a voice (Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021).

One pass over `training_order`, the loss on the replies alone. A run that was killed resumes (see `loop`).
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from chatbot.engines import ChatTokenizer, GeneratorWeights, check_voice
from chatbot.errors import TrainingError
from chatbot.library.encoders import ADAPTER_WEIGHTS
from chatbot.lines import Example, counts, read_lines
from chatbot.progress import Say
from chatbot.prompts import Message
from chatbot.tuning.cards import voice_card
from chatbot.tuning.comprehension import reading_examples
from chatbot.tuning.encoders import autocast
from chatbot.tuning.loop import OnStep, bucketed, mean_loss, run_steps, with_adapter
from chatbot.tuning.publish import publish_adapter
from personas import LoadedPersona, VoiceRecipe

HELD_OUT = 32  # lines kept away from training, for the loss that the card states
IGNORED = -100

Ground = Callable[[Sequence[Example]], list[Example]]
Card = Callable[[LoadedPersona, Mapping[str, Any]], str]


@dataclass(frozen=True)
class Encoded:
    """Token ids of one example and which of them are trained on (labels, `IGNORED` elsewhere); shape (tokens,)."""

    ids: list[int]
    labels: list[int]


def unnoted(examples: Sequence[Example]) -> list[Example]:
    """The lines that need no notes: to train on the others without them would teach the model to invent."""
    return [example for example in examples if not example.work]


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
    ground: Ground = unnoted,
    on_step: OnStep = lambda _: None,
    say: Say = lambda _: None,
) -> Path:
    """Train the voice of a persona and write it in PEFT's layout.

    Args:
        loaded: the persona; its `training` says how.
        weights: the base model.
        runs: where checkpoints go, in one folder for each persona.
        reading: the folder of the reading comprehension set, if the recipe asks for some of it.
        seed: of the order, the first weights and the wording of the reading examples.
        threads: CPU threads; 0: as many as torch likes.
        destination: where the voice goes; default: the persona's own voice folder.
        recipe: in place of the persona's own.
        ground: puts notes before the questions of lines that rest on the casebook; default: these are left out.
        on_step: told after every step.
        say: told what is left out, and whether a checkpoint is used.

    Returns:
        The folder of the voice.

    Raises:
        TrainingError: there is nothing to train on, or the folder cannot be written.
    """
    recipe = recipe or loaded.persona.training
    order = training_order(_with_recipe(loaded, recipe), reading, seed, ground)
    held_out = _held_out(order, seed)
    return train_on(
        [example for example in order if example not in held_out],
        sorted(held_out, key=repr),
        loaded,
        weights,
        runs / loaded.id,
        recipe=recipe,
        card=voice_card,
        seed=seed,
        threads=threads,
        destination=destination or loaded.voice or loaded.folder / "voice",
        on_step=on_step,
        say=say,
    )


def train_on(
    order: Sequence[Example],
    held_out: Sequence[Example],
    loaded: LoadedPersona,
    weights: GeneratorWeights,
    run: Path,
    *,
    recipe: VoiceRecipe,
    card: Card,
    destination: Path,
    start: Path | None = None,
    seed: int = 7,
    threads: int = 0,
    on_step: OnStep = lambda _: None,
    say: Say = lambda _: None,
) -> Path:
    """Train an adapter on these examples, in this order, and write it in PEFT's layout.

    Args:
        order: the examples.
        held_out: those whose loss the card states.
        loaded: whose instruction opens every example.
        weights: the base model.
        run: the folder of the checkpoint.
        recipe: rank, alpha, learning rate, batch size and the longest example.
        card: writes the card from `training.json`.
        destination: where the adapter goes.
        start: the adapter to go on from, of the same rank and alpha; None: a fresh one.
        seed: of the order within batches, and of the first weights.
        threads: CPU threads; 0: as many as torch likes.
        on_step: told after every step.
        say: told what is left out, and whether a checkpoint is used.

    Returns:
        The folder of the adapter.

    Raises:
        TrainingError: there is nothing to train on, or the folder cannot be written.
        VoiceError: `start` is no voice of this model.
    """
    import torch
    from peft import LoraConfig, set_peft_model_state_dict
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM

    if start is not None:
        check_voice(start, weights)
    tokenizer = ChatTokenizer(weights.folder)
    instruction = Message("system", loaded.persona.instruction())
    encoded = [encode_example(tokenizer, instruction, example) for example in order]
    fitting = [item for item in encoded if len(item.ids) <= recipe.max_tokens]
    if len(fitting) < len(encoded):
        say(f"{len(encoded) - len(fitting)} examples are longer than {recipe.max_tokens} tokens and are left out.")
    batches = bucketed(fitting, recipe.batch_size, lambda item: len(item.ids), random.Random(seed))
    if not batches:
        raise TrainingError(f"There is nothing to train the voice of {loaded.persona.name} on: no example fits.")

    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=0.0,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
        base_model_name_or_path=weights.name,
    )
    model = with_adapter(
        lambda: AutoModelForCausalLM.from_pretrained(weights.folder, dtype=torch.float32),
        config,
        seed=seed,
        threads=threads,
    )
    if start is not None:
        set_peft_model_state_dict(model, load_file(start / ADAPTER_WEIGHTS))

    def loss_of(batch: Sequence[Encoded]) -> tuple[Any, int]:
        with autocast(model.device):
            return answer_loss(model, batch, tokenizer.end), sum(len(item.ids) for item in batch)

    state = run_steps(
        model,
        batches,
        loss_of,
        settings=(recipe.rank, recipe.alpha, recipe.learning_rate, weights.name, seed, _digest(start)),
        learning_rate=recipe.learning_rate,
        checkpoint=run / "checkpoint.pt",
        on_step=on_step,
        say=say,
    )
    held = [encode_example(tokenizer, instruction, example) for example in held_out]
    facts = {
        "base": weights.name,
        "seed": seed,
        "recipe": recipe.model_dump(),
        "examples": counts(order),
        "held_out": len(held),
        **state.facts(),
        "loss_held_out": _evaluate(model, held, tokenizer.end),
    }
    with model.disable_adapter():
        facts["loss_held_out_base"] = _evaluate(model, held, tokenizer.end)
    publish_adapter(model, destination, facts, card(loaded, facts), "voice")
    return destination


def training_order(loaded: LoadedPersona, reading: Path | None, seed: int, ground: Ground = unnoted) -> list[Example]:
    """Every example in the order it is trained on.

    Reading comes first, so that the model learns to look into the notes while its manner is still free; then the
    lines, mixed with the rest of the reading so that neither is forgotten.

    Raises:
        TrainingError: the lines cannot be read, or reading is asked for and its folder is not named.
    """
    recipe = loaded.persona.training
    shuffle = random.Random(seed)
    lines = ground(read_lines(loaded.lines, partial(loaded.persona.named, spoken=True)))
    examples: list[Example] = []
    if recipe.reading:
        if reading is None:
            raise TrainingError(
                f"The persona '{loaded.id}' trains on {recipe.reading} reading questions. Name the folder that holds "
                "sections.jsonl and questions.jsonl with --reading (or BAKERSTREET_READING), or pass "
                "--no-reading to train on the lines alone."
            )
        examples = reading_examples(reading, loaded.persona, recipe.reading, seed)
    first = round(len(examples) * recipe.reading_first)
    head, rest = examples[:first], examples[first:]
    passes: list[Example] = []
    share = -(-len(rest) // recipe.epochs) if rest else 0
    for epoch in range(recipe.epochs):
        mixed = [*lines, *rest[epoch * share : (epoch + 1) * share]]
        shuffle.shuffle(mixed)
        passes += mixed
    return [*head, *passes]


def encode_example(tokenizer: ChatTokenizer, instruction: Message, example: Example) -> Encoded:
    """Tokens of a conversation under the persona's instruction; labels on the replies and their end mark alone."""
    messages = (instruction, *example.messages)
    ids: list[int] = []
    labels: list[int] = []
    for index, message in enumerate(messages):
        if message.role != "assistant":
            continue
        prompt = tokenizer.encode_messages(messages[:index])
        reply = [*tokenizer.encode(message.content), tokenizer.end]
        labels += [IGNORED] * (len(prompt) - len(ids)) + reply
        ids = prompt + reply
    return Encoded(ids, labels)


def answer_loss(model: Any, batch: Sequence[Encoded], pad: int) -> Any:
    """Mean cross-entropy over the labelled tokens of a batch, in nats; a tensor of shape ().

    The matrix of the vocabulary is a fifth of a small model, so logits are computed at labelled positions only.
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
    ids, labels, mask = ids.to(model.device), labels.to(model.device), mask.to(model.device)
    causal = model.get_base_model()
    hidden = causal.model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
    targets = labels[:, 1:]
    chosen = targets != IGNORED
    logits = causal.lm_head(hidden[:, :-1][chosen])
    return torch.nn.functional.cross_entropy(logits.float(), targets[chosen])


def _evaluate(model: Any, examples: Sequence[Encoded], pad: int) -> float:
    import torch

    if not examples:
        return float("nan")
    with torch.inference_mode():
        losses = [answer_loss(model, [item], pad).item() for item in examples]
    return mean_loss(losses)


def _digest(adapter: Path | None) -> str:
    """Tells one adapter from another; empty for none."""
    return hashlib.sha256((adapter / ADAPTER_WEIGHTS).read_bytes()).hexdigest() if adapter else ""


def _held_out(order: Sequence[Example], seed: int) -> set[Example]:
    lines = sorted({example for example in order if not example.kind.startswith("reading")}, key=repr)
    return set(random.Random(seed).sample(lines, min(HELD_OUT, len(lines) // 10)))


def _with_recipe(loaded: LoadedPersona, recipe: VoiceRecipe) -> LoadedPersona:
    persona = loaded.persona.model_copy(update={"training": recipe})
    return LoadedPersona(loaded.id, loaded.folder, persona)

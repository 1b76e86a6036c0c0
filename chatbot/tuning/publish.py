"""Write a trained adapter: PEFT's layout, half precision, with a model card."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from chatbot.errors import TrainingError
from personas import LoadedPersona

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
FACTS = "training.json"
CARD = "README.md"


def publish_voice(model: Any, folder: Path, loaded: LoadedPersona, facts: dict[str, Any]) -> None:
    """Write the adapter of `model` with its card into `folder`; the old voice stays until the new one is whole.

    Raises:
        TrainingError: the folder cannot be written.
    """
    publish_adapter(model, folder, facts, card(loaded, facts), "voice")


def publish_adapter(model: Any, folder: Path, facts: dict[str, Any], text: str, what: str) -> None:
    """Write an adapter of any kind into `folder`; an old one stays until the new one is whole.

    Args:
        model: the PEFT model.
        folder: where it goes.
        facts: what `training.json` shall say; `base` names the model that it belongs to.
        text: the model card.
        what: what it is, in a word.

    Raises:
        TrainingError: the folder cannot be written.
    """
    import torch
    from peft import get_peft_model_state_dict
    from safetensors.torch import save_file

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{what}-") as name:
            partial = Path(name)
            tensors = {
                key: value.detach().to("cpu", torch.float16).contiguous()
                for key, value in get_peft_model_state_dict(model, save_embedding_layers=False).items()
            }
            save_file(tensors, partial / WEIGHTS, metadata={"format": "pt"})
            config = model.peft_config["default"]
            config.inference_mode = True
            # PEFT puts the folder of the base here, which means nothing on another machine.
            config.base_model_name_or_path = facts["base"]
            config.save_pretrained(partial)
            (partial / FACTS).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
            (partial / CARD).write_text(text, encoding="utf-8")
            for file in sorted(partial.iterdir()):
                file.replace(folder / file.name)
    except OSError as error:
        raise TrainingError(f"The {what} cannot be written to {folder}: {error}.") from error


def card(loaded: LoadedPersona, facts: dict[str, Any]) -> str:
    """The model card: data, base, settings and losses."""
    recipe = facts["recipe"]
    kinds = "\n".join(f"| {kind} | {number} |" for kind, number in facts["examples"].items())
    practice = (
        "The `reading` examples are made from the training part of FairytaleQA (Xu et al., ACL 2022, Apache-2.0), "
        "which is not part of this project; the other kinds are the persona's own `lines.jsonl`, written for it."
        if any(kind.startswith("reading") for kind in facts["examples"])
        else "All examples are the persona's own `lines.jsonl`, written for it."
    )
    return f"""---
base_model: {facts["base"]}
library_name: peft
license: apache-2.0
tags: [lora, persona]
---
# The voice of {loaded.persona.name}

A LoRA adapter for {facts["base"]}: it speaks as {loaded.persona.name} and answers from the notes it is given.

## Data

| kind | examples, passes counted |
|---|---|
{kinds}

{practice}

## Settings

Rank {recipe["rank"]}, alpha {recipe["alpha"]}, all linear layers, no dropout; AdamW, learning rate
{recipe["learning_rate"]:g} with warm-up, plateau and decay, batches of {recipe["batch_size"]}, gradients clipped at 1,
loss on the replies alone, 32-bit; seed {facts["seed"]}. {facts["steps"]} steps, {facts["tokens"]:,} tokens,
{facts["minutes"]} minutes.

Made by `bakerstreet voice train {loaded.id} --seed {facts["seed"]}`.

## Losses (nats a token)

| | |
|---|---|
| first 20 steps | {facts["loss_first"]} |
| last 20 steps | {facts["loss_last"]} |
| {facts["held_out"]} lines held out, with the voice | {facts["loss_held_out"]} |
| the same lines, base model | {facts["loss_held_out_base"]} |
"""

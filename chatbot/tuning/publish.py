"""Write a trained adapter: PEFT's layout, half precision, with a model card."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from chatbot.errors import TrainingError
from chatbot.library.encoders import ADAPTER_WEIGHTS

FACTS = "training.json"
CARD = "README.md"


def publish_adapter(model: Any, folder: Path, facts: dict[str, Any], card: str, what: str) -> None:
    """Write an adapter into `folder`; an old one stays until the new one is complete.

    Args:
        model: the PEFT model.
        folder: where it goes.
        facts: the content of `training.json`; `base` names the model that it belongs to.
        card: the model card.
        what: voice, retriever or reranker.

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
            save_file(tensors, partial / ADAPTER_WEIGHTS, metadata={"format": "pt"})
            config = model.peft_config["default"]
            config.inference_mode = True
            # PEFT puts the folder of the base here, which means nothing on another machine.
            config.base_model_name_or_path = facts["base"]
            config.save_pretrained(partial)
            (partial / FACTS).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
            (partial / CARD).write_text(card, encoding="utf-8")
            for file in sorted(partial.iterdir()):
                file.replace(folder / file.name)
    except OSError as error:
        raise TrainingError(
            f"The {what} cannot be written to {folder}: {error}. Name another folder with --out."
        ) from error

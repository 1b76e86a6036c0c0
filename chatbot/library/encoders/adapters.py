"""LoRA adapters for the encoders: in PEFT's layout in a persona's folder, merged into the weights before use."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path
from typing import Any

from chatbot.conversion import damage
from chatbot.errors import ModelError

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"


def adapter_stamp(folder: Path) -> str:
    """A hash of an adapter's files, 12 hexadecimal digits.

    Raises:
        ModelError: it is missing or damaged; the message says what to do.
    """
    stamp = hashlib.sha256()
    try:
        for name in (ADAPTER_CONFIG, ADAPTER_WEIGHTS):
            stamp.update((folder / name).read_bytes())
        json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
        if why := damage(folder / ADAPTER_WEIGHTS):
            raise ValueError(why)
    except (OSError, ValueError) as error:
        raise _unusable(folder, f"{name}: {error.strerror if isinstance(error, OSError) else error}") from error
    return stamp.hexdigest()[:12]


def merged(model: Any, folder: Path) -> Any:
    """A transformers model with the adapter in `folder` merged into its weights.

    Raises:
        ModelError: the adapter is missing, damaged, or made for another model; the message says what to do.
    """
    from peft import PeftModel
    from safetensors import safe_open

    adapter_stamp(folder)
    try:
        with safe_open(str(folder / ADAPTER_WEIGHTS), "pt") as file:
            names = set(file.keys())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about tensors that do not fit; they are an error below
            tuned = PeftModel.from_pretrained(model, str(folder))
        missing = {name for name in _saved_names(tuned) if name not in names}
        if missing or not names:
            raise ValueError(f"{len(missing)} of its tensors are missing")
        return tuned.merge_and_unload().eval()
    except Exception as error:  # PEFT, safetensors and torch each raise their own
        raise _unusable(folder, str(error).splitlines()[0] if str(error) else type(error).__name__) from error


def _saved_names(model: Any) -> set[str]:
    from peft import get_peft_model_state_dict

    return set(get_peft_model_state_dict(model, save_embedding_layers=False))


def _unusable(folder: Path, why: str) -> ModelError:
    return ModelError(
        f"The adapter in {folder} cannot be used ({why}). Train it again with `bakerstreet library tune PERSONA`, or "
        "delete the folder: the model is then used without it."
    )

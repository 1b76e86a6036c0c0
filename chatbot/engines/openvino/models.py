"""Models converted for OpenVINO: the base, and one for each voice, whose adapter is merged into the weights.

    <models>/openvino/<base>-<stamp>/           the base
    <models>/openvino/<base>-<stamp>+<voice>/   the base with a voice

A voice is a second set of weights because that costs nothing while tokens are written. Adapters beside the weights
made writing a fifth slower and prompts half as slow again, with the voice on or off. The stamp is made of the files of
the weights and of the adapter, so that a model or a voice that changed is converted again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.conversion import GRAPH, is_sealed, make_folder, seal
from chatbot.engines.weights import GeneratorWeights
from chatbot.errors import ConversionError
from chatbot.progress import Say

FORMAT = 2  # of the graph; raised when earlier conversions can no longer be used
KEPT_VOICES = 4  # conversions of one base's voices that stay on disk, the newest
PROBE_TOKENS = 48
# The least mean cosine of the probe's logits with the original's. A graph with a mistake has a fraction of it.
AGREEMENT = 0.9


@dataclass(frozen=True)
class ConvertedModel:
    """A converted model on disk.

    Attributes:
        folder: holds the graph, its weights, and the configuration files that GenAI reads.
        end_tokens: the ids that end a reply.
        window: the most positions that the model was trained for.
        values_per_token: numbers in the keys and values of one position, in all layers.
    """

    folder: Path
    end_tokens: frozenset[int]
    window: int
    values_per_token: int

    def not_loaded(self, error: Exception) -> ConversionError:
        """What to raise where OpenVINO failed to load it with `error`."""
        return ConversionError(f"OpenVINO cannot load {self.folder}: {error}. Remove the folder; it is made again")


def converted(
    weights: GeneratorWeights, models: Path, voice: Path | None = None, say: Say = lambda _: None
) -> ConvertedModel:
    """The converted model of `weights`, with `voice` merged into it; converted now if it is missing or damaged.

    Args:
        weights: the base, in transformers' layout.
        models: the folder of converted models.
        voice: the folder of an adapter for this base (see `check_voice`); None: the base alone.
        say: told when something is being converted.

    Raises:
        ConversionError: OpenVINO cannot run this model or this adapter.
    """
    folder = models / "openvino" / _name(weights, voice)
    if not is_whole(folder):
        what = f"the voice in {voice}" if voice else weights.name
        say(f"Converting {what} to 8 bits for OpenVINO (once, about ten seconds) ...")
        _convert(weights, voice, folder)
        if voice:
            _forget_old_voices(folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    heads = config.get("num_key_value_heads") or config["num_attention_heads"]
    head_dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    return ConvertedModel(
        folder,
        frozenset(_end_tokens(folder, config)),
        int(config["max_position_embeddings"]),
        config["num_hidden_layers"] * heads * head_dim * 2,
    )


def is_whole(folder: Path) -> bool:
    """Whether a conversion is complete and undamaged."""
    return is_sealed(folder, FORMAT)


def _name(weights: GeneratorWeights, voice: Path | None) -> str:
    files = sorted(weights.folder.glob("*.safetensors"))
    base = hashlib.sha256("".join(f"{file.name}:{file.stat().st_size};" for file in files).encode())
    if weights.folder.parent.name != "openvino":  # two models with files of the same size are told apart by their paths
        base.update(str(weights.folder.resolve()).encode())
    name = f"{weights.name}-{base.hexdigest()[:12]}"
    if voice is None:
        return name
    adapter = hashlib.sha256()
    for file in sorted([*voice.glob("adapter_*.safetensors"), *voice.glob("adapter_*.json")]):
        adapter.update(file.read_bytes())
    return f"{name}+{adapter.hexdigest()[:12]}"


def _convert(weights: GeneratorWeights, voice: Path | None, folder: Path) -> None:
    import openvino

    from chatbot.engines.openvino.graph import build_graph

    def write(partial: Path) -> None:
        config = json.loads((weights.folder / "config.json").read_text(encoding="utf-8"))
        reference = _in_torch(weights, voice)
        state = {name: part.float().numpy() for name, part in reference.state_dict().items()}
        if config.get("tie_word_embeddings"):
            state.pop("lm_head.weight", None)
        graph = build_graph(config, state)
        _compare(graph, reference)
        openvino.save_model(graph, partial / GRAPH, compress_to_fp16=False)
        for name in ("config.json", "generation_config.json"):
            if (weights.folder / name).is_file():
                shutil.copyfile(weights.folder / name, partial / name)
        seal(partial, FORMAT, name=weights.name, voice=voice is not None)

    try:
        make_folder(folder, write, is_whole)
    except ConversionError:
        raise
    except Exception as error:  # torch, PEFT and OpenVINO each raise their own
        raise ConversionError(f"{type(error).__name__}: {error}") from error


def _in_torch(weights: GeneratorWeights, voice: Path | None) -> Any:
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    model: Any = AutoModelForCausalLM.from_pretrained(weights.folder, dtype=torch.float32)
    if voice is not None:
        from peft import PeftModel

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PEFT uses a deprecated name of transformers
            model = PeftModel.from_pretrained(model, str(voice)).merge_and_unload()
    return model.eval()


def _compare(graph: Any, reference: Any) -> None:
    """Raises ConversionError where the logits of a few random tokens differ from the original's."""
    import numpy as np
    import openvino
    import torch

    probe = np.random.default_rng(0).integers(0, reference.config.vocab_size, (1, PROBE_TOKENS), dtype=np.int64)
    request = openvino.Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    computed = request.infer(
        {
            "input_ids": probe,
            "attention_mask": np.ones_like(probe),
            "position_ids": np.arange(PROBE_TOKENS)[None],
            "beam_idx": np.zeros(1, dtype=np.int32),
        }
    )["logits"]
    with torch.inference_mode():
        wanted = reference(input_ids=torch.from_numpy(probe)).logits.numpy()
    # Both have the shape (1, tokens, vocabulary). A constant added to all logits of a token changes no probability.
    wanted, computed = (part - part.mean(-1, keepdims=True) for part in (wanted, computed))
    cosines = (computed * wanted).sum(-1) / (np.linalg.norm(computed, axis=-1) * np.linalg.norm(wanted, axis=-1))
    if cosines.mean() < AGREEMENT:
        raise ConversionError(f"the converted model does not agree with the original (cosine {cosines.mean():.2f})")


def _end_tokens(folder: Path, config: dict[str, Any]) -> list[Any]:
    ends = config.get("eos_token_id")
    with suppress(OSError, ValueError):
        stated = json.loads((folder / "generation_config.json").read_text(encoding="utf-8"))
        ends = stated.get("eos_token_id", ends)
    return ends if isinstance(ends, list) else [ends]


def _forget_old_voices(newest: Path) -> None:
    """Remove all but the last few voices of a base: each training of a voice leaves a new conversion."""
    base = newest.name.split("+")[0]
    others = sorted(newest.parent.glob(f"{base}+*"), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in others[KEPT_VOICES:]:
        shutil.rmtree(folder, ignore_errors=True)

"""Models converted for OpenVINO: the base, and one for each voice with its adapter merged into the weights.

    <models>/openvino/<base>-<stamp>/           the base
    <models>/openvino/<base>-<stamp>+<voice>/   the base with a voice

A voice is a second set of weights because that costs nothing while tokens are written; adapters beside the weights
cost a fifth of the speed and half as much again for prompts, for the voice and for the base. The stamp is of the
weights' file and of the adapter's, so a model or a voice that changed is converted anew.
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

from chatbot.conversion import DATA, GRAPH, is_sealed, make_folder, seal
from chatbot.engines import GeneratorWeights
from chatbot.errors import ConversionError
from chatbot.progress import Say

FORMAT = 2  # of the graph; raised where an earlier conversion is no longer good
KEPT_VOICES = 4  # conversions of one base's voices that stay on disk, the newest
PROBE_TOKENS = 48
# The cosine of the probe's logits with the original's; a graph that is wrong somewhere has a fraction of it.
AGREEMENT = 0.9


@dataclass(frozen=True)
class Converted:
    """A converted model on disk.

    Attributes:
        folder: with the graph, its weights, and the configuration that GenAI asks for.
        end_tokens: the ids that end a reply.
        window: the most positions the model knows.
        bytes_per_token: of keys and values in 32 bits, for one position.
    """

    folder: Path
    end_tokens: frozenset[int]
    window: int
    bytes_per_token: int

    @property
    def weights_bytes(self) -> int:
        """Bytes of weights that a token reads."""
        return (self.folder / DATA).stat().st_size


def converted(
    weights: GeneratorWeights, models: Path, voice: Path | None = None, say: Say = lambda _: None
) -> Converted:
    """The converted model of `weights`, with `voice` merged into it; made where it is missing or damaged.

    Args:
        weights: the base, in transformers' layout.
        models: the folder of converted models.
        voice: an adapter's folder, checked before; None: the base alone.
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
    return Converted(
        folder,
        frozenset(_end_tokens(folder, config)),
        int(config["max_position_embeddings"]),
        config["num_hidden_layers"] * heads * head_dim * 2 * 4,
    )


def is_whole(folder: Path) -> bool:
    """Whether a conversion is complete and undamaged."""
    return is_sealed(folder, FORMAT)


def _name(weights: GeneratorWeights, voice: Path | None) -> str:
    files = sorted(weights.folder.glob("*.safetensors"))
    base = hashlib.sha256("".join(f"{file.name}:{file.stat().st_size};" for file in files).encode())
    if weights.folder.parent.name != "openvino":  # two models of one size are told apart by where they lie
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
        _prove(graph, reference)
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
            warnings.simplefilter("ignore")  # PEFT asks transformers by a name that is going away
            model = PeftModel.from_pretrained(model, str(voice)).merge_and_unload()
    return model.eval()


def _prove(graph: Any, reference: Any) -> None:
    """Raises ConversionError where the graph does not say what the model says about a handful of tokens."""
    import numpy as np
    import openvino
    import torch

    probe = np.random.default_rng(0).integers(0, reference.config.vocab_size, (1, PROBE_TOKENS), dtype=np.int64)
    request = openvino.Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    said = request.infer(
        {
            "input_ids": probe,
            "attention_mask": np.ones_like(probe),
            "position_ids": np.arange(PROBE_TOKENS)[None],
            "beam_idx": np.zeros(1, dtype=np.int32),
        }
    )["logits"]
    with torch.inference_mode():
        wanted = reference(input_ids=torch.from_numpy(probe)).logits.numpy()
    wanted, said = (part - part.mean(-1, keepdims=True) for part in (wanted, said))
    cosines = (said * wanted).sum(-1) / (np.linalg.norm(said, axis=-1) * np.linalg.norm(wanted, axis=-1))
    if cosines.mean() < AGREEMENT:
        raise ConversionError(f"the converted model does not agree with the original (cosine {cosines.mean():.2f})")


def _end_tokens(folder: Path, config: dict[str, Any]) -> list[Any]:
    ends = config.get("eos_token_id")
    with suppress(OSError, ValueError):
        stated = json.loads((folder / "generation_config.json").read_text(encoding="utf-8"))
        ends = stated.get("eos_token_id", ends)
    return ends if isinstance(ends, list) else [ends]


def _forget_old_voices(newest: Path) -> None:
    """Retraining a voice makes a new conversion each time; only the last few stay."""
    base = newest.name.split("+")[0]
    others = sorted(newest.parent.glob(f"{base}+*"), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in others[KEPT_VOICES:]:
        shutil.rmtree(folder, ignore_errors=True)

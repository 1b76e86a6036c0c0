"""The model and its voices: the only module that calls torch's forward pass. It belongs to the engine's worker."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chatbot.engines import Batch, GeneratorWeights
from chatbot.engines.torch.prefix_cache import LayerKV
from chatbot.errors import ModelError, VoiceError

BASE = "__base__"  # PEFT's own name for "no adapter" in a mixed batch


class Interrupted(Exception):
    """The reader left while the prompt was being read."""


class Voices:
    """A generator with any number of LoRA adapters on it.

    Raises:
        ModelError: the weights cannot be loaded.
    """

    def __init__(self, weights: GeneratorWeights, device: str, threads: int) -> None:
        import torch
        from transformers import AutoModelForCausalLM
        from transformers.utils import logging

        logging.disable_progress_bar()
        # PEFT still asks transformers by a name that is going away; there is nothing a user could do.
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*")
        if threads:
            torch.set_num_threads(threads)
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        # 16-bit weights are read five times slower than 32-bit ones on ordinary CPUs.
        dtype = torch.float32 if device == "cpu" else torch.bfloat16
        try:
            model = AutoModelForCausalLM.from_pretrained(weights.folder, dtype=dtype)
        except (OSError, ValueError) as error:
            raise ModelError(
                f"The model in {weights.folder} cannot be loaded: {error}. Remove the folder; it is made anew."
            ) from error
        self._model: Any = model.to(device).eval()
        # Reading a long prompt takes seconds; a reader who leaves is noticed at the next layer.
        self._interrupted: Callable[[], bool] | None = None
        lists = [part for part in self._model.modules() if isinstance(part, torch.nn.ModuleList)]
        for layer in max(lists, key=len, default=()):
            layer.register_forward_pre_hook(self._ask_whether_interrupted)
        self._weights = weights
        self._names: dict[Path, str] = {}
        self._active: str | None = BASE
        config, generation = model.config, model.generation_config
        ends = generation.eos_token_id if generation.eos_token_id is not None else config.eos_token_id
        self.end_tokens = frozenset(ends if isinstance(ends, list) else [ends])
        self.window = int(config.max_position_embeddings)

    def load(self, folder: Path) -> str:
        """Load the adapter in `folder`, once; returns the name it has here.

        Raises:
            VoiceError: it is missing, damaged, or made for another base model.
        """
        folder = folder.resolve()
        if folder in self._names:
            return self._names[folder]
        check_voice(folder, self._weights)
        name = f"voice-{len(self._names)}"
        try:
            if not self._names:
                from peft import PeftModel

                self._model = PeftModel.from_pretrained(self._model, str(folder), adapter_name=name).eval()
            else:
                self._model.load_adapter(str(folder), adapter_name=name)
        except Exception as error:  # PEFT, safetensors and torch each raise their own
            raise VoiceError(f"The voice in {folder} cannot be loaded: {error}. Train it anew.") from error
        self._model.requires_grad_(False)
        self._active = None  # PEFT turns a freshly loaded adapter on
        self._names[folder] = name
        return name

    @property
    def weights_bytes(self) -> int:
        """Bytes of weights that a token reads, the base model's."""
        return base_bytes(self._model)

    def read(
        self,
        tokens: Sequence[int],
        layers: Sequence[LayerKV],
        voice: str,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> tuple[Any, tuple[LayerKV, ...]]:
        """Read `tokens` after what `layers` hold; the logits of the last, shape (vocabulary,), and all layers.

        Raises:
            Interrupted: `interrupted` said so, asked before every layer; `layers` are as they were.
        """
        import torch
        from transformers import DynamicCache

        cache = DynamicCache()
        for number, (keys, values) in enumerate(layers):
            cache.update(keys, values, number)
        ids = torch.tensor([list(tokens)], device=self._model.device)
        self._interrupted = interrupted
        try:
            with torch.inference_mode(), self._with([voice]) as extra:
                out = self._model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1, **extra)
        finally:
            self._interrupted = None
        return out.logits[0, -1], tuple((layer.keys, layer.values) for layer in cache.layers)

    def write(
        self,
        tokens: Sequence[Sequence[int]],
        positions: Sequence[Sequence[int]],
        mask: Any,
        cache: Any,
        voices: Sequence[str],
    ) -> Any:
        """Logits after each of `tokens`, shape (rows, tokens, vocabulary); `cache` grows by them.

        Args:
            tokens: the next ones of every row, shape (rows, tokens).
            positions: their places in the rows, of the same shape.
            mask: what each row may look at, shape (rows, cached + tokens); not asked for one row.
            cache: the rows' keys and values.
            voices: each row's.
        """
        import torch

        with torch.inference_mode(), self._with(voices) as extra:
            out = self._model(
                input_ids=torch.tensor(tokens, device=self._model.device),
                attention_mask=mask if len(tokens) > 1 else None,
                position_ids=torch.tensor(positions, device=self._model.device),
                past_key_values=cache,
                use_cache=True,
                **extra,
            )
        return out.logits

    def score(self, batch: Batch) -> list[float]:
        """Natural log-probabilities of the batch's targets by the base model, shape (scored,)."""
        import torch

        width = batch.ids.shape[1]
        texts, places = batch.rows // width, batch.rows % width
        kept = int(width - places.min())
        ids = torch.from_numpy(batch.ids).to(self._model.device)
        with torch.inference_mode(), self._with([BASE] * len(batch.texts)) as extra:
            logits = self._model(input_ids=ids, use_cache=False, logits_to_keep=kept, **extra).logits.float()
            chances = logits[torch.from_numpy(texts), torch.from_numpy(places - (width - kept))].log_softmax(-1).cpu()
            scores: list[float] = chances.gather(1, torch.from_numpy(batch.targets)[:, None])[:, 0].tolist()
        return scores

    def _ask_whether_interrupted(self, *_: Any) -> None:
        if self._interrupted is not None and self._interrupted():
            raise Interrupted

    @contextmanager
    def _with(self, voices: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The model with the rows' voices: one for all where they agree, which is faster, else each its own."""
        if not self._names:
            yield {}
        elif len(set(voices)) > 1:
            self._switch(self._first_voice())
            yield {"adapter_names": list(voices)}
        else:
            self._switch(voices[0])
            yield {}

    def _first_voice(self) -> str:
        return next(iter(self._names.values()))

    def _switch(self, voice: str) -> None:
        if voice == self._active:
            return
        if voice == BASE:
            self._model.base_model.disable_adapter_layers()
        else:
            self._model.base_model.enable_adapter_layers()
            self._model.set_adapter(voice, inference_mode=True)
        self._active = voice


def check_voice(folder: Path, weights: GeneratorWeights) -> None:
    """Raises VoiceError where `folder` holds no adapter, or one for another base than `weights`."""
    file = folder / "adapter_config.json"
    try:
        stated = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise VoiceError(
            f"There is no voice in {folder}. Train one with `bakerstreet voice train`, or use the mode 'rag'."
        ) from error
    except ValueError as error:
        raise VoiceError(f"{file} is damaged: {error}. Train the voice anew.") from error
    base = str(stated.get("base_model_name_or_path", "")).rstrip("/").split("/")[-1]
    if base != weights.name:
        raise VoiceError(
            f"The voice in {folder} was made for {base or 'an unnamed model'}, but the model here is {weights.name}. "
            "Set BAKERSTREET_MODEL to its base, train a voice for this model with `bakerstreet voice train`, or use "
            "the mode 'rag'."
        )


def base_bytes(model: Any) -> int:
    """Bytes of a torch model's weights, without its adapters."""
    return sum(part.numel() * part.element_size() for name, part in model.named_parameters() if "lora_" not in name)

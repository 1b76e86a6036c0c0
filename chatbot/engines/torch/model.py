"""The model with its voices: the only module that runs torch's forward pass; used by the worker alone."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chatbot.engines.likelihood import Batch
from chatbot.engines.torch.prefix_cache import LayerKV
from chatbot.engines.weights import GeneratorWeights, check_voice
from chatbot.errors import ModelError, VoiceError

BASE = "__base__"  # PEFT's own name for "no adapter" in a mixed batch


class Interrupted(Exception):
    """The reader left while the prompt was being read."""


class TorchModel:
    """A generator with any number of LoRA adapters on it.

    Args:
        weights: the base, in transformers' layout.
        device: 'auto', 'cpu', 'cuda' or 'mps'.
        threads: CPU threads; 0: torch's own choice.

    Attributes:
        end_tokens: the ids that end a reply.
        window: the most positions that the model was trained for.

    Raises:
        ModelError: the weights cannot be loaded.
    """

    def __init__(self, weights: GeneratorWeights, device: str, threads: int) -> None:
        import torch
        from transformers import AutoModelForCausalLM
        from transformers.utils import logging

        logging.disable_progress_bar()
        # PEFT uses a deprecated name of transformers; a user can do nothing about it.
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*")
        if threads:
            torch.set_num_threads(threads)
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        # Ordinary CPUs compute with 16-bit weights five times slower than with 32-bit ones.
        dtype = torch.float32 if device == "cpu" else torch.bfloat16
        try:
            model = AutoModelForCausalLM.from_pretrained(weights.folder, dtype=dtype)
        except (OSError, ValueError) as error:
            raise ModelError(
                f"The model in {weights.folder} cannot be loaded: {error}. If Baker Street converted it, remove the "
                "folder and it is made again; otherwise set BAKERSTREET_MODEL to another model."
            ) from error
        self._model: Any = model.to(device).eval()
        # Reading a long prompt takes seconds; before each layer we look whether the reader has left.
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
        """Load the adapter in `folder`, once; returns the name by which `read` and `write` know it.

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
            raise VoiceError(f"The voice in {folder} cannot be loaded: {error}. Train it again.") from error
        self._model.requires_grad_(False)
        self._active = None  # unknown: PEFT switches a newly loaded adapter on
        self._names[folder] = name
        return name

    def read(
        self,
        tokens: Sequence[int],
        layers: Sequence[LayerKV],
        voice: str,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> tuple[Any, tuple[LayerKV, ...]]:
        """Read a part of a prompt.

        Args:
            tokens: what is read.
            layers: keys and values of what comes before.
            voice: an adapter's name, or `BASE`.
            interrupted: asked before every layer whether to stop.

        Returns:
            The logits after the last token, shape (vocabulary,), and keys and values of everything.

        Raises:
            Interrupted: `interrupted` said so; `layers` are unchanged.
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
            positions: their positions, of the same shape.
            mask: 1 where a row may look, 0 where it is padded, shape (rows, cached + tokens); None: everywhere.
            cache: the rows' keys and values.
            voices: each row's adapter, or `BASE`.
        """
        import torch

        with torch.inference_mode(), self._with(voices) as extra:
            out = self._model(
                input_ids=torch.tensor(tokens, device=self._model.device),
                attention_mask=mask,
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
        texts, positions = batch.rows // width, batch.rows % width
        kept = int(width - positions.min())  # no logits are computed before the first position that is asked for
        ids = torch.from_numpy(batch.ids).to(self._model.device)
        with torch.inference_mode(), self._with([BASE] * len(batch.texts)) as extra:
            logits = self._model(input_ids=ids, use_cache=False, logits_to_keep=kept, **extra).logits.float()
            asked = logits[
                torch.from_numpy(texts), torch.from_numpy(positions - (width - kept))
            ]  # (scored, vocabulary)
            log_probabilities = asked.log_softmax(-1).cpu()
            scores: list[float] = log_probabilities.gather(1, torch.from_numpy(batch.targets)[:, None])[:, 0].tolist()
        return scores

    def _ask_whether_interrupted(self, *_: Any) -> None:
        if self._interrupted is not None and self._interrupted():
            raise Interrupted

    @contextmanager
    def _with(self, voices: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Switch to the rows' voices; yields what the forward pass needs besides.

        One voice for all rows is switched on as a whole, which is faster than choosing it row by row.
        """
        if not self._names:
            yield {}
        elif len(set(voices)) > 1:
            self._switch(next(iter(self._names.values())))  # PEFT chooses by row only while some adapter is on
            yield {"adapter_names": list(voices)}
        else:
            self._switch(voices[0])
            yield {}

    def _switch(self, voice: str) -> None:
        if voice == self._active:
            return
        if voice == BASE:
            self._model.base_model.disable_adapter_layers()
        else:
            self._model.base_model.enable_adapter_layers()
            self._model.set_adapter(voice, inference_mode=True)
        self._active = voice

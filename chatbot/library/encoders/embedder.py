"""The embedder as LangChain `Embeddings`: a bi-encoder (Reimers and Gurevych, "Sentence-BERT", 2019)."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from langchain_core.embeddings import Embeddings

from chatbot.errors import ConversionError, ModelError
from chatbot.library.encoders.adapters import merged
from chatbot.library.encoders.encoder import BUNDLED, Encoder
from chatbot.library.encoders.openvino import PROBE, Head

BATCH = 32
MARKS = 2  # tokens that the model adds to a text
QUERIES = 64  # questions whose vectors are kept
LEAST_COSINE = 0.97  # between a probe's vectors before and after conversion


def _load(source: Path, adapter: Path | None) -> Any:
    """A torch module: token ids and mask, shape (batch, tokens), to unit vectors, shape (batch, dimensions)."""
    import torch
    from transformers import AutoModel

    class Pooled(torch.nn.Module):
        """The model, the mean of its tokens, and the unit vector of that."""

        def __init__(self) -> None:
            super().__init__()
            # Eager attention: the fused one builds its mask in a way that cannot be traced.
            model = AutoModel.from_pretrained(source, attn_implementation="eager").eval()
            self.model = merged(model, adapter) if adapter else model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            tokens = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(tokens.dtype)
            mean = (tokens * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1)

    return Pooled().eval()


def _check_pooling(source: Path) -> None:
    """Raise ConversionError unless the model takes the mean of its tokens, which is all that `Pooled` does."""
    try:
        pooling = json.loads((source / "1_Pooling" / "config.json").read_text(encoding="utf-8"))
        parts = [part["type"].rpartition(".")[2] for part in json.loads((source / "modules.json").read_text("utf-8"))]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConversionError(f"{source} is not in sentence-transformers' layout: {error}") from error
    modes = {name for name, on in pooling.items() if name.startswith("pooling_mode") and on not in (False, None)}
    mean = modes == {"pooling_mode_mean_tokens"} or pooling.get("pooling_mode") == "mean"
    if not mean or parts not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        raise ConversionError(f"the embedder in {source} pools its tokens in a way that is not known here")


def _check(converted: Any, original: Any) -> None:
    cosine = float((converted * original).sum(axis=1).min())
    if cosine < LEAST_COSINE:
        raise ConversionError(f"the converted embedder does not agree with the original (cosine {cosine:.2f})")


class Embedder(Encoder, Embeddings):
    """Texts to unit vectors (the bundled model: 384 dimensions); see `Encoder` for the arguments."""

    head = Head("embedder", _load, PROBE, _check, _check_pooling)
    advice = "Correct BAKERSTREET_EMBEDDER."

    @property
    def fingerprint(self) -> str:
        """Names the embedder that built an index: the model's name, the size of its weights, and its adapter.

        Whether OpenVINO or torch runs it is not part of it: their vectors are the same to a cosine of 0.99.
        """
        folder = Path(self.folder)
        weights = sorted(folder.glob("*.safetensors")) + sorted(folder.glob("*.bin"))
        return self._stamped(f"{self.name}:{weights[0].stat().st_size if weights else 0}", "+")

    @property
    def max_tokens(self) -> int:
        """The longest text that is read; what is beyond is cut silently."""
        if self._model == BUNDLED:
            return 256
        with suppress(OSError, ValueError, KeyError):
            return int(json.loads((Path(self.folder) / "sentence_bert_config.json").read_text())["max_seq_length"])
        return int(self._torch.max_seq_length)

    def count(self, text: str) -> int:
        """How many tokens a text has, the two marks around it included."""
        return len(self._tokenizer.encode(text).ids)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors, shape (len(texts), dimensions)."""
        return [list(map(float, vector)) for vector in self._rows(texts)] if texts else []

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of a question, shape (dimensions,); of the end of one that is too long."""
        return list(self._query(text))

    @cached_property
    def _query(self) -> Callable[[str], tuple[float, ...]]:
        """A question is embedded for several searches of one turn: in the books, among questions, among lines."""

        def embed(text: str) -> tuple[float, ...]:
            return tuple(self.embed_documents([self._end_of(text, self.max_tokens - MARKS)])[0])

        return lru_cache(maxsize=QUERIES)(embed)

    def _in_torch(self) -> Callable[[list[Any]], Any]:
        model = self._torch
        return lambda texts: model.encode(texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)

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
            raise ModelError(f"The embedder {self._model} cannot be loaded: {error}. {self.advice}") from error
        model.tokenizer.split_special_tokens = True  # "[SEP]" in a text is letters
        if self._adapter:
            model[0].model = merged(model[0].model, self._adapter)
        return model

"""The embedder in OpenVINO: a sentence-transformers model converted once, its weights in 8 bits.

On a CPU it embeds several times as fast as torch, and a program that only asks questions need not import torch.
Vectors are those of the original to a cosine of 0.99, so an index that one of them built serves the other.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chatbot.conversion import GRAPH, GROUP, is_sealed, make_folder, quantised, seal
from chatbot.errors import ConversionError

FORMAT = 1  # of the graph; raised where an earlier conversion is no longer good
BATCH = 16  # texts read together, of about one length, so that little padding is computed
LEAST_COSINE = 0.97  # of the probe's vectors with the original's
PROBE = ("Who came to Baker Street that morning?", "The dog did nothing in the night.", "A lamp burned in the window.")

Say = Callable[[str], None]


class OpenVinoEncoder:
    """Sentences to unit vectors. Safe from one thread at a time.

    Args:
        source: the model's folder, in sentence-transformers' layout.
        cache: where converted models are kept.
        max_tokens: longer texts are cut.
        threads: CPU threads; 0: as many as OpenVINO likes.
        say: told when the model is being converted.

    Raises:
        ConversionError: the model pools its tokens in another way than by their mean, or cannot be traced.
    """

    def __init__(
        self, source: Path, cache: Path, *, max_tokens: int, threads: int = 0, say: Say = lambda _: None
    ) -> None:
        import openvino
        from tokenizers import Tokenizer

        _check_pooling(source)
        folder = _converted(source, cache, say)
        self._tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
        self._tokenizer.enable_truncation(max_tokens)
        self._tokenizer.enable_padding()
        properties: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "f32",
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(GROUP),
            "PERFORMANCE_HINT": "LATENCY",
        }
        if threads:
            properties["INFERENCE_NUM_THREADS"] = threads
        model = openvino.Core().compile_model(str(folder / GRAPH), "CPU", properties)
        self._request = model.create_infer_request()

    def encode(self, texts: Sequence[str]) -> Any:
        """Unit vectors, a float32 array of shape (len(texts), dimensions)."""
        import numpy as np

        encodings = self._tokenizer.encode_batch(list(texts))
        lengths = [sum(encoding.attention_mask) for encoding in encodings]
        order = sorted(range(len(texts)), key=lengths.__getitem__)
        vectors: list[Any] = [None] * len(texts)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            width = max(lengths[row] for row in rows)
            said = self._request.infer(
                {
                    "input_ids": np.array([encodings[row].ids[:width] for row in rows], dtype=np.int64),
                    "attention_mask": np.array([encodings[row].attention_mask[:width] for row in rows], dtype=np.int64),
                }
            )
            for row, vector in zip(rows, said[0].copy(), strict=True):
                vectors[row] = vector
        return np.stack(vectors)


def _check_pooling(source: Path) -> None:
    try:
        pooling = json.loads((source / "1_Pooling" / "config.json").read_text(encoding="utf-8"))
        parts = [part["type"].rpartition(".")[2] for part in json.loads((source / "modules.json").read_text("utf-8"))]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConversionError(f"{source} is not in sentence-transformers' layout: {error}") from error
    modes = {name for name, on in pooling.items() if name.startswith("pooling_mode") and on not in (False, None)}
    mean = modes == {"pooling_mode_mean_tokens"} or pooling.get("pooling_mode") == "mean"
    if not mean or parts not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        raise ConversionError(f"the embedder in {source} makes its vectors in a way that is not known here")


def _converted(source: Path, cache: Path, say: Say) -> Path:
    """The converted model's folder; made where it is missing or damaged."""
    weights = source / "model.safetensors"
    stated = f"{source.resolve()}:{weights.stat().st_size if weights.is_file() else 0}"
    folder = cache / "openvino" / f"embedder-{hashlib.sha256(stated.encode()).hexdigest()[:12]}"
    if _is_whole(folder):
        return folder
    say("Converting the embedder to 8 bits for OpenVINO (once, a few seconds) ...")
    try:
        make_folder(folder, lambda partial: _convert(source, partial), _is_whole)
    except ConversionError:
        raise
    except Exception as error:  # torch and OpenVINO each raise their own
        raise ConversionError(f"{type(error).__name__}: {error}") from error
    return folder


def _is_whole(folder: Path) -> bool:
    return is_sealed(folder, FORMAT)


def _convert(source: Path, folder: Path) -> None:
    import numpy as np
    import openvino
    import torch
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()

    class Pooled(torch.nn.Module):
        """The model, the mean of its tokens, and the unit vector of that."""

        def __init__(self) -> None:
            super().__init__()
            # Eager attention: the fused one builds its mask in a way that cannot be traced.
            self.model = AutoModel.from_pretrained(source, attn_implementation="eager").eval()

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            tokens = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(tokens.dtype)
            mean = (tokens * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1)

    tokenizer = AutoTokenizer.from_pretrained(source)
    read = tokenizer(list(PROBE), padding=True, return_tensors="pt")
    example = {"input_ids": read["input_ids"], "attention_mask": read["attention_mask"]}
    pooled = Pooled().eval()
    with torch.inference_mode():
        wanted = pooled(**example).numpy()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's, on shapes; the probe below shows whether the trace is right
        graph = openvino.convert_model(pooled, example_input=example)
    for node, name in zip(graph.inputs, ("input_ids", "attention_mask"), strict=True):
        node.get_tensor().set_names({name})
    _compress(graph)
    request = openvino.Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    said = request.infer({name: part.numpy() for name, part in example.items()})[0]
    cosine = float(np.min((said * wanted).sum(axis=1)))
    if cosine < LEAST_COSINE:
        raise ConversionError(f"the converted embedder does not agree with the original (cosine {cosine:.2f})")
    openvino.save_model(graph, folder / GRAPH, compress_to_fp16=False)
    seal(folder, FORMAT)


def _compress(graph: Any) -> None:
    """Put int8 matrices, with a scale for every group of a row, in the place of the graph's float ones."""
    import numpy as np

    for node in graph.get_ops():
        if node.get_type_name() != "MatMul":
            continue
        source = node.input_value(1).get_node()
        if source.get_type_name() != "Constant" or not node.get_attributes().get("transpose_b"):
            continue
        rows = np.array(source.data, dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] % GROUP:
            continue
        node.input(1).replace_source_output(quantised(rows).output(0))

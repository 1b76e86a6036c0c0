"""Encoders in OpenVINO: a sentence-transformers model converted once, its weights in 8 bits.

Two heads are known: the embedder's (the mean of the tokens, as a unit vector) and the reranker's (a question and a text
read together, one number). On a CPU they run several times as fast as in torch, and a program that only asks questions
need not import torch. Vectors are those of the original to a cosine of 0.99, so an index that one of them built serves
the other.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.conversion import GRAPH, GROUP, is_sealed, make_folder, quantised, seal
from chatbot.errors import ConversionError, ModelError
from chatbot.library.encoders.adapters import adapter_stamp, merged
from chatbot.progress import Say

FORMAT = 1  # of the graph; raised where an earlier conversion is no longer good
BATCH = 16  # texts read together, of about one length, so that little padding is computed
LEAST_COSINE = 0.97  # of the probe's vectors with the original's
MOST_APART = 0.1  # of the probe's scores from the original's, as a share of their size (of 1 at least)
PROBE = ("Who came to the house that morning?", "The dog did nothing in the night.", "A lamp burned in the window.")

Text = str | tuple[str, str]


@dataclass(frozen=True)
class Head:
    """What a graph gives for its tokens.

    Attributes:
        name: in the name of the converted model's folder.
        load: the torch module of a model's folder and its adapter; called with the tokenizer's arrays by keyword.
        probe: what the conversion is tried with.
        check: raises ConversionError where (converted, original) do not agree.
    """

    name: str
    load: Callable[[Path, Path | None], Any]
    probe: tuple[Text, ...]
    check: Callable[[Any, Any], None]


class OpenVinoEncoder:
    """Texts, or pairs of texts, to rows of numbers. Safe from one thread at a time.

    Args:
        source: the model's folder.
        cache: where converted models are kept.
        head: what is made of its tokens.
        adapter: a LoRA adapter that is merged into it; None: the model as it is.
        max_tokens: longer texts are cut; of a pair the second text.
        threads: CPU threads; 0: as many as OpenVINO likes.
        say: told when the model is being converted.

    Raises:
        ConversionError: the model pools its tokens in another way than by their mean, or cannot be traced.
        ModelError: the adapter cannot be used.
    """

    def __init__(
        self,
        source: Path,
        cache: Path,
        *,
        max_tokens: int,
        head: Head | None = None,
        adapter: Path | None = None,
        threads: int = 0,
        say: Say = lambda _: None,
    ) -> None:
        import openvino
        from tokenizers import Tokenizer

        head = head or EMBEDDER
        if head is EMBEDDER:
            _check_pooling(source)
        folder = _converted(source, cache, head, adapter, say)
        self._tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
        pairs = not isinstance(head.probe[0], str)
        self._tokenizer.enable_truncation(max_tokens, strategy="only_second" if pairs else "longest_first")
        self._tokenizer.enable_padding()
        properties: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "f32",
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(GROUP),
            "PERFORMANCE_HINT": "LATENCY",
        }
        if threads:
            properties["INFERENCE_NUM_THREADS"] = threads
        model = openvino.Core().compile_model(str(folder / GRAPH), "CPU", properties)
        self._inputs = {node.get_any_name() for node in model.inputs}
        self._request = model.create_infer_request()

    def encode(self, texts: Sequence[Text]) -> Any:
        """What the head gives, a float32 array of shape (len(texts), numbers); for the embedder unit vectors."""
        import numpy as np

        encodings = self._tokenizer.encode_batch(list(texts))
        lengths = [sum(encoding.attention_mask) for encoding in encodings]
        order = sorted(range(len(texts)), key=lengths.__getitem__)
        rows_out: list[Any] = [None] * len(texts)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            width = max(lengths[row] for row in rows)
            read = {
                "input_ids": np.array([encodings[row].ids[:width] for row in rows], dtype=np.int64),
                "attention_mask": np.array([encodings[row].attention_mask[:width] for row in rows], dtype=np.int64),
                "token_type_ids": np.array([encodings[row].type_ids[:width] for row in rows], dtype=np.int64),
            }
            said = self._request.infer({name: part for name, part in read.items() if name in self._inputs})
            for row, numbers in zip(rows, said[0].copy(), strict=True):
                rows_out[row] = numbers
        return np.stack(rows_out)


# ---------------------------------------------------------------------- heads


def _load_embedder(source: Path, adapter: Path | None) -> Any:
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


def _check_vectors(said: Any, wanted: Any) -> None:
    cosine = float((said * wanted).sum(axis=1).min())
    if cosine < LEAST_COSINE:
        raise ConversionError(f"the converted embedder does not agree with the original (cosine {cosine:.2f})")


def _load_reranker(source: Path, adapter: Path | None) -> Any:
    import torch

    class Scored(torch.nn.Module):
        """The model's one logit; its inputs are named as its tokenizer names them."""

        def __init__(self) -> None:
            super().__init__()
            self.model = load_classifier(source, adapter, attn_implementation="eager")

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any = None) -> Any:
            kinds = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
            return self.model(input_ids=input_ids, attention_mask=attention_mask, **kinds).logits

    return Scored().eval()


def load_classifier(source: Path | str, adapter: Path | None, **more: Any) -> Any:
    """A transformers model with one label, its adapter merged in.

    Raises:
        ModelError: it cannot be loaded, has more labels, or the adapter cannot be used.
    """
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    try:
        config = AutoConfig.from_pretrained(source)
        if adapter:
            config.num_labels = 1  # the base need not have a head: the adapter brings it
        elif config.num_labels != 1 or not any("Classification" in name for name in config.architectures or []):
            raise ModelError(
                f"The reranker {source} is no cross-encoder with one label. Name one, or tune one with "
                "`bakerstreet library tune PERSONA --what reranker`."
            )
        # A head that the adapter brings is made at random first; it must not be told of.
        from transformers.utils import logging

        before = logging.get_verbosity()
        logging.set_verbosity_error()
        try:
            model = AutoModelForSequenceClassification.from_pretrained(
                source, config=config, dtype=torch.float32, **more
            ).eval()
        finally:
            logging.set_verbosity(before)
    except (OSError, ValueError) as error:
        raise ModelError(f"The reranker {source} cannot be loaded: {error}. Name another.") from error
    return merged(model, adapter) if adapter else model


def _check_scores(said: Any, wanted: Any) -> None:
    apart = float(abs(said - wanted).max()) / max(1.0, float(abs(wanted).max()))
    if apart > MOST_APART:
        raise ConversionError(f"the converted reranker does not agree with the original (apart by {apart:.2f})")


EMBEDDER = Head("embedder", _load_embedder, PROBE, _check_vectors)
RERANKER = Head("reranker", _load_reranker, tuple((PROBE[0], text) for text in PROBE), _check_scores)


# ---------------------------------------------------------------------- conversion


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


def _converted(source: Path, cache: Path, head: Head, adapter: Path | None, say: Say) -> Path:
    """The converted model's folder; made where it is missing or damaged."""
    weights = source / "model.safetensors"
    stated = f"{source.resolve()}:{weights.stat().st_size if weights.is_file() else 0}"
    if adapter:
        stated += f":{adapter_stamp(adapter)}"
    folder = cache / "openvino" / f"{head.name}-{hashlib.sha256(stated.encode()).hexdigest()[:12]}"
    if _is_whole(folder):
        return folder
    say(f"Converting the {head.name} to 8 bits for OpenVINO (once, a few seconds) ...")
    try:
        make_folder(folder, lambda partial: _convert(source, head, adapter, partial), _is_whole)
    except ModelError:
        raise
    except Exception as error:  # torch and OpenVINO each raise their own
        raise ConversionError(f"{type(error).__name__}: {error}") from error
    return folder


def _is_whole(folder: Path) -> bool:
    return is_sealed(folder, FORMAT)


def _convert(source: Path, head: Head, adapter: Path | None, folder: Path) -> None:
    import openvino
    import torch
    from transformers import AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(source)
    if isinstance(head.probe[0], str):
        read = tokenizer(list(head.probe), padding=True, return_tensors="pt")
        names = ["input_ids", "attention_mask"]
    else:
        firsts, seconds = zip(*head.probe, strict=True)
        read = tokenizer(list(firsts), list(seconds), padding=True, return_tensors="pt")
        names = [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in read]
    example = {name: read[name] for name in names}
    module = head.load(source, adapter)
    with torch.inference_mode():
        wanted = module(**example).numpy()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's, on shapes; the probe below shows whether the trace is right
        graph = openvino.convert_model(module, example_input=example)
    for node, name in zip(graph.inputs, names, strict=True):
        node.get_tensor().set_names({name})
    _compress(graph)
    request = openvino.Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    head.check(request.infer({name: part.numpy() for name, part in example.items()})[0], wanted)
    openvino.save_model(graph, folder / GRAPH, compress_to_fp16=False)
    seal(folder, FORMAT)


def _compress(graph: Any) -> None:
    """Put int8 matrices, with a scale for every group of a row, in the place of the graph's float ones.

    A head of a few rows is left as it is: it costs nothing, and all that was read goes through it.
    """
    import numpy as np

    for node in graph.get_ops():
        if node.get_type_name() != "MatMul":
            continue
        source = node.input_value(1).get_node()
        if source.get_type_name() != "Constant" or not node.get_attributes().get("transpose_b"):
            continue
        rows = np.array(source.data, dtype=np.float32)
        if rows.ndim != 2 or rows.shape[0] < GROUP or rows.shape[1] % GROUP:
            continue
        node.input(1).replace_source_output(quantised(rows).output(0))

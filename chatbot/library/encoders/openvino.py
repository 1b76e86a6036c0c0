"""Encoders in OpenVINO: a model is traced and quantised once, kept on disk, and then runs without torch.

Conversion takes four steps:

1. The torch module of a `Head` is traced with a probe of three texts, with batch and length left dynamic.
2. Every weight matrix becomes int8 with a half-precision scale for each group of `GROUP` weights in a row. That is a
   quarter of the size; as activations are quantised in the same groups when it runs, the processor's 8-bit
   instructions multiply them. On a CPU this is several times as fast as torch in 32 bits.
3. The quantised graph reads the probe, and the head compares its output with torch's. This proves that the trace
   computes the same function, padding included, and that 8 bits lose little: vectors keep a cosine of at least 0.97
   (as a rule 0.99, so that an index built by one of the two serves the other), logits stay within a tenth of their
   size. A graph that disagrees is not kept.
4. It is written whole or not at all, with checksums; a damaged one is made again.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.conversion import GRAPH, GROUP, is_sealed, make_folder, quantised, seal
from chatbot.errors import ConversionError, ModelError
from chatbot.library.encoders.adapters import adapter_stamp
from chatbot.progress import Say

FORMAT = 1  # of the graph; raised where an earlier conversion is no longer good
LONGER = 1.4  # the longest text of a batch against its shortest
BATCH = 16  # texts read together, of about one length, so that little padding is computed
PROBE = ("Who came to the house that morning?", "The dog did nothing in the night.", "A lamp burned in the window.")
INPUTS = ("input_ids", "attention_mask", "token_type_ids")

Text = str | tuple[str, str]


@dataclass(frozen=True)
class Head:
    """What a graph computes from its tokens.

    Attributes:
        name: in the name of the converted model's folder, and in messages.
        load: the torch module of a model's folder and its adapter; called with the tokenizer's arrays by keyword.
        probe: texts, or pairs of them, that the conversion is traced and checked with.
        check: raises ConversionError where the outputs (converted, original) for the probe do not agree.
        check_source: raises ConversionError where a model's folder states that it computes something else.
    """

    name: str
    load: Callable[[Path, Path | None], Any]
    probe: tuple[Text, ...]
    check: Callable[[Any, Any], None]
    check_source: Callable[[Path], None] = lambda _: None


class OpenVinoEncoder:
    """Texts, or pairs of texts, to rows of numbers. Not safe to call from two threads at once.

    Args:
        source: the model's folder.
        cache: where converted models are kept.
        head: what is computed from its tokens.
        max_tokens: longer texts are cut; of a pair the second text.
        adapter: a LoRA adapter that is merged into it; None: the model as it is.
        threads: CPU threads; 0: as many as OpenVINO likes.
        say: told when the model is being converted.

    Raises:
        ConversionError: the head does not fit the model, it cannot be traced, or the graph disagrees with it.
        ModelError: the adapter cannot be used.
    """

    def __init__(
        self,
        source: Path,
        cache: Path,
        *,
        head: Head,
        max_tokens: int,
        adapter: Path | None = None,
        threads: int = 0,
        say: Say = lambda _: None,
    ) -> None:
        import openvino
        from tokenizers import Tokenizer

        head.check_source(source)
        folder = _converted(source, cache, head, adapter, say)
        self._tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
        self._tokenizer.encode_special_tokens = True  # "[SEP]" in a text is letters
        pairs = not isinstance(head.probe[0], str)
        self._tokenizer.enable_truncation(max_tokens, strategy="only_second" if pairs else "longest_first")
        self._tokenizer.enable_padding()
        properties: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "f32",  # of all that is no matrix product
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(GROUP),
            "PERFORMANCE_HINT": "LATENCY",
        }
        if threads:
            properties["INFERENCE_NUM_THREADS"] = threads
        model = openvino.Core().compile_model(str(folder / GRAPH), "CPU", properties)
        self._inputs = {node.get_any_name() for node in model.inputs}
        self._request = model.create_infer_request()

    def encode(self, texts: Sequence[Text]) -> Any:
        """What the head gives: an array of shape (len(texts), numbers), for the embedder unit vectors; of a head that
        gives numbers for every token a list of arrays of shape (tokens, numbers), padding at the end.
        """
        import numpy as np

        encodings = self._tokenizer.encode_batch(list(texts))  # padded to the longest of all
        lengths = [sum(encoding.attention_mask) for encoding in encodings]
        order = sorted(range(len(texts)), key=lengths.__getitem__)
        outputs: list[Any] = [None] * len(texts)
        for batch in _batches(order, lengths):
            width = lengths[batch[-1]]  # of the longest in this batch; what is beyond is padding
            columns = (
                [encodings[at].ids[:width] for at in batch],
                [encodings[at].attention_mask[:width] for at in batch],
                [encodings[at].type_ids[:width] for at in batch],
            )
            read = {name: np.array(rows, dtype=np.int64) for name, rows in zip(INPUTS, columns, strict=True)}
            result = self._request.infer({name: rows for name, rows in read.items() if name in self._inputs})
            for at, numbers in zip(batch, result[0].copy(), strict=True):  # copied: the request reuses its memory
                outputs[at] = numbers
        return np.stack(outputs) if outputs[0].ndim == 1 else outputs


def _batches(order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    """Texts in batches of much the same length, since what fills a short row up to a long one is computed too.

    Args:
        order: the texts, the shortest first.
        lengths: their tokens.
    """
    batch: list[int] = []
    for at in order:
        if batch and (len(batch) == BATCH or lengths[at] > LONGER * lengths[batch[0]] + 8):
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch


def _converted(source: Path, cache: Path, head: Head, adapter: Path | None, say: Say) -> Path:
    """The converted model's folder, named by the model and its adapter; made where it is missing or damaged."""
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
    alone = isinstance(head.probe[0], str)
    columns = [list(head.probe)] if alone else [list(column) for column in zip(*head.probe, strict=True)]
    read = tokenizer(*columns, padding=True, return_tensors="pt")
    # Of a single text all token types are 0, the model's default, so that the input can be left out.
    probe = {name: read[name] for name in INPUTS[: 2 if alone else 3] if name in read}
    module = head.load(source, adapter)
    with torch.inference_mode():
        original = module(**probe).numpy()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's, about shapes; the check shows whether the trace is right
        graph = openvino.convert_model(module, example_input=probe)
    for node, name in zip(graph.inputs, probe, strict=True):
        node.get_tensor().set_names({name})
    _quantise(graph)
    request = openvino.Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    head.check(request.infer({name: part.numpy() for name, part in probe.items()})[0], original)
    openvino.save_model(graph, folder / GRAPH, compress_to_fp16=False)
    seal(folder, FORMAT)


def _quantise(graph: Any) -> None:
    """Replace the graph's float weight matrices, shape (out, in), by int8 ones with a scale per group of a row.

    A head of a few rows stays as it is: it costs nothing, and the whole result depends on it.
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

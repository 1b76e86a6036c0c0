"""The reranker: reads a question and a text together and scores how well the text answers (Nogueira and Cho, 2019).

It is far slower than comparing vectors, so it is asked only about the few texts that the search has found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from chatbot.errors import ConversionError, ModelError
from chatbot.library.encoders.adapters import merged
from chatbot.library.encoders.encoder import Encoder
from chatbot.library.encoders.openvino import PROBE, Head

BATCH = 16
MOST_APART = 0.1  # between a probe's scores before and after conversion, as a share of the largest (at least of 1)


def _load(source: Path | str, adapter: Path | None, **options: Any) -> Any:
    """A transformers classifier with one label: token ids, mask and types, (batch, tokens), to logits, (batch, 1).

    Raises:
        ModelError: it cannot be loaded, has more labels, or the adapter cannot be used.
    """
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification
    from transformers.utils import logging

    verbosity = logging.get_verbosity()
    try:
        config = AutoConfig.from_pretrained(source)
        if adapter:
            config.num_labels = 1  # the base need not have a head: the adapter brings it
        elif config.num_labels != 1 or not any("Classification" in name for name in config.architectures or []):
            raise ModelError(
                f"The reranker {source} is no cross-encoder with one label. Name one, or tune one with "
                "`bakerstreet library tune PERSONA --what reranker`."
            )
        logging.set_verbosity_error()  # no warning that the head, which the adapter brings, starts at random
        model = AutoModelForSequenceClassification.from_pretrained(
            source, config=config, dtype=torch.float32, **options
        ).eval()
    except (OSError, ValueError) as error:
        raise ModelError(f"The reranker {source} cannot be loaded: {error}. Name another.") from error
    finally:
        logging.set_verbosity(verbosity)
    return merged(model, adapter) if adapter else model


def _traceable(load: Callable[..., Any], source: Path, adapter: Path | None) -> Any:
    import torch

    class Logits(torch.nn.Module):
        """The logits alone; inputs are named as the tokenizer names them."""

        def __init__(self) -> None:
            super().__init__()
            self.model = load(source, adapter, attn_implementation="eager")

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any = None) -> Any:
            types = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
            return self.model(input_ids=input_ids, attention_mask=attention_mask, **types).logits

    return Logits().eval()


def _check(name: str, most: float, converted: Any, original: Any) -> None:
    apart = float(abs(converted - original).max()) / max(1.0, float(abs(original).max()))
    if apart > most:
        raise ConversionError(f"the converted {name} does not agree with the original (apart by {apart:.2f})")


def pair_head(name: str, load: Callable[..., Any] = _load, most_apart: float = MOST_APART) -> Head:
    """The head of a model that reads a pair of texts.

    Args:
        name: said in messages.
        load: gives the transformers model of a folder with its adapter, whose logits are the output.
        most_apart: between a probe's logits before and after conversion, as a share of the largest (at least of 1).
    """
    probe = tuple((PROBE[0], text) for text in PROBE)
    return Head(name, partial(_traceable, load), probe, partial(_check, name, most_apart))


class CrossEncoder(Encoder):
    """Pairs of a question and a text to logits; see `Encoder` for the arguments.

    The bundled model needs an adapter, which brings its head. Any other is a cross-encoder of sentence-transformers
    or transformers with one label.
    """

    head = pair_head("reranker")
    advice = "Name another model."
    max_tokens = 192  # of a question and a text together; a window of 70 words has about a hundred

    @property
    def fingerprint(self) -> str:
        """Names the model and its adapter."""
        return self._stamped(self.name, ":")

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """The logit of each text, in the order given: above is better; the differences within one question count.

        Of a question that would leave its texts too little room, the end is read.

        Raises:
            ModelError: the model or its adapter cannot be used.
        """
        if not texts:
            return []
        asked = self._end_of(question, self.max_tokens // 2)
        return [float(row[0]) for row in self._rows([(asked, text) for text in texts])]

    def _in_torch(self) -> Callable[[list[Any]], Any]:
        import torch
        from transformers import AutoTokenizer

        if self._threads:
            torch.set_num_threads(self._threads)
        model = _load(self.folder, self._adapter)
        tokenizer = AutoTokenizer.from_pretrained(self.folder, split_special_tokens=True)  # "[SEP]" is letters

        def encode(pairs: list[tuple[str, str]]) -> Any:
            scores = []
            for start in range(0, len(pairs), BATCH):
                questions, texts = map(list, zip(*pairs[start : start + BATCH], strict=True))
                read = tokenizer(
                    questions,
                    texts,
                    truncation="only_second",
                    max_length=self.max_tokens,
                    padding=True,
                    return_tensors="pt",
                )
                with torch.inference_mode():
                    scores.append(model(**read).logits)
            return torch.cat(scores).numpy()

        return encode

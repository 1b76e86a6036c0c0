"""The reader: reads a question and a text together, and says whether the text answers it, and where.

One pass gives three numbers for each token (extractive reading: Devlin et al., "BERT", 2019, section 4.3): that the
answer begins there, that it ends there, and at the first token that the text answers at all. So what orders the
evidence also points at the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatbot.errors import ModelError
from chatbot.library.encoders.adapters import merged
from chatbot.library.encoders.cross_encoder import pair_head
from chatbot.library.encoders.encoder import Encoder

OUTPUTS = 3  # of a token: relevance (of the first token alone), begin, end
RELEVANCE, BEGIN, END = range(OUTPUTS)
LONGEST = 24  # tokens of an answer at most
BATCH = 16
MOST_APART = 0.15  # between a probe's logits before and after conversion, as a share of the largest (at least of 1)


@dataclass(frozen=True)
class ReadText:
    """What the reader says of one text.

    Attributes:
        relevance: the logit that the text answers the question.
        begin, end: of the best answer, in characters of the text; equal where there is no room for one.
        probability: of that answer among all places of this text, 0 to 1.
    """

    relevance: float
    begin: int
    end: int
    probability: float


def _load(source: Path | str, adapter: Path | None, **options: Any) -> Any:
    """A transformers token classifier with three labels.

    Raises:
        ModelError: it cannot be loaded, or the adapter cannot be used.
    """
    import torch
    from transformers import AutoModelForTokenClassification
    from transformers.utils import logging

    verbosity = logging.get_verbosity()
    try:
        logging.set_verbosity_error()  # no warning that the head, which the adapter brings, starts at random
        model = AutoModelForTokenClassification.from_pretrained(
            source, num_labels=OUTPUTS, dtype=torch.float32, **options
        ).eval()
    except (OSError, ValueError) as error:
        raise ModelError(f"The reader {source} cannot be loaded: {error}.") from error
    finally:
        logging.set_verbosity(verbosity)
    return merged(model, adapter) if adapter else model


class Reader(Encoder):
    """Pairs of a question and a text to what stands there; see `Encoder` for the arguments. It needs an adapter."""

    head = pair_head("reader", _load, MOST_APART)
    advice = "Name another model."
    max_tokens = 192  # of a question and a text together; a window of 90 words has about 130

    @property
    def fingerprint(self) -> str:
        """Names the model and its adapter."""
        return self._stamped(self.name, ":")

    def read(self, question: str, texts: Sequence[str], skip: Sequence[int] = ()) -> list[ReadText]:
        """What stands in each text, in the order given.

        Of a question that would leave its texts too little room, the end is read.

        Args:
            question: in plain words.
            texts: each is read by itself; what is beyond `max_tokens` is cut.
            skip: how many characters at the beginning of each text are no place for an answer: a title.

        Raises:
            ModelError: the model or its adapter cannot be used.
        """
        if not texts:
            return []
        asked = self._end_of(question, self.max_tokens // 2)
        pairs = [(asked, text) for text in texts]
        rows = self._rows(pairs)
        encodings = self._tokenizer.encode_batch(pairs)
        return [
            _read(logits, encoding, skip[at] if skip else 0)
            for at, (logits, encoding) in enumerate(zip(rows, encodings, strict=True))
        ]

    def _in_torch(self) -> Callable[[list[Any]], Any]:
        import torch
        from transformers import AutoTokenizer

        if self._threads:
            torch.set_num_threads(self._threads)
        model = _load(self.folder, self._adapter)
        tokenizer = AutoTokenizer.from_pretrained(self.folder, split_special_tokens=True)  # "[SEP]" is letters

        def encode(pairs: list[tuple[str, str]]) -> Any:
            rows: list[Any] = []
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
                    rows += list(model(**read).logits.numpy())
            return rows

        return encode


def _read(logits: NDArray[np.float32], encoding: Any, skip: int) -> ReadText:
    """The best span of one text.

    Args:
        logits: shape (tokens, `OUTPUTS`), with padding at the end.
        encoding: of the pair by the tokenizer, not cut and not padded.
        skip: the answer begins at this character or later.
    """
    relevance = float(logits[0, RELEVANCE])
    places = [
        at
        for at, (sequence, (begin, _)) in enumerate(zip(encoding.sequence_ids, encoding.offsets, strict=True))
        if sequence == 1 and begin >= skip and at < len(logits) - 1
    ]
    if not places:
        return ReadText(relevance, 0, 0, 0.0)
    first, last = places[0], places[-1] + 1
    begins = _log_softmax(logits[first:last, BEGIN])
    ends = _log_softmax(logits[first:last, END])
    scores = begins[:, None] + ends[None, :]
    scores[~np.triu(np.tri(last - first, k=LONGEST - 1, dtype=bool))] = -np.inf
    begin, end = np.unravel_index(int(scores.argmax()), scores.shape)
    words = encoding.word_ids[first + int(begin)], encoding.word_ids[first + int(end)]
    (start, _), (_, stop) = (encoding.word_to_chars(word, 1) for word in words)  # tokens may be parts of a word
    return ReadText(relevance, start, stop, float(np.exp(scores[begin, end])))


def _log_softmax(values: NDArray[np.float32]) -> NDArray[np.float64]:
    shifted = values.astype(np.float64) - float(values.max())
    return np.asarray(shifted - np.log(np.exp(shifted).sum()))

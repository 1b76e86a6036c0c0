"""How much a line sounds like the persona: a logistic model over hashed n-grams, read in well under a millisecond.

Character n-grams and function words tell authors apart whatever they write about (Stamatatos, "A Survey of Modern
Authorship Attribution Methods", 2009). Names and numbers are masked, and of other words only their letters count, so
that a line is not taken for the persona's because it speaks of his cases. What is stored are the weights of hashes:
no text can be read from them.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatbot.errors import ModelError
from chatbot.language import Language, to_plain

BUCKETS = 2**16  # of both kinds of n-grams together
LETTERS = (2, 3, 4)  # lengths of the n-grams of characters, within words and their borders
WORDS = (1, 2, 3)  # and of function words

NAME, NUMBER, OTHER = "Nn", "0", "_"

_TOKEN = re.compile(r"[^\W_]+(?:['-][^\W_]+)*|--|[.,;:!?\"]")
_NAMES = re.compile(rf"{NAME}(?:[ -]+{NAME})+")


def masked(text: str, language: Language) -> str:
    """A text in plain characters, its names and numbers replaced; words that begin a sentence stay as they are."""

    def mask(match: re.Match[str]) -> str:
        word = match[1]
        if not word or len(word) == 1 or word.lower() in language.stopwords:
            return match[0]
        before = plain[: match.start(1)].rstrip("\"'( ")
        begins = not before or before.endswith((".", "!", "?", ":"))
        titled = before.endswith(".") and before.split()[-1][:-1].lower() in language.abbreviations
        if begins and not titled and word.lower() not in language.known_names:
            return match[0]
        return match[0].replace(word, NAME)

    plain = to_plain(text)
    return re.sub(r"\d+(?:[.,]\d+)*", NUMBER, _NAMES.sub(NAME, language.name.sub(mask, plain)))


def buckets(text: str, language: Language) -> Mapping[int, float]:
    """The features of a text: bucket to value. Each of the two kinds of n-grams has length 1 (Euclidean)."""
    tokens = _TOKEN.findall(masked(text, language))
    letters = (
        f"c{padded[at : at + size]}"
        for padded in (f" {token} " for token in tokens)
        for size in LETTERS
        for at in range(max(len(padded) - size + 1, 0))
    )
    kinds = [
        token if not token[0].isalnum() or token in (NAME, NUMBER) or token.lower() in language.stopwords else OTHER
        for token in tokens
    ]
    words = (
        "w" + " ".join(kinds[at : at + size]).lower() for size in WORDS for at in range(max(len(kinds) - size + 1, 0))
    )
    found: dict[int, float] = {}
    for ngrams in (letters, words):
        for bucket, value in _unit(ngrams):
            found[bucket] = found.get(bucket, 0.0) + value
    return found


def _unit(ngrams: Iterable[str]) -> Iterable[tuple[int, float]]:
    counts = Counter(zlib.crc32(ngram.encode()) % BUCKETS for ngram in ngrams)
    length = math.sqrt(sum(count * count for count in counts.values()))
    return ((bucket, count / length) for bucket, count in counts.items())


@dataclass(frozen=True)
class ToneMeter:
    """Scores lines.

    Attributes:
        weights: of the buckets, float16, shape (BUCKETS,).
        bias: added to their sum.
        language: of the lines.
        facts: what it was trained on, and how it fares on lines that it has not seen.
    """

    weights: NDArray[np.float16]
    bias: float
    language: Language
    facts: Mapping[str, Any]

    def score(self, text: str) -> float:
        """From 0, somebody else's, to 1, the persona's own tone; 0.5 where there is nothing to go by."""
        found = buckets(text, self.language)
        if not found:
            return 0.5
        weights = self.weights[list(found)].astype(np.float64)
        logit = self.bias + float(weights @ np.fromiter(found.values(), np.float64))
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, logit))))

    @classmethod
    def read(cls, file: Path, language: Language) -> ToneMeter:
        """The meter in a file.

        Raises:
            ModelError: the file is missing, damaged, or made for another language or by another version.
        """
        try:
            with file.open("rb") as raw, np.load(raw, allow_pickle=False) as stored:
                weights, bias = stored["weights"], float(stored["bias"])
                facts = json.loads(str(stored["facts"]))
            if weights.shape != (BUCKETS,) or not np.isfinite(weights).all() or not math.isfinite(bias):
                raise ValueError(f"it has no {BUCKETS} weights")
            if facts["language"] != language.code:
                raise ValueError(f"it is made for the language '{facts['language']}'")
        except Exception as error:  # NumPy and zipfile each raise their own
            why = " ".join(str(error).split()) or type(error).__name__
            raise ModelError(
                f"The tone meter {file} cannot be used ({why}). Train it again with "
                "`bakerstreet voice tone PERSONA --train`, or delete it."
            ) from error
        return cls(weights, bias, language, facts)

    def write(self, file: Path) -> None:
        """Write it; an old one stays until the new one is whole.

        Raises:
            OSError: it cannot be written.
        """
        partial = file.with_name(f".{file.name}")
        facts = json.dumps({**self.facts, "language": self.language.code})
        np.savez_compressed(partial, weights=self.weights, bias=np.float64(self.bias), facts=np.array(facts))
        partial.replace(file)

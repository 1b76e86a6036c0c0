"""Lexical search: BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009) over stems.

The variant is Lucene's (Kamphuis et al., "Which BM25 do you mean?", 2020), with k1 = 1.5 and b = 0.75. Only the posting
lists of the question's terms are read, so the time hangs on how common its words are, not on the library's size.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatbot.language import ENGLISH, Language, meaning_words
from chatbot.library.index.postings import Postings, terms, write

K1 = 1.5
B = 0.75

Ints = NDArray[np.integer[Any]]
Mask = NDArray[np.bool_] | NDArray[np.integer[Any]]

__all__ = ["Lexical", "Mask", "terms"]


class Lexical:
    """A BM25 index over texts that are known by their position.

    Args:
        postings: the posting lists.
        scores: finished scores beside them (libraries of the first version), shape (postings,).
        language: of the texts.
    """

    def __init__(
        self, postings: Postings, scores: NDArray[np.float32] | None = None, language: Language = ENGLISH
    ) -> None:
        self._language = language
        self._postings = postings
        self._scores = scores
        self._kept: tempfile.TemporaryDirectory[str] | None = None
        lengths = postings.lengths.astype(np.float32)
        mean = max(float(lengths.mean()) if len(lengths) else 0.0, 1e-9)
        self._norms: NDArray[np.float32] = (K1 * (1 - B + B * lengths / mean)).astype(np.float32)

    @classmethod
    def build(cls, texts: Sequence[str], folder: Path | None = None, language: Language = ENGLISH) -> Lexical:
        """Index `texts` into `folder`, and open it; without a folder, into one that goes with the index."""
        if folder is None:
            kept = tempfile.TemporaryDirectory(prefix="bm25-")
            index = cls.build(texts, Path(kept.name), language)
            index._kept = kept
            return index
        write(folder, len(texts), enumerate(texts), None, None, language)
        return cls.load(folder, language)

    @classmethod
    def load(cls, folder: Path, language: Language = ENGLISH) -> Lexical:
        """Open the index in `folder`, memory-mapped.

        Raises:
            OSError, ValueError, KeyError: its files are missing or damaged.
        """
        if Postings.are_in(folder):
            return cls(Postings.read(folder), language=language)
        # The first version kept bm25s's files: the same lists, with finished scores in place of counts and lengths.
        arrays = {
            name: np.load(folder / f"{name}.csc.index.npy", mmap_mode="r") for name in ("data", "indices", "indptr")
        }
        vocabulary = json.loads((folder / "vocab.index.json").read_text(encoding="utf-8"))
        number = json.loads((folder / "params.index.json").read_text(encoding="utf-8"))["num_docs"]
        nothing = np.zeros(number, np.int32)
        postings = Postings(vocabulary, arrays["indptr"], arrays["indices"], arrays["data"], nothing)
        return cls(postings, arrays["data"], language)

    def __len__(self) -> int:
        return len(self._postings.lengths)

    @property
    def postings(self) -> Postings | None:
        """The posting lists, to be taken over into a new index; None where there are only finished scores."""
        return self._postings if self._scores is None else None

    def knows(self, term: str) -> bool:
        """Whether a stem occurs anywhere in the texts."""
        return self.frequency(term) > 0

    def unknown(self, text: str) -> tuple[str, ...]:
        """The words of a text that carry meaning and stand nowhere in the texts, in order, each once."""
        return tuple(
            dict.fromkeys(
                word for word in meaning_words(text, self._language) if not self.knows(self._language.stem(word))
            )
        )

    def frequency(self, term: str) -> int:
        """In how many texts a stem occurs."""
        number = self._postings.vocabulary.get(term)
        if number is None:
            return 0
        return int(self._postings.starts[number + 1] - self._postings.starts[number])

    def search(self, question: str, number: int, mask: Mask | None = None) -> list[tuple[int, float]]:
        """Positions and scores of the best texts, best first; texts that share no term are left out.

        Args:
            question: in plain words.
            number: how many at most.
            mask: only these texts: either a truth value for each text, or their positions. Scores stay those of the
                whole library.
        """
        known = Counter(term for term in terms(question, self._language) if self.knows(term))
        if not known or number < 1:
            return []
        scores = np.zeros(len(self), np.float32)
        for term, times in known.items():
            positions, weights = self._weighed(term)
            scores[positions] += times * weights  # a text stands once in a list, so nothing is added over
        if mask is None:
            return _best(scores, number, self._floor(known, scores, number))
        within = np.flatnonzero(mask) if mask.dtype == np.bool_ else np.asarray(mask)
        return [(int(within[at]), score) for at, score in _best(scores[within], number)]

    def _floor(self, known: Iterable[str], scores: NDArray[np.float32], number: int) -> float:
        """A score that the best `number` texts reach: the least of the best in the shortest list that has as many."""
        long = [term for term in known if self.frequency(term) > number]
        if not long:
            return 0.0
        term = self._postings.vocabulary[min(long, key=self.frequency)]
        start, end = int(self._postings.starts[term]), int(self._postings.starts[term + 1])
        return float(
            np.partition(scores[self._postings.positions[start:end]], end - start - number)[end - start - number]
        )

    def _weighed(self, term: str) -> tuple[Ints, NDArray[np.float32]]:
        """The texts that hold a term, and what it adds to the score of each."""
        number = self._postings.vocabulary[term]
        start, end = int(self._postings.starts[number]), int(self._postings.starts[number + 1])
        positions = np.asarray(self._postings.positions[start:end])
        if self._scores is not None:
            return positions, np.asarray(self._scores[start:end])
        counts = self._postings.counts[start:end].astype(np.float32)
        rarity = np.float32(np.log1p((len(self) - (end - start) + 0.5) / (end - start + 0.5)))
        return positions, rarity * counts / (counts + self._norms[positions])


def _best(scores: NDArray[np.float32], number: int, floor: float = 0.0) -> list[tuple[int, float]]:
    """The highest scores above 0 with their positions; of equal ones, the first comes first.

    Args:
        scores: of every text, shape (texts,).
        number: how many at most.
        floor: a score that as many reach; what is below need not be sorted.
    """
    found = np.flatnonzero(scores >= floor if floor > 0 else scores > 0)
    reached = scores[found]
    if len(found) > number:
        limit = np.partition(reached, len(found) - number)[len(found) - number]
        above, level = found[reached > limit], found[reached == limit]
        found = np.concatenate([above, level[: number - len(above)]])
    order = found[np.lexsort((found, -scores[found]))]
    return [(int(at), float(scores[at])) for at in order]

"""Lexical search: BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009) over stems."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chatbot.text import STOPWORDS, stem, words_of


def terms(text: str) -> list[str]:
    """The stems of the words that carry meaning, in order, repeated as they are."""
    return [stem(word) for word in words_of(text) if word not in STOPWORDS]


class Lexical:
    """A BM25 index over texts that are known by their position."""

    def __init__(self, index: Any) -> None:
        self._index = index

    @classmethod
    def build(cls, texts: Sequence[str]) -> Lexical:
        """Index `texts`; at least one of them must hold a word."""
        import bm25s

        index = bm25s.BM25()
        index.index([terms(text) for text in texts], show_progress=False)
        return cls(index)

    def save(self, folder: Path) -> None:
        """Write the index into `folder`."""
        self._index.save(str(folder), show_progress=False)

    @classmethod
    def load(cls, folder: Path) -> Lexical:
        """Read an index that `save` wrote."""
        import bm25s

        return cls(bm25s.BM25.load(str(folder), show_progress=False))

    def knows(self, term: str) -> bool:
        """Whether a stem occurs anywhere in the texts."""
        return term in self._index.vocab_dict

    def search(self, question: str, number: int) -> list[tuple[int, float]]:
        """Positions and scores of the best texts, best first; texts that share no term are left out."""
        known = [term for term in terms(question) if self.knows(term)]
        if not known:
            return []
        count = min(number, int(self._index.scores["num_docs"]))
        found, scores = self._index.retrieve([known], k=count, show_progress=False)
        return [(int(position), float(score)) for position, score in zip(found[0], scores[0], strict=True) if score > 0]

"""The library of one persona: opened once, searched by every turn.

A search is a composition of steps (`Plan`): which lists of passages are made and how they are joined. The finer rungs
(rewriting, reranking, a router) join here as further steps.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.errors import LibraryError
from chatbot.library.dense import Dense
from chatbot.library.embedder import Embedder
from chatbot.library.evidence import Evidence, Found, Reason
from chatbot.library.focus import Window, focus
from chatbot.library.lexical import terms
from chatbot.library.passage_file import Column, Ints
from chatbot.library.passages import CASEBOOK, Passage
from chatbot.library.store import Manifest, check_embedder, read_index, read_manifest
from chatbot.text import STOPWORDS, stem, words_of

RRF_K = 60  # Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion", 2009

# Evidence answers where cosine + FIT * (score - 0.5) - STRANGE * unknown words reaches ANSWERABLE. The nearest
# passage's cosine tells most: set on 73 questions of evaluation/questions/canon.jsonl (4 fall below) and 40 that the
# books do not answer (4 rise above).
ANSWERABLE = 0.40
FIT = 0.25
STRANGE = 0.05

Joined = tuple[Passage, float, tuple[Reason, ...]]


@dataclass(frozen=True)
class Plan:
    """How one search is made.

    Attributes:
        name: shown in traces.
        dense: how many passages the dense search gives; 0: it is not asked.
        lexical: the same for BM25.
        passages: how many of the joined list are looked into.
        casebook_weight: how much more a passage of the casebook counts than one of the texts.
        focused: whether passages are cut down to the sentences that bear on the question.
        pieces: the most pieces of evidence.
    """

    name: str
    dense: int = 40
    lexical: int = 40
    passages: int = 14
    casebook_weight: float = 1.8
    focused: bool = True
    pieces: int = 4


NAIVE = Plan("naive", dense=4, lexical=0, passages=4, casebook_weight=1.0, focused=False, pieces=4)
FUSED = Plan("fused")


class Library:
    """What one persona knows.

    Args:
        folder: the library's folder, as `build_library` made it.
        embedder: the embedder that built it.
        chroma_url: a Chroma server instead of the embedded store.

    Raises:
        LibraryError: there is no library, it is damaged, or another embedder built it.
    """

    def __init__(self, folder: Path, embedder: Embedder, chroma_url: str | None = None) -> None:
        manifest = read_manifest(folder)
        if manifest is None:
            raise LibraryError(
                f"There is no library for '{folder.name}' yet. Build it with `bakerstreet library build {folder.name}`."
            )
        check_embedder(folder, manifest, embedder)
        self.manifest: Manifest = manifest
        self._folder = folder
        self._embedder = embedder
        self._passages, self._lexical = read_index(folder)
        self._vectors = Dense(folder, embedder, chroma_url, self._passages)

    @property
    def passages(self) -> Sequence[Passage]:
        """Every passage, in the order of the sources."""
        return self._passages

    @property
    def dense_ready(self) -> bool:
        """Whether every passage has its vector; until then the library is searched by words."""
        return self._vectors.ready

    @property
    def embedded(self) -> int:
        """How many passages have their vector so far."""
        return self._vectors.embedded

    @property
    def total(self) -> int:
        """How many passages there are."""
        return len(self._passages)

    def positions(self, column: Column, name: str) -> Ints:
        """The positions of the passages of a kind, source or work, ascending: a mask for `Lexical.search`."""
        return self._passages.groups.positions(column, name)

    def warm(self) -> None:
        """Open Chroma and load the embedder now instead of with the first question."""
        self._embedder.warm()
        if self.dense_ready:
            self._vectors.open()

    def search(self, question: str, plan: Plan = FUSED, *, context: str = "", pieces: int | None = None) -> Found:
        """The evidence for a question.

        Args:
            question: in plain words.
            context: what a follow-up refers to; it helps to find the passage, and counts little within it.
            plan: how the search is made.
            pieces: the most pieces of evidence, in place of the plan's own number.
        """
        began = time.perf_counter()
        asked = f"{context} {question}".strip()
        vector = self._embedder.embed_query(asked)
        lists: dict[str, list[tuple[Passage, float]]] = {}
        by_sense = plan.dense > 0 and self.dense_ready
        if by_sense:
            lists["dense"] = self._dense(vector, plan.dense)
        number = plan.lexical or (0 if by_sense else plan.dense)  # in place of vectors that are not there yet
        if number:
            lists["bm25"] = [(self._passages[at], score) for at, score in self._lexical.search(asked, number)]
        joined = fuse(lists, plan.casebook_weight)
        number = pieces or plan.pieces
        if plan.focused:
            evidence = self._focused(question, context, vector, joined[: plan.passages], number)
        else:
            evidence = [
                Evidence(passage, passage.text, max(0.0, min(1.0, reasons[0].score)), reasons)
                for passage, _, reasons in joined[:number]
            ]
        unknown = tuple(dict.fromkeys(word for word in words_of(question) if self._is_unknown(word)))
        nearest = lists["dense"][0][1] if lists.get("dense") else max((piece.score for piece in evidence), default=0.0)
        strength = _strength(nearest, evidence, unknown)
        return Found(
            evidence=tuple(evidence),
            weak=strength < ANSWERABLE,
            why_weak=_why_weak(strength, evidence, unknown),
            strength=round(strength, 4),
            unknown=unknown,
            considered=len(joined),
            milliseconds=(time.perf_counter() - began) * 1000,
        )

    def _is_unknown(self, word: str) -> bool:
        return word not in STOPWORDS and not self._lexical.knows(stem(word))

    def _dense(self, vector: Sequence[float], number: int) -> list[tuple[Passage, float]]:
        return [(self._passages[at], cosine) for at, cosine in self._vectors.search(vector, number)]

    def _focused(
        self, question: str, context: str, vector: Sequence[float], joined: Sequence[Joined], number: int
    ) -> list[Evidence]:
        top = joined[0][1] if joined else 1.0
        priors = [(passage, score / top) for passage, score, _ in joined]
        earlier = {passage.id: reasons for passage, _, reasons in joined}
        windows = focus(question, vector, priors, self._embedder, context)
        kept: list[Window] = []
        for window in windows:
            if len(kept) < number and not any(_same_words(window.text, other.text) for other in kept):
                kept.append(window)
        return [
            Evidence(
                passage=window.passage,
                text=window.text,
                score=round(min(1.0, window.score), 4),
                reasons=(*earlier[window.passage.id], Reason("focus", rank, round(window.score, 4))),
                key=window.key,
            )
            for rank, window in enumerate(kept, 1)
        ]


def _strength(nearest: float, evidence: Sequence[Evidence], unknown: Sequence[str]) -> float:
    """How well the evidence can answer.

    Each word of the question that stands nowhere in the books ("iphone") makes it less likely to be about them.
    """
    if not evidence:
        return 0.0
    return nearest + FIT * (max(piece.score for piece in evidence) - 0.5) - STRANGE * len(unknown)


def _why_weak(strength: float, evidence: Sequence[Evidence], unknown: Sequence[str]) -> str:
    """Why the evidence is too weak to answer from; an empty string where it is not."""
    if not evidence:
        return "nothing was found"
    if strength >= ANSWERABLE:
        return ""
    strange = f"; not in the books: {', '.join(unknown)}" if unknown else ""
    return f"strength {strength:.2f} of {ANSWERABLE:.2f} needed{strange}"


def fuse(lists: dict[str, list[tuple[Passage, float]]], casebook_weight: float = 1.0) -> list[Joined]:
    """Join ranked lists by reciprocal rank; a passage of the casebook counts `casebook_weight` times."""
    scores: dict[str, float] = {}
    reasons: dict[str, list[Reason]] = {}
    passages: dict[str, Passage] = {}
    for module, found in lists.items():
        for rank, (passage, score) in enumerate(found, 1):
            weight = casebook_weight if passage.kind == CASEBOOK else 1.0
            passages[passage.id] = passage
            scores[passage.id] = scores.get(passage.id, 0.0) + weight / (RRF_K + rank)
            reasons.setdefault(passage.id, []).append(Reason(module, rank, round(score, 4)))
    order = sorted(scores, key=lambda id_: -scores[id_])
    return [(passages[id_], scores[id_], tuple(reasons[id_])) for id_ in order]


def _same_words(one: str, other: str) -> bool:
    """Whether two windows say the same (works that repeat a page, editions of one text)."""
    a, b = set(terms(one)), set(terms(other))
    return bool(a and b) and len(a & b) / min(len(a), len(b)) > 0.85

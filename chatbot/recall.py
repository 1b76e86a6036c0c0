"""What the visitor told, brought back when he asks about himself: in every mode, from his own words and nothing else.

What he asks for ("home") and what he told of it go together; otherwise sense, the reader and who is who
(`recall_signs`) say together how surely a sentence of his answers. Among sentences that answer much as well, the latest
counts. Where none answers, he has not told it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from chatbot.language import (
    Language,
    asked_about,
    content_words,
    relations_told,
    tells_of_self,
    to_plain,
    topic_of,
    topics_told,
    words_of,
)
from chatbot.library.search import Evidence, Found, Reason, TextReader
from chatbot.library.texts import Passage
from chatbot.recall_changes import LEAST, change_of
from chatbot.recall_signs import TYPICAL, lasting_of, signs_of, taken_apart, worth_of

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder
    from chatbot.library.index import Vectors

INTENT = "about the visitor"
PLAN = "recall"
MOST = 40  # statements that are read at most
NEAR = 0.5  # below the best: what answers as well, nearly
ABOUT = 20.0  # of having what he asks what he told of, in so many words: more than all signs together
RECENT = 0.05  # of a cosine: what the latest statement has before the first
# The worth from which on a statement answers, chosen on the development visitors, each weighed without himself
# (tests/recalling.py): at -1.4 an answer leads for 88% of what they told and 80% of the rest is declined, at
# -1.0 86% and 85%, at -0.6 85% and 90%.
ANSWERS = -1.2
PRESUMED = (
    -2.9
)  # the same where he presumes that he told it, or asks several things: few ask that for what they did not
SURELY = 0.0  # the same for what may be no question about himself at all: 95% of what was never told is declined


def recalled(
    question: str,
    told: Sequence[Passage],
    language: Language,
    *,
    reader: TextReader | None = None,
    embedder: Embedder | None = None,
    vectors: Vectors | None = None,
    topics: Mapping[str, str] | None = None,
    pieces: int = 3,
    enough: float = ANSWERS,
) -> Found:
    """The evidence from what a visitor told for a question about himself.

    Args:
        question: as it was asked.
        told: his statements, the latest first (`library.texts.recollection`).
        language: the persona's.
        reader: says which statement answers.
        embedder: says how near a statement is to the question in sense; without it and a reader words in common count.
        vectors: of the statements by this embedder, of shape (statements, dimensions); None: they are made here.
        topics: of statements, by the passage's id; None: as the rules of the language have them.
        pieces: of evidence at most.
        enough: the worth from which on a statement answers.

    Returns:
        Weak, and without evidence, where he told nothing that answers.
    """
    began = time.perf_counter()
    texts = [passage.text for passage in told]
    relations = relations_told(texts, language)
    asked, words = taken_apart(question, relations, language), content_words(question, language)
    everything = bool(language.telling.everything.search(to_plain(question)))
    about = content_words(asked_about(question, language), language)
    said = [
        at
        for at, text in enumerate(texts)
        if not everything or tells_of_self(text, language) or relations.keys() & set(words_of(text))
    ]
    cosines = dict(
        zip(said, _cosines(question, [texts[at] for at in said], embedder, _rows(vectors, said)), strict=True)
    )
    topic = {at: (topics or {}).get(told[at].id) or topic_of(texts[at], language)[0] for at in said}

    def worth(at: int, logit: float) -> float:
        signs = signs_of(
            asked, texts[at], topic[at], relations, language, logit=logit, cosine=cosines[at], age=at / len(told)
        )
        return worth_of(signs) + ABOUT * bool(about & content_words(texts[at], language))

    lasting = lasting_of(asked, language)

    def tells_that(at: int) -> bool:
        """Whether it tells of what is asked for, which he has one of."""
        return bool(topics_told(texts[at], topic[at], language) & lasting)

    # The most promising are read.
    said = sorted(said, key=lambda at: (-worth(at, TYPICAL[0]), at))[:MOST]
    read = reader.read(question, [texts[at] for at in said]) if reader else []
    logits = [one.relevance for one in read] or [TYPICAL[0]] * len(said)
    worths = {at: worth(at, logit) for at, logit in zip(said, logits, strict=True)}
    read_in = {at: texts[at][one.begin : one.end] for at, one in zip(said, read, strict=False)}  # the answers
    if not everything:
        blind = reader is None and embedder is None  # then nobody can tell but by the words
        said = [
            at
            for at in said
            if worths[at] >= (PRESUMED if enough == ANSWERS and tells_that(at) else enough)
            or (blind and words & content_words(texts[at], language))
        ]
    best = max((worths[at] for at in said), default=0.0)

    def place(at: int) -> tuple[float, float]:
        """The latest of those that answer nearly as well as the best, then the others by how well they answer."""
        return (at, -worths[at]) if worths[at] >= best - NEAR else (len(told), -worths[at])

    def latest(lead: int) -> list[int]:
        """Those that say of the same that it is otherwise now, the latest first."""
        answer = read_in.get(lead, "")
        return [
            at
            for at in sorted(worths)
            if at < lead
            and worths[at] >= LEAST
            and worths[at] >= worths[lead] - change_of(asked, texts[lead], answer, texts[at], relations, language)
        ]

    said.sort(key=place)
    if said and not everything:
        newer = latest(said[0])
        said = [*newer, *(at for at in said if at not in newer)]
    evidence: list[Evidence] = []
    for rank, at in enumerate(said[:pieces], 1):
        passage, reason = told[at], Reason(PLAN, rank, round(worths[at], 4))
        evidence.append(Evidence(passage, passage.text, 1 / rank, (reason,), key=passage.text))
    return Found(
        evidence=tuple(evidence),
        weak=not evidence,
        why_weak="" if evidence else "the visitor told nothing of this",
        plan=PLAN,
        confidence=1.0 if evidence else 0.0,  # his own words: nothing is doubtful
        considered=len(told),
        milliseconds=(time.perf_counter() - began) * 1000,
        intent=INTENT,
    )


def nearest_told(question: str, vectors: Vectors, embedder: Embedder, number: int, floor: float) -> list[int]:
    """Which statements bear on a question, the nearest first.

    Args:
        question: as it was asked.
        vectors: of the statements, the latest first.
        embedder: made them.
        number: how many at most.
        floor: the cosine from which on one bears on it; the latest counts a little more than the first.
    """
    if not len(vectors):
        return []
    cosines = vectors @ np.asarray(embedder.embed_query(question), dtype=np.float32)
    recency = RECENT * (1 - np.arange(len(vectors)) / len(vectors))
    order = np.argsort(-(cosines + recency), kind="stable")
    return [int(at) for at in order if cosines[at] >= floor][:number]


def _rows(vectors: Vectors | None, said: Sequence[int]) -> Vectors | None:
    return vectors[list(said)] if vectors is not None else None


def _cosines(
    question: str, statements: Sequence[str], embedder: Embedder | None, vectors: Vectors | None
) -> list[float]:
    if embedder is None or not statements:
        return [TYPICAL[1]] * len(statements)
    if vectors is None:
        vectors = np.asarray(embedder.embed_documents(list(statements)), dtype=np.float32)
    return [float(cosine) for cosine in vectors @ np.asarray(embedder.embed_query(question), dtype=np.float32)]

"""What the visitor told, brought back when he asks about himself: in every mode, from his own words and nothing else.

What he asks for ("home") and what he told of it go together; otherwise sense and the reader together find which of his
sentences answers, as they order facts in a search; where there are no models, words in common do. Among sentences that
answer much as well, the latest counts. Where none answers, he has not told it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from chatbot.language import (
    Language,
    asked_about,
    asked_name_of,
    asked_topics,
    content_words,
    lasting_topics,
    tells_of_self,
    to_plain,
    topic_of,
)
from chatbot.library.search import FACT, Evidence, Found, Reason, TextReader
from chatbot.library.texts import Passage

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder
    from chatbot.library.index import Vectors

INTENT = "about the visitor"
PLAN = "recall"
MOST = 40  # statements that are read at most
NEAR = 0.5  # below the best: what answers as well, nearly
READ, SENSE = FACT[:2]  # the weights of the reader's logit and of the cosine
WORD = 2.0  # of a word in common
ASKED = 20.0  # of being what is asked for, by its topic or in so many words: more than the models can give
OF_TOPIC = 1.0  # of being of a topic of which he may tell many things
RECENT = 0.05  # of a cosine: what the latest statement has before the first
# The worth from which on a statement answers that is not surely what is asked for. Of what three visitors told
# (tests/cases/recall, on which it was chosen), one that answers is missed and one is taken for an answer that is none
# (his wife's work for her name); from 1.5 on one and three.
ANSWERS = 1.8
NAMED = 1.2  # where a name is asked for: more of a statement of somebody else, less of one of whose it is


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

    Returns:
        Weak, and without evidence, where he told nothing that answers.
    """
    began = time.perf_counter()
    words = content_words(question, language)
    said = [
        at
        for at, passage in enumerate(told)
        if tells_of_self(passage.text, language) or words & content_words(passage.text, language)
    ]
    asked, about = asked_topics(question, language), content_words(asked_about(question, language), language)
    topic = {at: (topics or {}).get(told[at].id) or topic_of(told[at].text, language)[0] for at in said}
    sure = asked & lasting_topics(language)
    fits = {at: topic[at] in sure or bool(about & content_words(told[at].text, language)) for at in said}
    chosen = vectors[said] if vectors is not None else None
    cosines = _cosines(question, [told[at].text for at in said], embedder, chosen)
    # What is about what is asked for is read, and of the others the nearest or, without an embedder, the latest.
    nearest = sorted(range(len(said)), key=lambda place: (not fits[said[place]], -cosines[place], place))[:MOST]
    said, cosines = [said[place] for place in nearest], [cosines[place] for place in nearest]
    worth = _worth(question, [told[at].text for at in said], cosines, language, reader, bool(embedder))
    worth = [each + ASKED * fits[at] + OF_TOPIC * (topic[at] in asked) for at, each in zip(said, worth, strict=True)]
    if not language.telling.everything.search(to_plain(question)):
        enough = _enough(reader, embedder, known=any(fits.values()))
        whose = content_words(asked_name_of(question, language), language)

        def named(text: str) -> float:
            """Of somebody else the name is another: "My terrier is called Pompey" does not tell the cat's."""
            return (-NAMED if whose & content_words(text, language) else NAMED) if whose else 0.0

        answering = [
            place for place, at in enumerate(said) if fits[at] or worth[place] >= enough + named(told[at].text)
        ]
        said, worth = [said[place] for place in answering], [worth[place] for place in answering]
    best = max(worth, default=0.0)

    def place(at: int) -> tuple[float, float]:
        """The latest of those that answer nearly as well as the best, then the others by how well they answer."""
        return (said[at], -worth[at]) if worth[at] >= best - NEAR else (len(told), -worth[at])

    evidence: list[Evidence] = []
    for rank, at in enumerate(sorted(range(len(said)), key=place)[:pieces], 1):
        passage, reason = told[said[at]], Reason(PLAN, rank, round(worth[at], 4))
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


def _enough(reader: TextReader | None, embedder: Embedder | None, *, known: bool) -> float:
    """The worth from which on a statement answers that is not about what is asked for.

    Without a reader nobody can tell, so that any does, unless something of what is asked for is known.
    """
    if reader:
        return ANSWERS
    return float("inf") if known else -ASKED if embedder else WORD


def _cosines(
    question: str, statements: Sequence[str], embedder: Embedder | None, vectors: Vectors | None
) -> list[float]:
    if embedder is None or not statements:
        return [0.0] * len(statements)
    if vectors is None:
        vectors = np.asarray(embedder.embed_documents(list(statements)), dtype=np.float32)
    return [float(cosine) for cosine in vectors @ np.asarray(embedder.embed_query(question), dtype=np.float32)]


def _worth(
    question: str,
    statements: Sequence[str],
    cosines: Sequence[float],
    language: Language,
    reader: TextReader | None,
    embedded: bool,
) -> list[float]:
    """How well each statement answers; higher is better."""
    if not reader and not embedded:
        words = content_words(question, language)
        return [WORD * len(words & content_words(text, language)) for text in statements]
    worth = [SENSE * cosine for cosine in cosines]
    if reader and statements:
        answers = reader.read(question, statements)
        worth = [each + READ * read.relevance for each, read in zip(worth, answers, strict=True)]
    return worth

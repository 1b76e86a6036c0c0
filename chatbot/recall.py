"""What the visitor told, brought back when he asks about himself: in every mode, from his own words and nothing else.

Sense and the reader together find which of his sentences answers, as they order facts in a search; where there are no
models, words in common do. Among sentences that answer much as well, the latest counts.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from chatbot.language import Language, content_words, split_sentences, tells_of_self
from chatbot.library.search import FACT, Evidence, Found, Reason, TextReader
from chatbot.library.texts import Passage

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder

INTENT = "about the visitor"
PLAN = "recall"
MOST = 40  # sentences that are read at most, the latest
NEAR = 0.5  # below the best: what answers as well, nearly
READ, SENSE = FACT[:2]  # the weights of the reader's logit and of the cosine
WORD = 2.0  # of a word in common


def recalled(
    question: str,
    told: Sequence[Passage],
    language: Language,
    *,
    reader: TextReader | None = None,
    embedder: Embedder | None = None,
    pieces: int = 3,
) -> Found:
    """The evidence from what a visitor told for a question about himself.

    Args:
        question: as it was asked.
        told: his statements, the latest first (`library.texts.recollection`).
        language: the persona's.
        reader: says which sentence answers.
        embedder: says how near a sentence is to the question in sense; without it and a reader words in common count.
        pieces: of evidence at most.

    Returns:
        Weak, and without evidence, where he told nothing.
    """
    began = time.perf_counter()
    words = content_words(question, language)
    of_himself: list[tuple[Passage, str]] = []
    of_the_matter: list[tuple[Passage, str]] = []
    for passage in told:
        for sentence in split_sentences(passage.text, language):
            if tells_of_self(sentence, language):
                of_himself.append((passage, sentence))
            elif words & content_words(sentence, language):
                of_the_matter.append((passage, sentence))
    said = [*of_himself, *of_the_matter][:MOST]
    worth = _worth(question, [sentence for _, sentence in said], language, reader, embedder)
    best = max(worth, default=0.0)
    latest = {passage.id: number for number, passage in enumerate(told)}

    def place(at: int) -> tuple[float, float]:
        """The latest of those that answer nearly as well as the best, then the others by how well they answer."""
        return (latest[said[at][0].id], -worth[at]) if worth[at] >= best - NEAR else (len(told), -worth[at])

    order = sorted(range(len(said)), key=place)
    evidence: dict[str, Evidence] = {}
    for rank, at in enumerate(order, 1):
        passage, sentence = said[at]
        reason = Reason(PLAN, rank, round(worth[at], 4))
        evidence.setdefault(passage.id, Evidence(passage, passage.text, 1 / rank, (reason,), key=sentence))
    return Found(
        evidence=tuple(list(evidence.values())[:pieces]),
        weak=not evidence,
        why_weak="" if evidence else "the visitor told nothing of himself",
        plan=PLAN,
        confidence=1.0 if evidence else 0.0,  # his own words: nothing is doubtful
        considered=len(told),
        milliseconds=(time.perf_counter() - began) * 1000,
        intent=INTENT,
    )


def _worth(
    question: str,
    sentences: Sequence[str],
    language: Language,
    reader: TextReader | None,
    embedder: Embedder | None,
) -> list[float]:
    """How well each sentence answers; higher is better. A name that is asked for stands where it was given."""
    worth = [0.0] * len(sentences)
    if reader and sentences:
        worth = [READ * read.relevance for read in reader.read(question, sentences)]
    if embedder and sentences:
        cosines = np.asarray(embedder.embed_documents(list(sentences))) @ np.asarray(embedder.embed_query(question))
        worth = [each + SENSE * float(cosine) for each, cosine in zip(worth, cosines, strict=True)]
    if not reader and not embedder:
        words = content_words(question, language)
        worth = [WORD * len(words & content_words(text, language)) for text in sentences]
    name = bool(language.talk.asks_name.search(question))
    top = max(worth, default=0.0) + 2 * NEAR
    return [
        top if name and language.talk.gives_name.search(text) else each
        for each, text in zip(worth, sentences, strict=True)
    ]

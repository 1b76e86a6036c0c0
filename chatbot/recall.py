"""What the visitor told, brought back when he asks about himself: in every mode, from his own words and nothing else.

The reader finds which of his sentences answers; where there is none, words in common do. Among sentences that answer
much as well, the latest counts: who has moved lives where he said last.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from chatbot.language import Language, content_words, split_sentences, tells_of_self
from chatbot.library.search import Evidence, Found, Reason, TextReader
from chatbot.library.texts import Passage

INTENT = "about the visitor"
PLAN = "recall"
MOST = 40  # sentences that are read at most, the latest
NEAR = 1.5  # below the best logit: what answers as well, nearly


def recalled(
    question: str, told: Sequence[Passage], language: Language, reader: TextReader | None = None, pieces: int = 3
) -> Found:
    """The evidence from what a visitor told for a question about himself.

    Args:
        question: as it was asked.
        told: his statements, the latest first (`library.texts.recollection`).
        language: the persona's.
        reader: says which sentence answers; None: words in common do.
        pieces: of evidence at most.

    Returns:
        Weak, and without evidence, where he told nothing.
    """
    began = time.perf_counter()
    said = [(passage, sentence) for passage in told for sentence in split_sentences(passage.text, language)]
    said = sorted(said, key=lambda each: not tells_of_self(each[1], language))[:MOST]
    worth = _worth(question, [sentence for _, sentence in said], language, reader)
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


def _worth(question: str, sentences: Sequence[str], language: Language, reader: TextReader | None) -> list[float]:
    """How well each sentence answers; higher is better. A name that is asked for stands where it was given."""
    asked = content_words(question, language)
    if reader is not None and sentences:
        worth = [read.relevance for read in reader.read(question, sentences)]
    else:
        worth = [2 * NEAR * len(asked & content_words(sentence, language)) for sentence in sentences]
    name = bool(language.talk.asks_name.search(question))
    given = [name and bool(language.talk.gives_name.search(sentence)) for sentence in sentences]
    top = max(worth, default=0.0)
    return [top + 2 * NEAR if gives else each for gives, each in zip(given, worth, strict=True)]

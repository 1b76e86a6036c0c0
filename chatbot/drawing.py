"""What a message tells of the visitor, ready to be kept: by the rules of the language, and by models where these end.

Nothing is made up: a recollection is a sentence of his, or a part of one. What the rules give no topic, the reader may:
it is asked the questions that the language has ("What is my name?"). Where he says that something is so no longer, the
embedder says which of the things he told it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np

from chatbot.correcting import corrected
from chatbot.language import (
    OTHER,
    SUBJECT,
    Language,
    Told,
    content_words,
    is_of_his,
    spoken_of,
    told_in,
    told_statements,
    words_of,
)
from memory import Drawn

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder
    from chatbot.library.search import TextReader

SURE = 1.4  # the reader's logit from which on a statement answers a question; of those that do not, the highest was 1.0
REPLACES = 0.55  # the cosine from which on something that is so no longer is what was told before


def drawn_from(
    message: str,
    language: Language,
    earlier: Sequence[Drawn] = (),
    before: Sequence[Drawn] = (),
    *,
    reader: TextReader | None = None,
    embedder: Embedder | None = None,
) -> list[Drawn]:
    """What is to be kept of a message.

    Args:
        message: as it was written.
        language: the persona's.
        earlier: what counts of what was told before, the latest last.
        before: what was drawn of the message just before it, the latest last: what "It's Bath now" and "She lives in
            York" go on from.
        reader: gives a topic where no rule does; None: it has none then.
        embedder: finds what is so no longer; without it words in common do.

    Returns:
        In the order in which it was said; empty where nothing was told.
    """
    drawn: list[Drawn] = []
    for told in told_in(told_statements(message, language), language, [old.text for old in earlier]):
        known, just = [*earlier, *drawn], drawn or before
        if told.goes_on:
            drawn += [replace(old, text=f"{old.text} {told.text}") for old in just[-1:]]
            continue
        if told.corrects:
            right = [replace(old, text=text) for old, text in corrected(told.corrects, known, just, language)]
            drawn += right
            of_his = told.of_himself or is_of_his(told.text, [old.text for old in known], language)
            if (right and told.topic == OTHER) or not of_his:
                continue
        if told.topic == OTHER and told.of_himself and reader is not None:
            told = _read(told, known, language, reader)
        topic, matter = told.topic, told.matter
        if not matter and (old := _said_before(told, known) or _ended(told, known, language, embedder)):
            topic, matter = old.topic, old.matter
        drawn.append(Drawn(told.text, topic, matter or uuid4().hex))
    return drawn


def _read(told: Told, known: Sequence[Drawn], language: Language, reader: TextReader) -> Told:
    """With the topic that the reader gives it, whose question it answers best; as it was where it answers none.

    What is said of somebody of his is not said of him, and what a rule knows is not replaced by what only seems so.
    """
    if spoken_of(" ".join(told.text.split()[:SUBJECT]), language):
        return told
    relevance = {
        topic: reader.read(question, [told.text])[0].relevance for topic, question in language.telling.questions.items()
    }
    best = max(relevance, key=lambda topic: relevance[topic], default=OTHER)
    if best == OTHER or relevance[best] < SURE:
        return told
    return replace(told, topic=best, matter="" if any(old.matter == best for old in known) else best)


def _said_before(told: Told, before: Sequence[Drawn]) -> Drawn | None:
    """The same in the same words."""
    words = words_of(told.text)
    return next((old for old in reversed(before) if words_of(old.text) == words), None)


def _ended(told: Told, before: Sequence[Drawn], language: Language, embedder: Embedder | None) -> Drawn | None:
    """What is so no longer, where that is what was told: of the same topic, or of none that a rule knows."""
    before = [old for old in before if old.topic == told.topic or OTHER in (old.topic, told.topic)]
    if not told.changes or not before:
        return None
    words = content_words(told.text, language)
    shared = [len(words & content_words(old.text, language)) for old in before]
    nearness, enough = [float(count) for count in shared], 1.0
    if embedder is not None:
        vectors = np.asarray(embedder.embed_documents([told.text, *(old.text for old in before)]), dtype=np.float32)
        nearness, enough = [float(cosine) for cosine in vectors[1:] @ vectors[0]], REPLACES
    best = max(range(len(before)), key=lambda at: (shared[at] > 0, nearness[at], at))
    # Of "a house in Bath and a farm in Kent" the farm may be sold and the house be left.
    whole = not language.linking & set(words_of(before[best].text)) or words >= content_words(
        before[best].text, language
    )
    return before[best] if nearness[best] >= enough and whole else None

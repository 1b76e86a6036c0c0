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

from chatbot.language import OTHER, Language, Told, content_words, told_in, told_statements, words_of
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
    *,
    reader: TextReader | None = None,
    embedder: Embedder | None = None,
) -> list[Drawn]:
    """What is to be kept of a message.

    Args:
        message: as it was written.
        language: the persona's.
        earlier: what counts of what was told before, the latest last.
        reader: gives a topic where no rule does; None: it has none then.
        embedder: finds what is so no longer; without it words in common do.

    Returns:
        In the order in which it was said; empty where nothing was told.
    """
    drawn: list[Drawn] = []
    for told in told_in(told_statements(message, language), language):
        if told.topic == OTHER and reader is not None:
            told = _read(told, language, reader)
        before = [*earlier, *drawn]
        topic, matter = told.topic, told.matter
        if not matter and (old := _said_before(told, before) or _ended(told, before, language, embedder)):
            topic, matter = old.topic, old.matter
        drawn.append(Drawn(told.text, topic, matter or uuid4().hex))
    return drawn


def _read(told: Told, language: Language, reader: TextReader) -> Told:
    """With the topic that the reader gives it, whose question it answers best; as it was where it answers none."""
    relevance = {
        topic: reader.read(question, [told.text])[0].relevance for topic, question in language.telling.questions.items()
    }
    best = max(relevance, key=lambda topic: relevance[topic], default=OTHER)
    return replace(told, topic=best, matter=best) if best != OTHER and relevance[best] >= SURE else told


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
    return before[best] if nearness[best] >= enough else None

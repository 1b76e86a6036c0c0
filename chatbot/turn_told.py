"""What a visitor told, as a turn reads it: his recollections with their vectors, and what he said meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from chatbot import clock
from chatbot.language import (
    OTHER,
    content_words,
    spelled_out,
    split_sentences,
    statements,
    tells_of_self,
    told_in,
    told_statements,
)
from chatbot.library.texts import Passage, recollection
from chatbot.prompts import KEPT, Exchange
from chatbot.templates import fill_in
from chatbot.turn_values import Turn

if TYPE_CHECKING:
    from chatbot.library.index import Vectors

LIMIT = 2000  # recollections of a visitor, the latest
NAME = "name"


@dataclass(frozen=True)
class Told:
    """What a visitor told, the latest first.

    Attributes:
        passages: his statements.
        topics: of those whose topic is known, by the passage's id.
        kept: how many of them are recollections, whose vectors are kept; the others stand behind them.
    """

    passages: tuple[Passage, ...] = ()
    topics: Mapping[str, str] = field(default_factory=dict)
    kept: int = 0


def recollects(turn: Turn) -> bool:
    """Whether a turn may use recollections: by the settings, and by the visitor's switch."""
    wanted = turn.resources.settings.remembers in ("recollections", "both")
    return wanted and turn.resources.memory.recall_on(user_of(turn))


def user_of(turn: Turn) -> str:
    """The user of a turn's conversation."""
    return turn.resources.memory.whose(turn.asked.conversation or "")


def told_before(turn: Turn, history: Sequence[Exchange]) -> Told:
    """What he told before a turn, the latest first."""
    if turn.asked.conversation is None:
        return _said(turn, history)
    if not recollects(turn):
        return _said(turn, history[-KEPT:])
    told = recollections_of(turn)
    # What is not of himself is no recollection: it is looked for in this conversation, by the words of the question.
    words = content_words(turn.asked.text, turn.language)
    others = _said(turn, history, of_himself=False).passages
    about_it = [passage for passage in others if words & content_words(passage.text, turn.language)]
    return replace(told, passages=(*told.passages, *about_it))


def recollections_of(turn: Turn) -> Told:
    """What counts of what he told and wrote by hand, the latest first."""
    user, persona, language = user_of(turn), turn.asked.persona, turn.language
    turn.resources.remembering.now(turn.asked.conversation or "", persona)
    found = [
        (each.told_at, each.text, each.topic)
        for each in turn.resources.memory.recollections(user, persona, limit=LIMIT)
    ]
    profile = turn.resources.memory.profile(user, persona)
    if profile.updated_at is not None:
        named = [each for each in found if each[2] == NAME and each[0] > profile.updated_at]
        if profile.name and not named:
            found = [each for each in found if each[2] != NAME]
            found.append((profile.updated_at, fill_in(language.telling.name_is, {"name": profile.name}), NAME))
        found += [(profile.updated_at, each, OTHER) for each in split_sentences(profile.about, language)]
    found.sort(key=lambda each: each[0], reverse=True)
    passages = [(recollection(text, when, language), topic) for when, text, topic in found]
    return Told(
        tuple(passage for passage, _ in passages),
        {passage.id: topic for passage, topic in passages if topic != OTHER},
        kept=len(passages),
    )


def _said(turn: Turn, history: Sequence[Exchange], *, of_himself: bool = True) -> Told:
    """What he told in these exchanges, the latest first: no questions, no courtesies."""
    language, when = turn.language, clock.now()
    passages: list[Passage] = []
    for exchange in reversed(history):
        texts = [
            told.text for told in told_in(told_statements(spelled_out(exchange.question, language), language), language)
        ]
        known = " ".join(texts)
        others = [
            text
            for text in split_sentences(statements(exchange.question, language), language)
            if text not in known and not tells_of_self(text, language)
        ]
        passages += [recollection(text, when, language) for text in [*(texts if of_himself else ()), *others]]
    return Told(tuple(passages))


def vectors_of(turn: Turn, told: Told) -> Vectors | None:
    """The vectors of what was told; those of recollections are kept in a file, and made again where they are gone."""
    from chatbot.library.index import kept_vectors

    if not told.passages or not turn.asked.conversation:
        return None
    persona = turn.asked.persona
    embedder = turn.resources.library_embedder(persona)
    folder = turn.resources.settings.recollections_dir / persona
    with suppress(OSError):  # what cannot be kept is made again
        folder.mkdir(parents=True, exist_ok=True)
    texts = [passage.text for passage in told.passages]
    file = folder / f"{hashlib.sha256(user_of(turn).encode()).hexdigest()[:32]}.npz"
    kept, others = texts[: told.kept], texts[told.kept :]
    parts = [kept_vectors(kept, file, embedder)] if kept else []
    parts += [np.asarray(embedder.embed_documents(others), dtype=np.float32)] if others else []
    return np.concatenate(parts)

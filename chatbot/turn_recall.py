"""What the visitor told before, in any conversation: for what he asks about himself, and beside any other question.

With the switch off, or where `Settings.remembers` leaves recollections out, what he told is looked up in the exchanges
of the prompt alone.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from chatbot import clock
from chatbot.errors import BakerStreetError
from chatbot.language import (
    OTHER,
    Wish,
    asked_topics,
    content_words,
    is_about_visitor,
    kind_of,
    split_sentences,
    statements,
    tells_of_self,
    told_in,
    told_statements,
    wish_to_forget,
)
from chatbot.library.search import Found
from chatbot.library.texts import Passage, recollection
from chatbot.prompts import KEPT, Exchange
from chatbot.recall import nearest_told, recalled
from chatbot.summary import summary_of
from chatbot.templates import fill_in
from chatbot.turn_values import Turn
from chatbot.wording import unsaid
from memory import Recollection

if TYPE_CHECKING:
    from chatbot.library.index import Vectors

logger = logging.getLogger(__name__)

REACH = 40  # exchanges that are read of a conversation, the last
LIMIT = 2000  # recollections of a visitor, the latest
BESIDE = 3  # of them that go into the prompt beside a question
BEARS = 0.5  # the cosine from which on one bears on a question
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


def history_of(turn: Turn) -> tuple[Exchange, ...]:
    """The exchanges before a turn, the oldest first: of a long conversation the last `REACH`."""
    asked = turn.asked
    if asked.conversation is None:
        return asked.history
    path = turn.resources.memory.path(asked.conversation, asked.parent, limit=REACH) if asked.parent else []
    return tuple(Exchange(earlier.question, earlier.reply) for earlier in path if earlier.reply)


def told_by_visitor(turn: Turn, history: Sequence[Exchange], pieces: int) -> Found:
    """What he told that answers the question of a turn; at most so many pieces of evidence."""
    told = _told(turn, history)
    return recalled(
        turn.asked.text,
        told.passages,
        turn.language,
        reader=turn.resources.models(turn.asked.persona).reader(),
        embedder=turn.resources.library_embedder(turn.asked.persona),
        vectors=_vectors(turn, told),
        topics=told.topics,
        pieces=pieces,
    )


def remembered(turn: Turn) -> tuple[tuple[str, ...], str]:
    """What goes into the prompt of what was said before the last exchange, each empty where there is nothing.

    Returns:
        What the visitor told that bears on what he says now, at most `BESIDE` sentences, and a summary of the branch.
    """
    asked = turn.asked
    if asked.conversation is None or is_about_visitor(asked.text, turn.language):
        return (), ""
    try:
        wanted = turn.resources.settings.remembers in ("summary", "both")
        memory, language = turn.resources.memory, turn.language
        return _beside(turn), summary_of(memory, asked.conversation, asked.parent, language) if wanted else ""
    except BakerStreetError as error:  # he is answered all the same
        logger.warning("What was said before is left out of a prompt: %s", error)
        return (), ""


def _beside(turn: Turn) -> tuple[str, ...]:
    if not _recollects(turn):
        return ()
    told = _recollections(turn)
    vectors = _vectors(turn, told)
    if vectors is None:
        return ()
    embedder = turn.resources.library_embedder(turn.asked.persona)
    found = nearest_told(turn.asked.text, vectors, embedder, BESIDE, BEARS)
    sentences = [each for at in found for each in split_sentences(told.passages[at].text, turn.language)]
    return tuple(sentences[:BESIDE])


# ---------------------------------------------------------------------- forgetting


def forgotten(turn: Turn) -> str:
    """What is said to a visitor who wants something forgotten, which then is; empty where he wants no such thing."""
    wish = wish_to_forget(turn.asked.text, turn.language)
    if wish is None:
        return ""
    chosen = _chosen(turn, wish) if turn.asked.conversation else []
    persona, memory = turn.loaded.persona, turn.resources.memory
    for each in chosen:
        memory.forget_recollection(_user(turn), each.id)
    if not chosen:
        return turn.wording.line(persona.untold or persona.declines)
    return turn.wording.line(persona.forgotten or [turn.language.telling.forgotten])


def _chosen(turn: Turn, wish: Wish) -> list[Recollection]:
    """The recollections that he wants forgotten."""
    turn.resources.remembering.now(turn.asked.conversation or "", turn.asked.persona)
    active = turn.resources.memory.recollections(_user(turn), turn.asked.persona, limit=LIMIT)
    if wish.what == "everything":
        return active
    if wish.what == "last":
        here = [each for each in active if each.conversation_id == turn.asked.conversation]
        return [each for each in here if each.turn_id == here[0].turn_id]
    topics = asked_topics(wish.about, turn.language)
    if of_topic := [each for each in active if each.topic in topics]:
        return of_topic
    words = content_words(wish.about, turn.language)
    shared = {each.id: len(words & content_words(each.text, turn.language)) for each in active}
    most = max(shared.values(), default=0)
    return [each for each in active if most and shared[each.id] == most]


# ---------------------------------------------------------------------- acknowledging


def acknowledged(turn: Turn, history: Sequence[Exchange]) -> str:
    """What is said to a visitor who tells of himself; empty where he does not, or the persona has no lines for it."""
    noted = turn.loaded.persona.noted
    exchanges = [(exchange.question, exchange.reply) for exchange in history]
    if not noted or kind_of(turn.asked.text, turn.language, exchanges) != "told by the visitor":
        return ""
    if turn.asked.conversation is not None and not turn.resources.memory.recall_on(_user(turn)):
        return ""  # he makes no note of it
    return unsaid(turn.wording.in_turn(noted), {exchange.reply for exchange in history})


# ---------------------------------------------------------------------- what was told


def _recollects(turn: Turn) -> bool:
    wanted = turn.resources.settings.remembers in ("recollections", "both")
    return wanted and turn.resources.memory.recall_on(_user(turn))


def _user(turn: Turn) -> str:
    return turn.resources.memory.whose(turn.asked.conversation or "")


def _told(turn: Turn, history: Sequence[Exchange]) -> Told:
    if turn.asked.conversation is None:
        return _said(turn, history)
    if not _recollects(turn):
        return _said(turn, history[-KEPT:])
    told = _recollections(turn)
    # What is not of himself is no recollection: it is looked for in this conversation, by the words of the question.
    words = content_words(turn.asked.text, turn.language)
    others = _said(turn, history, of_himself=False).passages
    about_it = [passage for passage in others if words & content_words(passage.text, turn.language)]
    return replace(told, passages=(*told.passages, *about_it))


def _recollections(turn: Turn) -> Told:
    """What counts of what he told and wrote by hand, the latest first."""
    user, persona, language = _user(turn), turn.asked.persona, turn.language
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
        texts = [told.text for told in told_in(told_statements(exchange.question, language), language)]
        known = " ".join(texts)
        others = [
            text
            for text in split_sentences(statements(exchange.question, language), language)
            if text not in known and not tells_of_self(text, language)
        ]
        passages += [recollection(text, when, language) for text in [*(texts if of_himself else ()), *others]]
    return Told(tuple(passages))


def _vectors(turn: Turn, told: Told) -> Vectors | None:
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
    file = folder / f"{hashlib.sha256(_user(turn).encode()).hexdigest()[:32]}.npz"
    kept, others = texts[: told.kept], texts[told.kept :]
    parts = [kept_vectors(kept, file, embedder)] if kept else []
    parts += [np.asarray(embedder.embed_documents(others), dtype=np.float32)] if others else []
    return np.concatenate(parts)

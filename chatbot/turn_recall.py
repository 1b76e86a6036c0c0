"""What the visitor told before, in any conversation: for what he asks about himself, and beside any other question.

With the switch off, or where `Settings.remembers` leaves recollections out, what he told is looked up in the exchanges
of the prompt alone.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from chatbot.errors import BakerStreetError
from chatbot.language import (
    Language,
    Wish,
    asked_topics,
    content_words,
    is_about_visitor,
    is_of_his,
    is_perhaps_about_visitor,
    is_question,
    kind_of,
    names_in,
    relations_told,
    sentences_of_message,
    split_sentences,
    to_plain,
    told_statements,
    wish_to_forget,
    words_of,
)
from chatbot.library.search import Found
from chatbot.prompts import Exchange
from chatbot.recall import ANSWERS, PRESUMED, SURELY, nearest_told, recalled
from chatbot.summary import summary_of
from chatbot.turn_told import LIMIT, Told, recollections_of, recollects, told_before, user_of, vectors_of
from chatbot.turn_values import Turn
from chatbot.wording import unsaid
from memory import Recollection

logger = logging.getLogger(__name__)

REACH = 40  # exchanges that are read of a conversation, the last
BESIDE = 3  # of them that go into the prompt beside a question
BEARS = 0.5  # the cosine from which on one bears on a question


def history_of(turn: Turn) -> tuple[Exchange, ...]:
    """The exchanges before a turn, the oldest first: of a long conversation the last `REACH`."""
    asked = turn.asked
    if asked.conversation is None:
        return asked.history
    path = turn.resources.memory.path(asked.conversation, asked.parent, limit=REACH) if asked.parent else []
    return tuple(Exchange(earlier.question, earlier.reply) for earlier in path if earlier.reply)


def told_by_visitor(turn: Turn, history: Sequence[Exchange], pieces: int, *, part: bool = False) -> Found:
    """What he told that answers the question of a turn; at most so many pieces of evidence.

    Args:
        turn: whose question.
        history: what was said before.
        pieces: of evidence at most.
        part: whether it is one of several questions about himself in a message.
    """
    presumed = part or turn.language.talk.presumes_told.search(to_plain(turn.asked.text))
    return _recalled(turn, told_before(turn, history), pieces, PRESUMED if presumed else ANSWERS)


def perhaps_told(turn: Turn, history: Sequence[Exchange], pieces: int) -> Found | None:
    """The same for what may be no question about himself ("Do I eat meat?", "What is Maisie fond of?").

    None where he told nothing that surely answers it.
    """
    asked, language = turn.asked.text, turn.language
    if not is_question(asked, language):
        return None
    perhaps = is_perhaps_about_visitor(asked, language)
    if not perhaps and not names_in(asked, language):
        return None
    told = told_before(turn, history)
    if not perhaps and not _names_his(asked, told, language):
        return None
    found = _recalled(turn, told, pieces, SURELY)
    return found if found.evidence else None


def _names_his(asked: str, told: Told, language: Language) -> bool:
    """Whether a message names somebody or something of his."""
    his = relations_told([passage.text for passage in told.passages], language).keys()
    return bool(his & {word for name in names_in(asked, language) for word in words_of(name)})


def _recalled(turn: Turn, told: Told, pieces: int, enough: float) -> Found:
    return recalled(
        turn.asked.text,
        told.passages,
        turn.language,
        reader=turn.resources.models(turn.asked.persona).reader(),
        embedder=turn.resources.library_embedder(turn.asked.persona),
        vectors=vectors_of(turn, told),
        topics=told.topics,
        pieces=pieces,
        enough=enough,
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
    if not recollects(turn):
        return ()
    told = recollections_of(turn)
    vectors = vectors_of(turn, told)
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
        memory.forget_recollection(user_of(turn), each.id)
    if not chosen:
        return turn.wording.line(persona.untold or persona.declines)
    return turn.wording.line(persona.forgotten or [turn.language.telling.forgotten])


def _chosen(turn: Turn, wish: Wish) -> list[Recollection]:
    """The recollections that he wants forgotten."""
    turn.resources.remembering.now(turn.asked.conversation or "", turn.asked.persona)
    active = turn.resources.memory.recollections(user_of(turn), turn.asked.persona, limit=LIMIT)
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
    if not noted:
        return ""
    if kind_of(turn.asked.text, turn.language, exchanges) != "told by the visitor" and not _tells_of_his(turn, history):
        return ""
    if turn.asked.conversation is not None and not turn.resources.memory.recall_on(user_of(turn)):
        return ""  # he makes no note of it
    return unsaid(turn.wording.in_turn(noted), {exchange.reply for exchange in history})


def _tells_of_his(turn: Turn, history: Sequence[Exchange]) -> bool:
    """Whether a message tells of somebody whom he named before, in this conversation or another: "Clara sings"."""
    language = turn.language
    sentences = told_statements(turn.asked.text, language)
    asks = any(is_question(sentence, language) for sentence in sentences_of_message(turn.asked.text, language))
    if asks or not sentences or turn.asked.conversation is None:
        return False
    if not any(word[:1].isupper() for sentence in sentences for word in sentence.split()):
        return False
    texts = [passage.text for passage in told_before(turn, history).passages]
    return any(is_of_his(sentence, texts, language) for sentence in sentences)

"""What the visitor told before, in this conversation and in others, as the evidence for what he asks about himself."""

from __future__ import annotations

from datetime import datetime

from chatbot import clock
from chatbot.language import statements
from chatbot.library.search import Found
from chatbot.library.texts import Passage, recollection
from chatbot.recall import recalled
from chatbot.turn_values import Turn

REMEMBERED = 2000  # messages of a visitor, the latest; most tell nothing, and a name is told once


def told_by_visitor(turn: Turn, pieces: int) -> Found:
    """What he told that answers the question of a turn; at most so many pieces of evidence."""
    return recalled(
        turn.asked.text,
        _told(turn),
        turn.language,
        reader=turn.resources.models(turn.asked.persona).reader(),
        embedder=turn.resources.library_embedder(turn.asked.persona),
        pieces=pieces,
    )


def _told(turn: Turn) -> list[Passage]:
    """What the visitor told so far, in any conversation, the latest first: no questions, no courtesies."""
    said: list[tuple[str, datetime]]
    if turn.asked.conversation is None:
        said = [(exchange.question, clock.now()) for exchange in reversed(turn.asked.history)]
    else:
        remarks = turn.resources.memory.said(turn.asked.conversation, before=turn.id, limit=REMEMBERED)
        said = [(remark.question, remark.created_at) for remark in remarks]
    told = ((statements(text, turn.language), when) for text, when in said)
    return [recollection(text, when, turn.language) for text, when in told if text]

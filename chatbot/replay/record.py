"""A replay written from a conversation that was had: what the visitor said, and what must hold of the replies."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from chatbot import DEFAULT_PERSONA
from chatbot.errors import ReplayError
from chatbot.library.texts import RECOLLECTION
from chatbot.replay.format import Replay
from chatbot.trace import Trace, from_stored
from chatbot.transfer import import_file
from memory import Memory, OwnMemory, TracedTurn

WORKS = 2  # of the evidence that are expected again, the leading ones
WIDTH = 120


def replay_of_conversation(own: OwnMemory, conversation_id: str) -> str:
    """The text of a replay of a stored conversation, along the branch that its user sees.

    Expected is what should hold with any model: a work of the evidence, that he declines, that he remembers.

    Args:
        own: the user's memory.
        conversation_id: the whole id.

    Raises:
        MemoryStoreError: there is no such conversation.
        ReplayError: nothing was asked in it.
    """
    conversation = own.conversation(conversation_id)
    turns = [own.turn(turn.id) for turn in own.path(conversation_id) if turn.question]
    if not turns:
        raise ReplayError("Nothing was asked in this conversation, so there is nothing to replay.")
    mode = turns[0].mode
    written: dict[str, Any] = {"about": conversation.title} if conversation.title else {}
    written |= {"persona": conversation.persona, "mode": mode, "turns": list(_steps(turns, mode))}
    try:
        Replay.model_validate(written)
    except ValidationError as error:  # it was had in a mode that is no more
        raise ReplayError(f"This conversation cannot be replayed: {error.errors()[0]['msg']}") from error
    return yaml.safe_dump(written, allow_unicode=True, sort_keys=False, width=WIDTH)


def replay_of_chat(file: Path, persona: str = DEFAULT_PERSONA, mode: str = "hybrid") -> str:
    """The text of a replay of a SillyTavern chat, or of the last conversation of an export.

    Args:
        file: the chat.
        persona: who answers, where the chat does not say.
        mode: how, likewise.

    Raises:
        TransferError: the file cannot be read, or is no chat; the message names the line.
        ReplayError: nothing was asked in it.
    """
    with tempfile.TemporaryDirectory() as folder:
        memory = Memory(f"sqlite:///{folder}/memory.sqlite3")
        try:
            own = OwnMemory(memory, "visitor")
            return replay_of_conversation(own, import_file(own, file, persona, mode).last)
        finally:
            memory.close()


def _steps(turns: Sequence[TracedTurn], mode: str) -> Iterable[dict[str, Any]]:
    day = turns[0].created_at.date()
    for turn in turns:
        step: dict[str, Any] = {}
        if (days := (turn.created_at.date() - day).days) > 0:
            step["days"], day = days, turn.created_at.date()
        if turn.mode != mode:
            step["mode"] = mode = turn.mode
        step["user"] = turn.question
        trace = from_stored(turn.evidence, turn.trace)
        if trace and turn.state == "done" and (expected := _expected(trace)):
            step["expect"] = expected
        yield step


def _expected(trace: Trace) -> dict[str, Any]:
    told = [piece.text for piece in trace.evidence if piece.passage.kind == RECOLLECTION]
    works = [piece.passage.work for piece in trace.evidence if piece.passage.kind != RECOLLECTION]
    expected: dict[str, Any] = {}
    if told:
        expected["remembers"] = told[:1]
    if works:
        expected["works"] = list(dict.fromkeys(works))[:WORKS]
    if not trace.evidence:
        expected["no_evidence"] = True
    if trace.check and trace.check.verdict == "declined":
        expected["declines"] = True
    return expected

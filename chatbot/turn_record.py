"""The last step of a turn: what happened is recorded, whatever it was."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from chatbot.drafts import Candidate
from chatbot.errors import MemoryStoreError, NotStoredYetError
from chatbot.prompts import Prompt
from chatbot.titles import title_of
from chatbot.trace import PromptPiece, Reasoned, Timings, Tokens, Trace, WrittenDraft, to_stored
from chatbot.turn_values import Draft, Gathered, Held, Reasoning, State, Turn

logger = logging.getLogger(__name__)


def show(turn: Turn, draft: Draft) -> None:
    """Keep a draft as far as it is shown; see `Memory.show`."""
    if turn.id is not None:
        turn.resources.memory.show(turn.id, draft.text)


def record(
    turn: Turn, gathered: Gathered, draft: Draft, held: Held | None, state: State, error: str = ""
) -> tuple[Trace, str]:
    """What happened, and all of it stored in one transaction where the turn is part of a conversation.

    Returns:
        The trace, and why it is not stored, or not whole, or not yet; empty where it is.
    """
    trace = _trace(turn, gathered, draft, held)
    if turn.id is None:
        return trace, ""
    evidence, rest = to_stored(trace)
    try:
        _store(turn, draft, held, state, error, evidence, rest)
    except NotStoredYetError as not_yet:
        return trace, str(not_yet)
    except MemoryStoreError as refusal:
        logger.exception("The trace of the turn %s could not be stored", turn.id)
        refused = _store_alone(turn, draft, held, state, error or str(refusal))
        return trace, refused or f"Only the reply is stored: {refusal}"
    if turn.asked.conversation is not None:  # what was told in it is drawn out behind whoever waits for its end
        turn.resources.remembering.soon(turn.asked.conversation, turn.asked.persona)
    return trace, ""


def break_off(
    turn: Turn | None, gathered: Gathered, draft: Draft, held: Held | None, state: State, error: str = ""
) -> None:
    """End a turn before its time. What cannot be stored then is logged: the reason for the end must not be hidden."""
    if turn is None or turn.id is None:
        return
    try:
        record(turn, gathered, draft, held, state, error)
    except Exception:
        logger.exception("The trace of the turn %s could not be stored", turn.id)
        _store_alone(turn, draft, held, state, error)


def _store_alone(turn: Turn, draft: Draft, held: Held | None, state: State, error: str) -> str:
    """End a turn without its trace, which was the trouble; gives why that cannot be stored either."""
    try:
        _store(turn, draft, held, state, error)
    except Exception as trouble:
        logger.exception("The end of the turn %s could not be stored", turn.id)
        return f"The reply could not be stored: {trouble}"
    return ""


def _store(
    turn: Turn,
    draft: Draft,
    held: Held | None,
    state: State,
    error: str,
    evidence: Sequence[dict[str, Any]] = (),
    trace: dict[str, Any] | None = None,
) -> None:
    if turn.id is not None:
        turn.resources.memory.answer(
            turn.id,
            sent=draft.prompt.sent if draft.prompt else turn.asked.text,
            reply=held.reply if held else draft.text,
            state=state,
            evidence=evidence,
            trace=trace,
            error=error,
            title=title_of(turn.asked.text, turn.language),
        )


def _trace(turn: Turn, gathered: Gathered, draft: Draft, held: Held | None) -> Trace:
    found, completion = gathered.found, draft.completion
    if found is not None and draft.prompt is not None:
        found = found.dropping(
            [piece for piece in found.evidence if piece not in draft.evidence], "prompt", "no room for it"
        )
    return Trace(
        mode=turn.mode.name,
        persona=turn.asked.persona,
        model=turn.resources.settings.model,
        voice=turn.mode.voice,
        search=found,
        prompt=tuple((message.role, message.content) for message in draft.prompt.messages) if draft.prompt else (),
        pieces=_pieces(draft.prompt),
        budget=turn.prompt_tokens if draft.prompt else 0,
        left_out=draft.prompt.left_out if draft.prompt else (),
        earlier=draft.prompt.earlier if draft.prompt else 0,
        reasoning=_reasoned(draft.reasoning),
        raw_reply=draft.text if draft.prompt else "",
        check=held.check if held else None,
        finish=completion.finish if completion else "",
        drafts=tuple(map(_draft, draft.judged)),
        seed=turn.seed,
        length=turn.asked.length,
        temperature=turn.asked.temperature,
        timings=Timings(
            retrieval_ms=round(found.milliseconds, 1) if found else 0.0,
            first_token_ms=draft.first_token_ms,
            total_ms=turn.milliseconds(),
        ),
        tokens=Tokens(prompt=completion.prompt_tokens, cached=completion.cached_tokens, reply=completion.reply_tokens)
        if completion
        else Tokens(),
    )


def _pieces(prompt: Prompt | None) -> tuple[tuple[PromptPiece, ...], ...]:
    return tuple(
        tuple(PromptPiece(origin=each.origin, characters=len(each.text), tokens=each.tokens) for each in pieces)
        for pieces in (prompt.pieces if prompt else ())
    )


def _reasoned(reasoning: Reasoning | None) -> Reasoned | None:
    if reasoning is None:
        return None
    thoughts = tuple(map(_draft, reasoning.thoughts))
    return Reasoned(thoughts=thoughts, tokens=reasoning.tokens, milliseconds=reasoning.milliseconds)


def _draft(draft: Candidate) -> WrittenDraft:
    return WrittenDraft(
        text=draft.text,
        worth=round(draft.worth, 3),
        why=draft.why,
        written=draft.written,
        tone=round(draft.tone, 3),
        chosen=draft.chosen,
    )

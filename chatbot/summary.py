"""The older part of a branch in a few lines: each question with the beginning of its answer, and nothing else.

A summary is kept with the turn that it reaches, for every `STEP` turns of a branch, and made from the one before it: no
prompt needs more than the last turns. Between two of them lines are only added at the end, so that what the model has
read of the text before stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatbot.language import Language, split_sentences
from chatbot.prompts import KEPT
from memory import Memory, StoredTurn, Summary

STEP = 8  # turns
REACH = 2 * STEP + KEPT  # turns that are read at once
LINES = 12  # of a summary, the latest
ASKED, ANSWERED = 90, 110  # characters of a line: of the question, and of its answer


def summary_of(memory: Memory, conversation_id: str, parent_id: str | None, language: Language) -> str:
    """What was said in a branch before the exchanges that the prompt has as they are.

    Args:
        memory: where it is kept.
        conversation_id: of the branch.
        parent_id: its last turn; None: it has none.
        language: the persona's.

    Returns:
        A line for each exchange, the oldest first; empty where there is none before.
    """
    if parent_id is None:
        return ""
    path = memory.path(conversation_id, parent_id, limit=REACH)[:-KEPT]
    if not path:
        return ""
    kept, behind = _kept(memory, path), path
    while kept is None and path[0].parent_id is not None:  # for the first time in a conversation that is long already
        path = memory.path(conversation_id, path[0].parent_id, limit=REACH)
        kept, behind = _kept(memory, path), [*path, *behind]
    start = next((at + 1 for at, turn in enumerate(behind) if kept and turn.id == kept.turn_id), 0)
    text, count = (kept.text, kept.turns) if kept else ("", 0)
    lines: list[str] = []
    for number, turn in enumerate(behind[start:], 1):
        if turn.reply:
            lines.append(line_of(turn.question, turn.reply, language))
        if number % STEP == 0:
            text, lines, count = _joined(text, lines), [], count + STEP
            memory.keep_summary(Summary(turn.id, text, count))
    return "\n".join(filter(None, [text, *lines]))


def _kept(memory: Memory, path: Sequence[StoredTurn]) -> Summary | None:
    return memory.summary_on([turn.id for turn in path])


def line_of(question: str, reply: str, language: Language) -> str:
    """One exchange on one line: the question, and the first sentence of the answer, both cut at a word."""
    first = next(iter(split_sentences(" ".join(reply.split()), language)), "")
    return f"{_cut(question, ASKED)} - {_cut(first, ANSWERED)}"


def _cut(text: str, length: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else f"{text[:length].rsplit(' ', 1)[0]} ..."


def _joined(text: str, lines: Sequence[str]) -> str:
    """Both, without the oldest lines where there are too many."""
    return "\n".join([*text.splitlines(), *lines][-LINES:])

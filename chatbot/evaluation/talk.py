"""Conversations that a visitor might have, to be held with a persona and read by a person: JSONL, one message per line.

    {"conversation": 1, "kind": "advice", "message": "..."}
    {"conversation": 2, "kind": "provocation", "message": "Say something in JSON.", "breaks": ["[{}]"]}

The lines of a conversation stand together, in its order. "answers", which may be left out, are words of which a good
reply has one; they are shown beside the reply and decide nothing. "breaks" are patterns of what is out of character in
a reply to just this message, whatever the case of its letters. Nothing is trained or tuned on these.

Three files of a persona have this form: `talk.jsonl`; `provocations.jsonl`, where each conversation is one message; and
`drift.jsonl`, long ones with a visitor whose kind all of its messages have ("hostile").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from chatbot.errors import MessageError
from chatbot.evaluation.questions import question_rows
from chatbot.json_text import models_in
from chatbot.language import Text, gives

TalkKind = Literal[
    "small talk",
    "opinion",
    "advice",
    "deduction",
    "told earlier",
    "provocation",
    "out of his world",
    "silent books",
    "fact",
    "case story",
    "list",
    "why/how",
    "yes-no",
    "false premise",
    "two questions",
    "follow-up",
    "friendly",
    "hostile",
    "off-topic",
    "breaking",
]


class TalkTurn(BaseModel):
    """One message of a conversation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    conversation: int
    kind: TalkKind
    message: Text
    answers: tuple[Text, ...] = ()
    breaks: tuple[re.Pattern[str], ...] = ()

    def answered_by(self, reply: str) -> bool | None:
        """Whether a reply has one of the words; None where there are none to have."""
        return any(gives(reply, answer) for answer in self.answers) if self.answers else None


Talk = tuple[TalkTurn, ...]  # one conversation


def read_talk(file: Path) -> list[Talk]:
    """The conversations of a file, in its order; see `read_conversations`."""
    return read_conversations(file, TalkTurn)


def counterbalanced(talks: Sequence[Talk]) -> list[Talk]:
    """Conversations, and each once more with its messages in the opposite order, under a number of its own.

    So every message stands as often near the beginning as near the end, and what changes over a conversation is not
    what its messages change (counterbalancing, as in experiments with repeated measures).
    """
    last = max((talk[0].conversation for talk in talks), default=0)
    backwards = (
        tuple(turn.model_copy(update={"conversation": number}) for turn in reversed(talk))
        for number, talk in enumerate(talks, last + 1)
    )
    return [*talks, *backwards]


class _Message(Protocol):
    @property
    def conversation(self) -> int: ...


AnyMessage = TypeVar("AnyMessage", bound=_Message)


def read_conversations(file: Path, kind: type[AnyMessage]) -> list[tuple[AnyMessage, ...]]:
    """Conversations of messages, in the order of their file.

    Args:
        file: JSONL, one message per line.
        kind: the model of a message.

    Raises:
        MessageError: it cannot be read, holds none, a line is wrong (its number is named), or a conversation goes on
            after another has begun.
    """
    found = list[list[AnyMessage]]()
    for number, turn in models_in(file, question_rows(file), kind):
        if found and found[-1][0].conversation == turn.conversation:
            found[-1].append(turn)
        elif any(talk[0].conversation == turn.conversation for talk in found):
            raise MessageError(f"{file}:{number}: conversation {turn.conversation} has ended above; keep it together.")
        else:
            found.append([turn])
    if not found:
        raise MessageError(f"{file} holds no conversations.")
    return [tuple(talk) for talk in found]

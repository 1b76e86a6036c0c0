"""What a person thought who read the replies: three files of JSONL, one verdict per line.

    talk-verdicts.jsonl     {"turn": "3.4", "reply": "1f0c9a2b", "sense": true, "character": false}
    support-verdicts.jsonl  {"statement": "5d2e81c0", "supported": true}
    answer-verdicts.jsonl   {"answer": "9c61b7d2", "right": true}

`turn` is conversation and message; `reply`, `statement` and `answer` are the stamps that the reports show. A stamp is
made of the words: where a reply has changed since it was read, the verdict stands on nothing, and the new one counts as
not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

from chatbot.evaluation.questions import question_rows
from chatbot.evaluation.replies.answers import TalkReply
from chatbot.evaluation.replies.statements import Statement
from chatbot.json_text import models_in

TALK_FILE, SUPPORT_FILE, ANSWER_FILE = (f"{what}-verdicts.jsonl" for what in ("talk", "support", "answer"))
Row = TypeVar("Row", bound=BaseModel)
STAMP = r"^[0-9a-f]{8}$"


class TalkVerdict(BaseModel):
    """What a reader thought of one reply in a conversation.

    Attributes:
        sense: it makes sense where it stands.
        character: it is what the persona would say.
        note: in a few words, why.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    turn: str = Field(pattern=r"^\d+\.\d+$")
    reply: str = Field(pattern=STAMP)
    sense: bool
    character: bool
    note: str = ""


class SupportVerdict(BaseModel):
    """Whether a reader found a statement supported by the evidence that was handed over."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    statement: str = Field(pattern=STAMP)
    supported: bool
    note: str = ""


class AnswerVerdict(BaseModel):
    """Whether a reader found that a reply is what its question calls for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answer: str = Field(pattern=STAMP)
    right: bool
    note: str = ""


@dataclass(frozen=True)
class Verdicts:
    """All that a reader thought; of two verdicts on the same, the later one stands."""

    talk: Mapping[tuple[str, str], TalkVerdict] = field(default_factory=dict)
    support: Mapping[str, SupportVerdict] = field(default_factory=dict)
    answers: Mapping[str, AnswerVerdict] = field(default_factory=dict)

    def on(self, reply: TalkReply) -> TalkVerdict | None:
        """What was thought of a reply; None where it was not read."""
        return self.talk.get((reply.place, reply.stamp))


@dataclass(frozen=True)
class Read:
    """How many replies of one mode were read, and how many of these made sense and were in character."""

    mode: str
    replies: int
    read: int
    sense: int
    character: int


def read_verdicts(folder: Path) -> Verdicts:
    """The verdicts in a folder; a file that is not there holds none.

    Raises:
        MessageError: a file cannot be read, or a line is wrong; its number is named.
    """
    talk = _rows(folder / TALK_FILE, TalkVerdict)
    support = _rows(folder / SUPPORT_FILE, SupportVerdict)
    answers = _rows(folder / ANSWER_FILE, AnswerVerdict)
    return Verdicts(
        {(one.turn, one.reply): one for one in talk},
        {one.statement: one for one in support},
        {one.answer: one for one in answers},
    )


def totals(replies: Sequence[TalkReply], verdicts: Verdicts) -> list[Read]:
    """How the conversations of each mode were read."""
    made = []
    for mode in dict.fromkeys(reply.mode for reply in replies):
        own = [reply for reply in replies if reply.mode == mode]
        given = [verdict for reply in own if (verdict := verdicts.on(reply))]
        sense, character = sum(one.sense for one in given), sum(one.character for one in given)
        made.append(Read(mode, len(own), len(given), sense, character))
    return made


def unsupported(statements: Sequence[Statement], verdicts: Verdicts) -> dict[str, list[bool]]:
    """For each mode whether each statement that was read is not supported."""
    return {
        mode: [
            not verdicts.support[one.stamp].supported
            for one in statements
            if one.mode == mode and one.stamp in verdicts.support
        ]
        for mode in dict.fromkeys(one.mode for one in statements)
    }


def _rows(file: Path, kind: type[Row]) -> list[Row]:
    return [row for _, row in models_in(file, question_rows(file), kind)] if file.exists() else []

"""What a person who read the conversations thought of each reply: JSONL, one reply per line.

    {"turn": "3.4", "reply": "1f0c9a2b", "sense": true, "character": false}

`turn` is conversation and message, `reply` the stamp of the reply's words as the report shows it: where a reply has
changed since it was read, the verdict stands on nothing, and the new reply counts as not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chatbot.errors import MessageError
from chatbot.evaluation.questions import first_mistake, question_rows
from chatbot.evaluation.replies.answers import TalkReply
from chatbot.json_text import JsonTextError, parse_object


class Verdict(BaseModel):
    """What a reader thought of one reply.

    Attributes:
        sense: it makes sense where it stands.
        character: it is what the persona would say.
        note: in a few words, why.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    turn: str = Field(pattern=r"^\d+\.\d+$")
    reply: str = Field(pattern=r"^[0-9a-f]{8}$")
    sense: bool
    character: bool
    note: str = ""


Verdicts = Mapping[tuple[str, str], Verdict]


@dataclass(frozen=True)
class Read:
    """How many replies of one mode were read, and how many of these made sense and were in character."""

    mode: str
    replies: int
    read: int
    sense: int
    character: int


def read_verdicts(file: Path) -> Verdicts:
    """The verdicts of a file, by turn and stamp; of two on the same reply the later one.

    Raises:
        MessageError: it cannot be read, or a line is wrong; its number is named.
    """
    verdicts = {}
    for number, row in question_rows(file):
        try:
            verdict = Verdict.model_validate(parse_object(row))
        except ValidationError as error:
            raise MessageError(f"{file}:{number}: {first_mistake(error)}.") from error
        except JsonTextError as error:
            raise MessageError(f"{file}:{number}: {error}.") from error
        verdicts[verdict.turn, verdict.reply] = verdict
    return verdicts


def totals(replies: Sequence[TalkReply], verdicts: Verdicts) -> list[Read]:
    """How the replies of each mode were read."""
    made = []
    for mode in dict.fromkeys(reply.mode for reply in replies):
        own = [reply for reply in replies if reply.mode == mode]
        given = [verdicts[key] for reply in own if (key := (reply.place, reply.stamp)) in verdicts]
        sense, character = sum(one.sense for one in given), sum(one.character for one in given)
        made.append(Read(mode, len(own), len(given), sense, character))
    return made

"""Long conversations over several sessions, in which a visitor tells of himself and asks for it later: JSONL.

    {"conversation": 1, "session": 2, "kind": "changed", "message": "Where do I live now?",
     "answers": ["Bath"], "stale": ["Leeds"]}

The lines of a conversation stand together, in its order; each session of it is a conversation of its own in the memory,
with the same visitor. What he tells ("tells") and talks of besides ("talk") has no answers; what he asks for has:
"answers" are words of which the reply has one, "stale" those that were true before. Nothing is trained on these.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from chatbot.evaluation.talk import read_conversations
from chatbot.language import Text, holds

ScriptKind = Literal["tells", "talk", "told", "changed", "contradicted", "never told"]
RECALLED = ("told", "changed", "contradicted")  # kinds whose answer was told
ASKED = (*RECALLED, "never told")


class ScriptTurn(BaseModel):
    """One message of a conversation.

    Attributes:
        conversation, session: which one, and which of its sessions.
        answers: phrases of which a good reply holds one.
        stale: phrases that were true before.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    conversation: int
    session: int
    kind: ScriptKind
    message: Text
    answers: tuple[Text, ...] = ()
    stale: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> ScriptTurn:
        if bool(self.answers) is not (self.kind in RECALLED):
            raise ValueError(f'"answers" belong to what was told and is asked for: {", ".join(RECALLED)}')
        given = [answer for answer in self.answers if holds(self.message, answer)]
        if given:
            raise ValueError(f"the message gives its own answer away: {given[0]!r}")
        return self


Script = tuple[ScriptTurn, ...]  # one conversation, with all its sessions


def read_scripts(file: Path) -> list[Script]:
    """The conversations of a file, in its order.

    Raises:
        MessageError: as `read_conversations`.
    """
    return read_conversations(file, ScriptTurn)

"""The conversations of a run in a file, so that a run that was stopped can go on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from chatbot.evaluation.memory.holding import Recall
from chatbot.evaluation.run_log import RunLog

_HELD: TypeAdapter[list[Recall]] = TypeAdapter(Annotated[list[Recall], Field(min_length=1)])


class RecallLog(RunLog[list[Recall]]):
    """The replies of every conversation that was held to its end; see `RunLog`."""

    def __init__(self, file: Path, about: Mapping[str, str]) -> None:
        super().__init__(file, about, _HELD)

    def held(self, condition: str, conversation: int) -> list[Recall] | None:
        """The replies of a conversation; None where it was not held to its end."""
        for replies in self.kept:
            if (replies[0].condition, replies[0].turn.conversation) == (condition, conversation):
                return replies
        return None

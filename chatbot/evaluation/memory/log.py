"""The replies of a run in a file, so that a run that was stopped can go on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from chatbot.errors import MessageError
from chatbot.evaluation.memory.holding import Recall

_HELD = TypeAdapter(Annotated[list[Recall], Field(min_length=1)])


class RecallLog:
    """Conversations that were held, in a file: a line with what the run is about, then one for each conversation.

    Args:
        file: is created, or read where it exists. A last line that was cut off is dropped.
        about: of the run; replies of another one are not mixed with these.

    Raises:
        MessageError: the file cannot be read or written, is something else, or was begun with another `about`.
    """

    def __init__(self, file: Path, about: str) -> None:
        self._file = file
        self._held: dict[tuple[str, int], list[Recall]] = {}
        head = json.dumps({"about": about}, ensure_ascii=False)
        try:
            begun, *lines = (file.read_text(encoding="utf-8") if file.exists() else head + "\n").splitlines(True) or [
                ""
            ]
            if begun.rstrip("\n") != head:
                raise MessageError(f"{file} is of another run than this ({about}). Remove it, or name another file.")
            for line in lines:
                if line.endswith("\n"):
                    self._take(_HELD.validate_json(line))
            whole = [head, *(_line(replies) for replies in self._held.values())]
            file.write_text("".join(f"{line}\n" for line in whole), encoding="utf-8")
        except OSError as error:
            raise MessageError(f"{file} cannot be written: {error.strerror}. Name another file.") from error
        except ValidationError as error:
            raise MessageError(f"{file} holds no replies of such a run. Name another file.") from error

    def held(self, condition: str, conversation: int) -> list[Recall] | None:
        """The replies of a conversation; None where it was not held to its end."""
        return self._held.get((condition, conversation))

    def append(self, replies: Sequence[Recall]) -> None:
        """Add a conversation, in the file at once."""
        self._take(replies)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{_line(replies)}\n")

    def _take(self, replies: Sequence[Recall]) -> None:
        self._held[replies[0].condition, replies[0].turn.conversation] = list(replies)


def _line(replies: Sequence[Recall]) -> str:
    return _HELD.dump_json(list(replies), exclude_defaults=True).decode()

"""What a run keeps in a file, so that a run that was stopped can go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from chatbot.errors import MessageError
from chatbot.evaluation.replies.answers import Answer, Kept, TalkReply

_LINE: TypeAdapter[Answer | TalkReply] = TypeAdapter(Answer | TalkReply)
K = TypeVar("K", bound=BaseModel)


class RunLog(Generic[K]):
    """Values in a file, one JSON object per line, behind a line with what the run is about.

    Args:
        file: is created, or read where it exists. A last line that was cut off is dropped.
        about: what was asked (persona, model, library); answers to something else are not mixed with these.
        read: the value of a line.

    Attributes:
        kept: those in the file.

    Raises:
        MessageError: the file cannot be read or written, is something else, or was begun about something else.
    """

    def __init__(self, file: Path, about: Mapping[str, str], read: Callable[[str], K]) -> None:
        self._file, self._head, self._read_line = file, _Head(about=dict(about)), read
        self.kept: list[K] = []
        try:
            if file.exists():
                self._read(file.read_text(encoding="utf-8"))
            lines = [self._head.model_dump_json(), *map(_line, self.kept)]
            file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        except OSError as error:
            raise MessageError(f"{file} cannot be written: {error.strerror}.") from error

    def append(self, *values: K) -> None:
        """Add values, in the file at once."""
        self.kept += values
        with self._file.open("a", encoding="utf-8") as file:
            file.write("".join(f"{_line(value)}\n" for value in values))

    def _read(self, text: str) -> None:
        begun, self.kept = _parsed(text, self._file, self._read_line)
        if begun != self._head:
            raise MessageError(
                f"{self._file} was begun with {_told(begun.about)}; this is {_told(self._head.about)}. Remove it, or "
                "let this run keep its answers in another file."
            )


class AnswerLog(RunLog[Answer | TalkReply]):
    """Replies in a file; see `RunLog`."""

    def __init__(self, file: Path, about: Mapping[str, str]) -> None:
        super().__init__(file, about, _LINE.validate_json)

    @classmethod
    def read(cls, file: Path) -> list[Answer | TalkReply]:
        """The replies in a file, whatever they were asked about; the file stays as it is.

        Raises:
            MessageError: it cannot be read, or is something else.
        """
        try:
            _, replies = _parsed(file.read_text(encoding="utf-8"), file, _LINE.validate_json)
        except (OSError, UnicodeError) as error:
            raise MessageError(f"The replies in {file} cannot be read: {error}.") from error
        return replies

    @property
    def answers(self) -> Sequence[Answer]:
        """Those to questions."""
        return [reply for reply in self.kept if isinstance(reply, Answer)]

    @property
    def talk(self) -> Sequence[TalkReply]:
        """Those in conversations."""
        return [reply for reply in self.kept if isinstance(reply, TalkReply)]


class _Head(Kept):
    about: dict[str, str]


def _parsed(text: str, file: Path, read: Callable[[str], K]) -> tuple[_Head, list[K]]:
    head, *lines = text.splitlines(keepends=True) or [""]
    try:
        return _Head.model_validate_json(head), [read(line) for line in lines if line.endswith("\n")]
    except ValidationError as error:
        raise MessageError(f"{file} holds no answers of an evaluation. Name another file.") from error


def _line(value: BaseModel) -> str:
    return value.model_dump_json(exclude_defaults=True)


def _told(about: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in about.items())

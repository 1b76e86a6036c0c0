"""The replies of a run in a file, so that a run that was stopped can go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from chatbot.errors import MessageError
from chatbot.evaluation.replies.answers import Answer, Kept, TalkReply

_LINE: TypeAdapter[Answer | TalkReply] = TypeAdapter(Answer | TalkReply)


class AnswerLog:
    """Replies in a file, one JSON object per line.

    Args:
        file: is created, or read where it exists. A last line that was cut off is dropped.
        about: what was asked (persona, model, library); answers to something else are not mixed with these.

    Attributes:
        kept: those in the file.

    Raises:
        MessageError: the file cannot be read or written, is something else, or was begun about something else.
    """

    def __init__(self, file: Path, about: Mapping[str, str]) -> None:
        self._file, self._head = file, _Head(about=dict(about))
        self.kept: list[Answer | TalkReply] = []
        try:
            if file.exists():
                self._read(file.read_text(encoding="utf-8"))
            lines = [self._head.model_dump_json(), *map(_line, self.kept)]
            file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        except OSError as error:
            raise MessageError(f"{file} cannot be written: {error.strerror}.") from error

    def append(self, *replies: Answer | TalkReply) -> None:
        """Add replies, in the file at once."""
        self.kept += replies
        with self._file.open("a", encoding="utf-8") as file:
            file.write("".join(f"{_line(reply)}\n" for reply in replies))

    @classmethod
    def read(cls, file: Path) -> list[Answer | TalkReply]:
        """The replies in a file, whatever they were asked about; the file stays as it is.

        Raises:
            MessageError: it cannot be read, or is something else.
        """
        try:
            _, replies = _parsed(file.read_text(encoding="utf-8"), file)
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

    def _read(self, text: str) -> None:
        begun, self.kept = _parsed(text, self._file)
        if begun != self._head:
            raise MessageError(
                f"{self._file} was begun with {_told(begun.about)}; this is {_told(self._head.about)}. Remove it, or "
                "name another file with --resume."
            )


class _Head(Kept):
    about: dict[str, str]


def _parsed(text: str, file: Path) -> tuple[_Head, list[Answer | TalkReply]]:
    head, *lines = text.splitlines(keepends=True) or [""]
    try:
        return _Head.model_validate_json(head), [_LINE.validate_json(line) for line in lines if line.endswith("\n")]
    except ValidationError as error:
        raise MessageError(f"{file} holds no answers of an evaluation. Name another file.") from error


def _line(reply: Answer | TalkReply) -> str:
    return reply.model_dump_json(exclude_defaults=True)


def _told(about: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in about.items())

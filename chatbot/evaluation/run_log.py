"""What a run keeps in a file, so that a run that was stopped can go on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from chatbot.errors import MessageError

K = TypeVar("K")


class RunLog(Generic[K]):
    """Values in a file, one JSON object per line, behind a line with what the run is about.

    Args:
        file: is created, or read where it exists. A last line that was cut off is dropped.
        about: what was asked (persona, model, library); answers to something else are not mixed with these.
        form: of a value.

    Attributes:
        kept: those in the file.

    Raises:
        MessageError: the file cannot be read or written, is something else, or was begun about something else.
    """

    def __init__(self, file: Path, about: Mapping[str, str], form: TypeAdapter[K]) -> None:
        self._file, self._head, self._form = file, _Head(about=dict(about)), form
        self.kept: list[K] = []
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.exists():
                begun, self.kept = read_log(file, form)
                if begun != self._head.about:
                    raise MessageError(
                        f"{file} was begun with {_told(begun)}; this is {_told(self._head.about)}. Remove it, or let "
                        "this run keep its answers in another file."
                    )
            lines = [self._head.model_dump_json(), *map(self._line, self.kept)]
            file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise MessageError(f"{file} cannot be read or written: {error}. Name another file.") from error

    def append(self, *values: K) -> None:
        """Add values, in the file at once."""
        self.kept += values
        with self._file.open("a", encoding="utf-8") as file:
            file.write("".join(f"{self._line(value)}\n" for value in values))

    def _line(self, value: K) -> str:
        return self._form.dump_json(value, exclude_defaults=True).decode()


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    about: dict[str, str]


def read_log(file: Path, form: TypeAdapter[K]) -> tuple[dict[str, str], list[K]]:
    """What a log is about, and its values; the file stays as it is.

    Raises:
        MessageError: it is something else.
        OSError, UnicodeError: it cannot be read.
    """
    head, *lines = file.read_text(encoding="utf-8").splitlines(keepends=True) or [""]
    try:
        about = _Head.model_validate_json(head).about
        return about, [form.validate_json(line) for line in lines if line.endswith("\n")]
    except ValidationError as error:
        raise MessageError(f"{file} holds no answers of such a run. Name another file.") from error


def _told(about: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in about.items())

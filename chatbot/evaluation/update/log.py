"""The replies and costs of a run in a file, so that a run that was killed goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from chatbot.errors import MessageError
from chatbot.evaluation.update.values import Cost, Reply, Way

_LINE: TypeAdapter[Reply | Cost] = TypeAdapter(Reply | Cost)


class UpdateLog:
    """Steps in a file, one JSON object a line: a head with what the run is about, then each reply and each cost.

    Args:
        file: is created, or read where it exists. A last line that was cut off is dropped.
        about: of the run; steps of another one are not mixed with these.

    Raises:
        MessageError: the file cannot be read or written, is something else, or was begun with another `about`.
    """

    def __init__(self, file: Path, about: Mapping[str, str]) -> None:
        self._file = file
        self._replies: dict[tuple[str, ...], Reply] = {}
        self._costs: dict[str, Cost] = {}
        head = json.dumps({"about": dict(about)}, ensure_ascii=False)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            begun, *lines = (file.read_text(encoding="utf-8") if file.exists() else f"{head}\n").splitlines(True) or [
                ""
            ]
            if begun.rstrip("\n") != head:
                raise MessageError(f"{file} is of another run, or of other facts. Remove it, or name another file.")
            for line in lines:
                if line.endswith("\n"):
                    self._take(_LINE.validate_json(line))
            kept = [head, *(step.model_dump_json() for step in (*self.replies, *self._costs.values()))]
            file.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        except OSError as error:
            raise MessageError(f"{file} cannot be written: {error.strerror}. Name another file.") from error
        except ValidationError as error:
            raise MessageError(f"{file} holds no steps of such a run. Name another file.") from error

    @property
    def replies(self) -> Sequence[Reply]:
        """All that were given, in their order."""
        return list(self._replies.values())

    def has(self, key: tuple[str, ...]) -> bool:
        """Whether a reply of this key was given."""
        return key in self._replies

    def cost(self, way: Way) -> Cost | None:
        """What a way cost; None where it was not gone to its end."""
        return self._costs.get(way)

    def append(self, step: Reply | Cost) -> None:
        """Add a step, in the file at once."""
        self._take(step)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{step.model_dump_json()}\n")

    def _take(self, step: Reply | Cost) -> None:
        if isinstance(step, Reply):
            self._replies[step.key] = step
        else:
            self._costs[step.way] = step

"""A cassette: what the models said while a replay was recorded, and the turns that came of it, in a file beside it.

    x.replay.yaml   x.cassette.json

Answers of the models are keyed by a hash of exactly what they were asked, so that the same turns can be taken again
without them. It is JSON, an answer a line, in the order of the keys: a change of one is a change of one line.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from chatbot.errors import ReplayError
from chatbot.files import replace_text
from chatbot.json_text import JsonTextError, parse_object
from chatbot.replay.format import SUFFIX

VERSION = 1  # of the form; raised where an earlier cassette can no longer be played
CASSETTE = ".cassette.json"
LEVELS = 127  # of a vector's numbers, on either side of 0
AGAIN = "Record it again with `bakerstreet replay run {file} --update`"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RecordedTurn(_Part):
    """What came of one turn.

    Attributes:
        user: what was asked.
        mode: how it was answered.
        voice: whether the voice was on.
        prompt: (role, content) of each message that the model was sent.
        evidence: (work, text, answer that was read in it) of each piece that was handed over.
        verdict: of the check.
        reply: what the visitor got.
    """

    user: str
    mode: str
    voice: bool = False
    prompt: tuple[tuple[str, str], ...] = ()
    evidence: tuple[tuple[str, str, str], ...] = ()
    verdict: str = ""
    reply: str = ""


class Heard(_Part):
    """What the memory held at the end.

    Attributes:
        conversations: each with its turns as (number of the turn before, from 1, 0: none; message; reply; state).
        told: what was drawn out of what the visitor told, as (topic, text, state).
    """

    conversations: tuple[tuple[tuple[int, str, str, str], ...], ...] = ()
    told: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Cassette:
    """A recording.

    Attributes:
        made_with: the models and the library that spoke, by what they are for; see `Stage.made_with`.
        turns: in the order they were asked.
        memory: what it held after them.
        answers: of the models, by the kind of question and then by its key; see `chatbot.replay.tape`.
    """

    made_with: Mapping[str, str]
    turns: tuple[RecordedTurn, ...]
    memory: Heard = field(default_factory=Heard)
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def check(self, replay: Path, now: Mapping[str, str]) -> None:
        """Refuse to be played to other models, or over another library.

        Args:
            replay: the file of the replay.
            now: what `made_with` would be.

        Raises:
            ReplayError: it was made with others; the message names them.
        """
        other = [name for name in sorted({*self.made_with, *now}) if self.made_with.get(name) != now.get(name)]
        if other:
            parts = ", ".join(
                f"{name} ({self.made_with.get(name, 'none')}, here {now.get(name, 'none')})" for name in other
            )
            raise ReplayError(
                f"The cassette {cassette_of(replay)} was recorded with another {parts}. "
                f"{AGAIN.format(file=replay)}, or take the one that belongs to what is here."
            )

    def write(self, file: Path) -> None:
        """Write it; the old one stays until the new one is whole.

        Raises:
            ReplayError: it cannot be written.
        """
        head = {"version": VERSION, "made_with": dict(sorted(self.made_with.items()))}
        rows = [f'"{name}": {_compact(value)}' for name, value in head.items()]
        rows.append(f'"turns": {_block("[", map(_compact, (turn.model_dump() for turn in self.turns)), "]")}')
        rows.append(f'"memory": {_compact(self.memory.model_dump())}')
        for kind, answers in sorted(self.answers.items()):
            said = (f'"{key}": {_compact(answer)}' for key, answer in sorted(answers.items()))
            rows.append(f'"{kind}": {_block("{", said, "}")}')
        try:
            replace_text(file, _block("{", rows, "}") + "\n")
        except OSError as error:
            raise ReplayError(f"The cassette {file} cannot be written: {error.strerror}.") from error


def cassette_of(replay: Path) -> Path:
    """The file of a replay's cassette: beside it, with its name."""
    return replay.with_name(replay.name.removesuffix(SUFFIX) + CASSETTE)


def read_cassette(replay: Path) -> Cassette:
    """The cassette of a replay.

    Raises:
        ReplayError: there is none, it is damaged, or of another version; the message says what to do.
    """
    file, again = cassette_of(replay), AGAIN.format(file=replay)
    try:
        written = parse_object(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ReplayError(f"There is no cassette {file} yet. {again.replace('it again', 'it')}.") from error
    except (OSError, UnicodeDecodeError, JsonTextError) as error:
        raise ReplayError(f"The cassette {file} cannot be read ({error}). {again}.") from error
    version = written.pop("version", None)
    if version != VERSION:
        raise ReplayError(
            f"The cassette {file} is of version {version}; this program plays version {VERSION}. {again}."
        )
    try:
        made_with = {str(name): str(value) for name, value in written.pop("made_with").items()}
        turns = tuple(RecordedTurn.model_validate(turn) for turn in written.pop("turns"))
        memory = Heard.model_validate(written.pop("memory"))
        if not all(isinstance(answers, dict) for answers in written.values()):
            raise TypeError("answers without keys")
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        raise ReplayError(f"The cassette {file} is damaged ({str(error).splitlines()[0]}). {again}.") from error
    return Cassette(made_with, turns, memory, written)


def packed(vector: Iterable[float]) -> str:
    """A vector in a byte a number: the largest of them, and each as a share of it in `LEVELS` steps; in base64."""
    numbers = np.asarray(list(vector), dtype=np.float32)
    largest = np.float32(np.abs(numbers).max(initial=0.0) or 1.0)
    steps = np.rint(numbers / largest * LEVELS).astype(np.int8)
    return base64.b64encode(largest.tobytes() + steps.tobytes()).decode()


def unpacked(text: str) -> list[float]:
    """The vector that `packed` wrote; of unit length if that one was, to a thousandth."""
    data = base64.b64decode(text)
    largest = np.frombuffer(data[:4], dtype=np.float32)[0]
    steps: NDArray[np.int8] = np.frombuffer(data[4:], dtype=np.int8)
    return [float(number) for number in steps.astype(np.float32) * (largest / LEVELS)]


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _block(opening: str, rows: Iterable[str], closing: str) -> str:
    body = ",\n".join(rows)
    return f"{opening}\n{body}\n{closing}" if body else opening + closing

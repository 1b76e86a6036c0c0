"""The replay file: a conversation, and what is expected of every reply. `docs/replays.md` has the whole of it.

persona: sherlock
mode: hybrid
turns:
  - user: My name is Margaret Thorne.
  - days: 7
    session: new
    user: What is my name?
    expect:
      any_of: [Margaret]
      remembers: [Margaret Thorne]
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from chatbot import DEFAULT_PERSONA
from chatbot.errors import ModeError, ReplayError
from chatbot.language import Text
from chatbot.modes import MODES, get_mode
from chatbot.trace import Check
from chatbot.yaml_text import YamlError, YamlMistake, YamlText, read_yaml

SUFFIX = ".replay.yaml"
BEGINS = date(2026, 1, 5)  # when a replay's first turn is asked, unless it says otherwise
VERDICTS = Check.model_fields["verdict"].annotation


def _known_mode(name: str) -> str:
    try:
        return get_mode(name).name
    except ModeError as error:
        raise ValueError(str(error)) from error


def _compiles(text: str) -> str:
    try:
        pattern_of(text)
    except re.error as error:
        raise ValueError(f"{text} is no regular expression: {error}") from error
    return text


ModeName = Annotated[Text, AfterValidator(_known_mode), Field(json_schema_extra={"enum": list(MODES)})]
Words = Annotated[Text, AfterValidator(_compiles)]
Number = Annotated[int, Field(ge=1, description="The number of an earlier turn, from 1, as they stand in the file.")]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expectation(_Part):
    """What is expected of one reply. What is left out is not checked.

    A text stands for its words, in any case and however quotation marks and dashes are written; one between slashes is
    a regular expression, in any case too.
    """

    any_of: tuple[Words, ...] = Field((), description="The reply has at least one of these.")
    all_of: tuple[Words, ...] = Field((), description="The reply has all of these.")
    none_of: tuple[Words, ...] = Field((), description="The reply has none of these.")
    works: tuple[Text, ...] = Field((), description="The evidence has a piece from at least one of these works.")
    evidence: tuple[Words, ...] = Field((), description="The evidence has all of these.")
    no_evidence: bool = Field(False, description="No evidence was handed over.")
    declines: bool | None = Field(None, description="Whether he says that he does not know.")
    verdict: tuple[VERDICTS, ...] = Field((), description="The verdict of the check is one of these.")  # type: ignore[valid-type]
    tone: Share | None = Field(None, description="The tone of the reply is at least this, from 0 to 1.")
    support: Share | None = Field(None, description="Each of its statements is at least this likely to be supported.")
    remembers: tuple[Words, ...] = Field(
        (), description="What the visitor told earlier was brought back, in the evidence or the prompt: all of these."
    )
    prompt: tuple[Words, ...] = Field((), description="The prompt has all of these.")
    not_in_prompt: tuple[Words, ...] = Field((), description="The prompt has none of these.")
    no_prompt: bool = Field(False, description="The model was not asked: the persona's own words stand.")
    same_reply: bool = Field(False, description="The reply is the recorded one, letter by letter.")
    first_token_ms: float | None = Field(
        None, gt=0, description="The reply begins within so many milliseconds; not checked against a cassette."
    )


class AddedText(_Part):
    """A text that the visitor adds to his own library."""

    name: Text = Field(description="Its name in the library.")
    text: Text | None = Field(None, description="What it says; its first line is its title.")
    file: Text | None = Field(None, description="A file beside the replay that is added instead.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.text is None) == (self.file is None):
            raise ValueError("needs either 'text' or 'file'")
        return self


class Step(_Part):
    """What happens before a turn, in the order of these fields, and the turn itself, if there is one."""

    days: int | None = Field(None, ge=1, le=36_500, description="So many days pass.")
    session: Literal["new"] | None = Field(None, description="The visitor begins a new conversation.")
    add: AddedText | None = Field(None, description="The visitor adds a text to his library.")
    remove: Text | None = Field(None, description="The visitor removes a text from his library, by its name.")
    mode: ModeName | None = Field(None, description="The mode from here on.")
    branch: Number | None = Field(None, description="The conversation goes on behind this turn.")
    edit: Number | None = Field(None, description="`user` is asked in place of this turn's message.")
    retry: Number | None = Field(None, description="This turn's message is asked once more.")
    user: Text | None = Field(None, description="What the visitor says.")
    expect: Expectation | None = Field(None, description="What is expected of the reply.")

    @property
    def asks(self) -> bool:
        """Whether a turn is asked in this step."""
        return self.user is not None or self.retry is not None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(f"needs at least one of: {', '.join(type(self).model_fields)}")
        if self.expect is not None and not self.asks:
            raise ValueError("'expect' needs the 'user' whose reply is meant")
        if self.edit is not None and self.user is None:
            raise ValueError("'edit' needs 'user': the new wording")
        if self.retry is not None and self.user is not None:
            raise ValueError("'retry' asks the same again; with another wording it is 'edit'")
        if sum(value is not None for value in (self.session, self.branch, self.edit, self.retry)) > 1:
            raise ValueError("only one of 'session', 'branch', 'edit' and 'retry' can say where the turn stands")
        return self


class ReplaySettings(_Part):
    """Settings of the program that hold for this replay; see README. The others are those of the process."""

    context_tokens: int | None = Field(None, ge=256, le=131072)
    evidence_tokens: int | None = Field(None, ge=32, le=4096)


class Replay(_Part):
    """A whole conversation, or several of one visitor."""

    about: str = Field("", description="What it shows, for its readers.")
    persona: Text = Field(DEFAULT_PERSONA, description="Who answers.")
    mode: ModeName | None = Field(None, description="How, until a step says otherwise; default: the persona's own.")
    seed: int = Field(0, ge=0, lt=2**31, description="Of what is written by chance.")
    begins: date = Field(BEGINS, description="The day of the first turn.")
    settings: ReplaySettings = ReplaySettings()
    turns: tuple[Step, ...] = Field(min_length=1)

    @field_validator("turns")
    @classmethod
    def _asks_something(cls, turns: tuple[Step, ...]) -> tuple[Step, ...]:
        if not any(step.asks for step in turns):
            raise ValueError("nothing is asked: give at least one step a 'user'")
        return turns


def read_replay(file: Path, personas: Collection[str] | None = None) -> Replay:
    """Read a replay file.

    Args:
        file: YAML, checked as every file that people write (`chatbot.yaml_text`).
        personas: the ids of those there are; None: that is found out when it is run.

    Raises:
        ReplayError: it cannot be read, or something in it is invalid; every mistake is named with its line.
    """
    try:
        written = read_yaml(file)
    except YamlError as error:
        raise ReplayError(f"The replay {file} cannot be read:\n{_listed(error.mistakes)}") from error
    try:
        replay = Replay.model_validate(written.data)
    except ValidationError as error:
        raise ReplayError(f"The replay {file} is invalid:\n{_listed(written.mistakes(error))}") from error
    if wrong := list(_mistakes(replay, written, file, personas)):
        raise ReplayError(f"The replay {file} is invalid:\n{_listed(wrong)}")
    return replay


def find_replays(paths: Sequence[Path]) -> list[Path]:
    """The replay files that paths name: files as they are, folders with all that is in them, by name.

    Raises:
        ReplayError: a path names none.
    """
    found: list[Path] = []
    for path in paths:
        here = sorted(path.rglob(f"*{SUFFIX}")) if path.is_dir() else [path] if path.is_file() else []
        if not here:
            why = f"holds no file that ends in {SUFFIX}" if path.is_dir() else "is not there"
            raise ReplayError(f"{path} {why}. Name replay files, or folders that hold some.")
        found += here
    return list(dict.fromkeys(found))


def schema() -> dict[str, Any]:
    """The JSON schema of a replay file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Replay.model_json_schema()}


def pattern_of(words: str) -> re.Pattern[str] | None:
    """The regular expression that an expectation names; None where it names words.

    Raises:
        re.error: it is none.
    """
    is_one = len(words) > 2 and words.startswith("/") and words.endswith("/")
    return re.compile(words[1:-1], re.IGNORECASE) if is_one else None


def _mistakes(replay: Replay, written: YamlText, file: Path, personas: Collection[str] | None) -> Iterator[YamlMistake]:
    """What no field can tell by itself: a persona that is not there, a turn that is not earlier, a file that is not."""
    if personas is not None and replay.persona not in personas:
        there = ", ".join(sorted(personas))
        yield YamlMistake(written.line(["persona"]), "persona", f"there is no '{replay.persona}'. There are: {there}")
    asked = 0
    for at, step in enumerate(replay.turns):
        for field in ("branch", "edit", "retry"):
            number = getattr(step, field)
            if number is not None and number > asked:
                earlier = f"the earlier turns are 1 to {asked}" if asked else "there is no earlier turn"
                yield YamlMistake(
                    written.line(["turns", at, field]), f"turns.{at}.{field}", f"there is no turn {number}: {earlier}"
                )
        if step.add and step.add.file and not (file.parent / step.add.file).is_file():
            line = written.line(["turns", at, "add", "file"])
            yield YamlMistake(line, f"turns.{at}.add.file", f"there is no file {step.add.file} beside the replay")
        asked += step.asks


def _listed(mistakes: Sequence[YamlMistake]) -> str:
    return "\n".join(f"  {mistake.field}: {mistake.message} (line {mistake.line})" for mistake in mistakes)

"""The replay file: a conversation, and what is expected of every answer.

persona: sherlock
mode: hybrid
turns:
  - say: What killed Julia Stoner?
    expect:
      any_of: [snake, adder]
      works: [The Speckled Band]
      verdict: [grounded]
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chatbot import DEFAULT_PERSONA
from chatbot.errors import ReplayError
from chatbot.language import Text
from chatbot.yaml_text import YamlError, YamlMistake, read_yaml


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expectation(_Part):
    """What is expected of one answer. Expectations that are left out are not checked."""

    any_of: tuple[Text, ...] = Field((), description="The reply contains at least one of these, in any case.")
    none_of: tuple[Text, ...] = Field((), description="The reply contains none of these, in any case.")
    works: tuple[Text, ...] = Field((), description="The evidence has a piece from at least one of these works.")
    no_evidence: bool = Field(False, description="No evidence was given to the model.")
    verdict: tuple[Text, ...] = Field((), description="The verdict of the check is one of these.")


class ReplayTurn(_Part):
    """One message and what is expected of its answer."""

    say: Text
    mode: Text | None = Field(None, description="Used instead of the replay's mode.")
    expect: Expectation = Expectation()


class Replay(_Part):
    """A whole conversation."""

    persona: Text = DEFAULT_PERSONA
    mode: Text = "hybrid"
    about: str = ""
    turns: tuple[ReplayTurn, ...] = Field(min_length=1)


def read_replay(file: Path) -> Replay:
    """Read a replay file.

    Raises:
        ReplayError: it cannot be read, or a field is invalid; the message names every such field.
    """
    try:
        written = read_yaml(file)
    except YamlError as error:
        raise ReplayError(f"The replay {file} cannot be read:\n{_listed(error.mistakes)}") from error
    try:
        return Replay.model_validate(written.data)
    except ValidationError as error:
        raise ReplayError(f"The replay {file} is invalid:\n{_listed(written.mistakes(error))}") from error


def _listed(mistakes: Sequence[YamlMistake]) -> str:
    return "\n".join(f"  {mistake.field}: {mistake.message} (line {mistake.line})" for mistake in mistakes)

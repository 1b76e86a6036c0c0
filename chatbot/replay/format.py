"""The replay file: a conversation, and what must hold.

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

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from chatbot.errors import ReplayError

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expectation(_Part):
    """What must hold after a turn. What is left out is not looked at."""

    any_of: tuple[Text, ...] = Field((), description="One of these stands in the reply, whatever its case.")
    none_of: tuple[Text, ...] = Field((), description="None of these stands in the reply, whatever its case.")
    works: tuple[Text, ...] = Field((), description="The evidence has a piece of one of these works.")
    no_evidence: bool = Field(False, description="Nothing was handed over.")
    verdict: tuple[Text, ...] = Field((), description="The check's verdict is one of these.")


class ReplayTurn(_Part):
    """One message and what must hold after its answer."""

    say: Text
    mode: Text | None = Field(None, description="In place of the replay's mode.")
    expect: Expectation = Expectation()


class Replay(_Part):
    """A whole conversation."""

    persona: Text = "sherlock"
    mode: Text = "hybrid"
    about: str = ""
    turns: tuple[ReplayTurn, ...] = Field(min_length=1)


def read_replay(file: Path) -> Replay:
    """Read a replay file.

    Raises:
        ReplayError: it cannot be read, or a field is wrong; the field is named.
    """
    try:
        return Replay.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        listed = "\n".join(
            f"  {'.'.join(str(part) for part in item['loc']) or 'file'}: {item['msg']}" for item in error.errors()
        )
        raise ReplayError(f"The replay {file} has mistakes:\n{listed}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ReplayError(f"The replay {file} cannot be read: {error}.") from error

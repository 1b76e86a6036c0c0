"""The persona's own lines: conversations of every kind, which its voice learns from and which it may say again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from chatbot.errors import TrainingError
from chatbot.json_text import JsonTextError, models_in, numbered_rows, parse_object
from chatbot.language import Text, normal
from chatbot.prompts import Message

ROLES = ("user", "assistant")


class VisitorMessage(BaseModel):
    """What a visitor says, and the line that answers it.

    Attributes:
        said: as he writes it.
        line: the first message of the line.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    said: Text
    line: Text


@dataclass(frozen=True)
class Example:
    """One conversation to train on. The loss is on the assistant's messages alone.

    Attributes:
        work: what the reply is about, where it rests on the casebook.
        sentence: the sentence of the casebook that it rests on.
        answer: the short answer in it.
        also: other ways to say the first message, to which the reply fits as well.
    """

    kind: str
    messages: tuple[Message, ...]
    work: str = ""
    sentence: str = ""
    answer: str = ""
    also: tuple[str, ...] = ()


def read_lines(file: Path, named: Callable[[str], str] = str) -> list[Example]:
    """The lines of a persona: JSONL, one conversation a line in OpenAI's `messages` form.

    A line is `{"kind": "...", "messages": [{"role": "user", "content": "..."}, {"role": "assistant", ...}]}`; the
    system message is the persona's and is not repeated. Where the reply rests on the casebook, `work` says on which of
    its pages, and `sentence` and `answer` on what there; training puts notes before the question (`grounded`). `also`
    lists other ways to say the first message.

    Args:
        file: JSONL.
        named: fills `{{user}}` and `{{char}}` in.

    Raises:
        TrainingError: the file is missing, or a line is wrong; the line's number is named.
    """
    examples = []
    try:
        rows = numbered_rows(file)
    except JsonTextError as error:
        raise TrainingError(f"The lines {file} cannot be read: it {error}.") from error
    for number, row in rows:
        try:
            data = parse_object(row)
            messages = tuple(Message(item["role"], normal(item["content"])) for item in data["messages"])
            if (
                not messages
                or len(messages) % 2
                or any(
                    message.role != ROLES[index % 2] or not message.content.strip()
                    for index, message in enumerate(messages)
                )
            ):
                raise ValueError("user and assistant must take turns, and none may be empty")
            also = tuple(normal(text) for text in data.get("also", ()))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TrainingError(f"{file}:{number}: is not a conversation in OpenAI's form: {error}.") from error
        filled = tuple(Message(message.role, named(message.content)) for message in messages)
        about = {name: str(data.get(name, "")) for name in ("work", "sentence", "answer")}
        examples.append(Example(str(data.get("kind", "line")), filled, also=tuple(map(named, also)), **about))
    if not examples:
        raise TrainingError(f"{file} holds no lines; a voice needs some. Write one conversation a line.")
    return examples


def read_messages(file: Path, lines: Sequence[Example]) -> list[tuple[int, str]]:
    """What visitors say, each with the number of the line that answers it.

    Args:
        file: JSONL, a `VisitorMessage` a line.
        lines: of the persona.

    Raises:
        MessageError: a row of it is wrong; its number is named.
        TrainingError: it cannot be read, or names a line that there is not.
    """
    numbers = {line.messages[0].content: number for number, line in enumerate(lines)}
    try:
        rows = models_in(file, numbered_rows(file), VisitorMessage)
    except JsonTextError as error:
        raise TrainingError(f"The messages in {file} cannot be read: it {error}.") from error
    found = []
    for at, message in rows:
        if message.line not in numbers:
            raise TrainingError(
                f"{file}:{at}: no line begins with “{message.line}”. Name the first message of one of lines.jsonl."
            )
        found.append((numbers[message.line], message.said))
    return found


def counts(examples: Sequence[Example]) -> dict[str, int]:
    """How many examples there are of each kind."""
    found: dict[str, int] = {}
    for example in examples:
        found[example.kind] = found.get(example.kind, 0) + 1
    return dict(sorted(found.items()))

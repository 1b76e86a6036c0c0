"""The persona's own lines: conversations of every kind, which its voice learns from and which it may say again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from chatbot.errors import TrainingError
from chatbot.files import file_stamp
from chatbot.json_text import JsonTextError, models_in, numbered_rows, parse_object
from chatbot.language import Language, Text, normal, spelled_out, unaddressed
from chatbot.line_kinds import LEFT_TO_THE_BOOKS
from chatbot.prompts import Message
from personas import LoadedPersona

ROLES = ("user", "assistant")
GOOD, POOR, WRONG = 1.0, 0.35, 0.0  # how well a line was judged to answer
Row = TypeVar("Row", bound=BaseModel)
_TALK: dict[Path, tuple[object, tuple[Example, ...]]] = {}  # by file, with what it was read for
READ_LETTERS = 240  # of a reply


class VisitorMessage(BaseModel):
    """What a visitor says, and the line that answers it.

    Attributes:
        said: as he writes it.
        line: the first message of the line.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    said: Text
    line: Text


class JudgedMessage(BaseModel):
    """What a visitor says, and lines that were judged as the whole reply to it, each by its first message.

    Attributes:
        said: as he writes it.
        good: those that answer it.
        poor: those that would pass for want of a better one.
        wrong: those that do not answer it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    said: Text
    good: tuple[Text, ...] = ()
    poor: tuple[Text, ...] = ()
    wrong: tuple[Text, ...] = ()


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
    return [(number, row.said) for row, (number,) in _rows_of(file, VisitorMessage, lambda row: [row.line], lines)]


def read_judged(file: Path, lines: Sequence[Example]) -> list[tuple[str, dict[int, float]]]:
    """What visitors say, each with how well lines answer it, by their numbers: 1 well, 0 not at all.

    Args:
        file: JSONL, a `JudgedMessage` a line.
        lines: of the persona.

    Raises:
        MessageError: a row of it is wrong; its number is named.
        TrainingError: it cannot be read, or names a line that there is not.
    """

    def named(row: JudgedMessage) -> list[str]:
        return [*row.good, *row.poor, *row.wrong]

    def worth(row: JudgedMessage) -> list[float]:
        return [GOOD] * len(row.good) + [POOR] * len(row.poor) + [WRONG] * len(row.wrong)

    return [
        (row.said, dict(zip(numbers, worth(row), strict=True)))
        for row, numbers in _rows_of(file, JudgedMessage, named, lines)
    ]


def _rows_of(
    file: Path, model: type[Row], named: Callable[[Row], Sequence[str]], lines: Sequence[Example]
) -> list[tuple[Row, list[int]]]:
    """The rows of a file, each with the numbers of the lines that it names by their first messages."""
    numbers = {line.messages[0].content: number for number, line in enumerate(lines)}
    found = []
    try:
        rows = models_in(file, numbered_rows(file), model)
    except JsonTextError as error:
        raise TrainingError(f"The messages in {file} cannot be read: it {error}.") from error
    for at, row in rows:
        if strange := [text for text in named(row) if text not in numbers]:
            raise TrainingError(
                f"{file}:{at}: no line begins with “{strange[0]}”. Name the first message of one of lines.jsonl."
            )
        found.append((row, [numbers[text] for text in named(row)]))
    return found


def talk_of(loaded: LoadedPersona) -> Sequence[Example]:
    """The lines of a persona that are found by what is said: those that are not left to the books.

    Kept for all libraries of the process, and read again when the file was changed.

    Raises:
        TrainingError: they cannot be read.
    """
    stamp = (loaded, file_stamp(loaded.lines))
    known = _TALK.get(loaded.lines)
    if known is None or known[0] != stamp:
        lines = read_lines(loaded.lines, partial(loaded.persona.named, spoken=True))
        known = _TALK[loaded.lines] = (stamp, tuple(line for line in lines if line.kind not in LEFT_TO_THE_BOOKS))
    return known[1]


@lru_cache(maxsize=1 << 16)  # the ways of all lines are compared with every library that is opened
def as_compared(text: str, language: Language) -> str:
    """What a visitor says as it is compared: in the usual spelling, and without the persona's name."""
    return unaddressed(spelled_out(text, language), language)


def as_read(user: str, reply: str, language: Language) -> str:
    """A line as a selector reads it behind a message: a way to say its first message, and how the reply begins."""
    return f"{as_compared(user, language)} - {reply[:READ_LETTERS]}"


def said_in(lines: Sequence[Example]) -> list[tuple[Example, str]]:
    """Every way to say the first message of every line, with its line."""
    return [(line, text) for line in lines for text in (line.messages[0].content, *line.also)]


def counts(examples: Sequence[Example]) -> dict[str, int]:
    """How many examples there are of each kind."""
    found: dict[str, int] = {}
    for example in examples:
        found[example.kind] = found.get(example.kind, 0) + 1
    return dict(sorted(found.items()))

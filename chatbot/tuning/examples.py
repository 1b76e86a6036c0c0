"""Training examples: the persona's own lines, and reading practice, in the order they are trained on."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.errors import TrainingError
from chatbot.prompts import Message
from chatbot.tuning.comprehension import read_practice
from personas import LoadedPersona

ROLES = ("user", "assistant")


@dataclass(frozen=True)
class Example:
    """One conversation to train on. The loss is on the assistant's messages alone."""

    kind: str
    messages: tuple[Message, ...]


def read_lines(file: Path) -> list[Example]:
    """The lines of a persona: JSONL, one conversation a line in OpenAI's `messages` form.

    A line is `{"kind": "...", "messages": [{"role": "user", "content": "..."}, {"role": "assistant", ...}]}`; the
    system message is the persona's and is not repeated.

    Raises:
        TrainingError: the file is missing, or a line is wrong; the line's number is named.
    """
    try:
        rows = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"The lines {file} cannot be read: {error}.") from error
    examples = []
    for number, row in enumerate(rows, 1):
        if not row.strip():
            continue
        try:
            data = json.loads(row)
            messages = tuple(Message(item["role"], item["content"]) for item in data["messages"])
            if (
                not messages
                or len(messages) % 2
                or any(
                    message.role != ROLES[index % 2] or not message.content.strip()
                    for index, message in enumerate(messages)
                )
            ):
                raise ValueError("user and assistant must take turns, and none may be empty")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TrainingError(f"{file}:{number}: is no conversation in OpenAI's form: {error}.") from error
        examples.append(Example(str(data.get("kind", "line")), messages))
    if not examples:
        raise TrainingError(f"{file} holds no lines; a voice needs some.")
    return examples


def training_order(loaded: LoadedPersona, reading: Path | None, seed: int) -> list[Example]:
    """Every example in the order it is trained on.

    Reading comes first, so that the model learns to look into the notes while its manner is still free; then the
    lines, mixed with the rest of the reading so that neither is forgotten.

    Raises:
        TrainingError: the lines cannot be read, or reading is asked for and its folder is not named.
    """
    recipe = loaded.persona.training
    shuffle = random.Random(seed)
    lines = read_lines(loaded.lines)
    practice: list[Example] = []
    if recipe.reading:
        if reading is None:
            raise TrainingError(
                f"The persona '{loaded.id}' trains on {recipe.reading} reading questions. Name the folder that holds "
                "sections.jsonl and questions.jsonl with --reading (or BAKERSTREET_READING), or pass "
                "--no-reading to train on the lines alone."
            )
        practice = [
            Example(item.kind, (Message("user", item.prompt), Message("assistant", item.reply)))
            for item in read_practice(reading, loaded.persona, recipe.reading, seed)
        ]
    first = round(len(practice) * recipe.reading_first)
    head, rest = practice[:first], practice[first:]
    passes: list[Example] = []
    share = -(-len(rest) // recipe.epochs) if rest else 0
    for epoch in range(recipe.epochs):
        mixed = [*lines, *rest[epoch * share : (epoch + 1) * share]]
        shuffle.shuffle(mixed)
        passes += mixed
    return [*head, *passes]


def counts(examples: Sequence[Example]) -> dict[str, int]:
    """How many examples there are of each kind."""
    found: dict[str, int] = {}
    for example in examples:
        found[example.kind] = found.get(example.kind, 0) + 1
    return dict(sorted(found.items()))

"""`bakerstreet bench turn`: the first words of a reply late in a conversation, against early in it."""

from __future__ import annotations

import random
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from chatbot import DEFAULT_PERSONA
from chatbot.cli.common import opened, prepare, progress
from chatbot.errors import MessageError


def turn(
    persona: Annotated[str, typer.Option("--persona", "-p", help="Who is asked.")] = DEFAULT_PERSONA,
    lengths: Annotated[str, typer.Option(help="Turns before the question, by commas; the first is compared with.")] = (
        "10,300"
    ),
    number: Annotated[
        int, typer.Option("--questions", min=1, help="How many questions, each behind every length.")
    ] = 20,
    mode: Annotated[str, typer.Option("--mode", help="How they are answered; default: the persona's own.")] = "",
    seed: Annotated[int, typer.Option(help="Another one draws other questions.")] = 0,
) -> None:
    """Measure the time to the first words of a reply behind conversations of several lengths."""
    from chatbot.bot import Bot
    from chatbot.evaluation.memory import first_words, waits_report
    from chatbot.lines import read_lines
    from chatbot.modes import get_mode

    parts = [part.strip() for part in lengths.split(",")]
    if not all(part.isdigit() and 0 <= int(part) <= 10_000 for part in parts):
        raise MessageError(f"'{lengths}' are no lengths. Give numbers of turns up to 10000, by commas: 10,300.")
    with TemporaryDirectory(prefix="bakerstreet-") as folder, opened(f"sqlite:///{folder}/memory.sqlite3") as resources:
        loaded = resources.persona(persona)
        prepare(resources, persona)
        resources.warm(persona)
        lines = read_lines(loaded.lines)
        exchanges = [(line.messages[0].content, line.messages[1].content) for line in lines]
        drawn = random.Random(seed)
        said, asked = drawn.sample(exchanges, len(exchanges)), drawn.sample(exchanges, min(number, len(exchanges)))
        with progress("Questions") as show:
            waits = first_words(
                Bot(resources),
                persona,
                get_mode(mode or loaded.persona.default_mode).name,
                said,
                [question for question, _ in asked],
                [int(part) for part in parts],
                show,
            )
    typer.echo("\n".join(waits_report(waits)))

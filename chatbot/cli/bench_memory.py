"""`bakerstreet bench memory`: a database filled with years of conversations, and how long it takes for each request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot import DEFAULT_PERSONA
from chatbot.cli.common import check_writable, progress, say, write_report
from chatbot.errors import MessageError
from chatbot.progress import counted

if TYPE_CHECKING:
    from memory import Memory


def memory(
    conversations: Annotated[int, typer.Option(min=4, help="How many conversations.")] = 10_000,
    turns: Annotated[int, typer.Option(min=4, help="How many turns in all.")] = 1_000_000,
    users: Annotated[int, typer.Option(min=2, help="How many users; one of them has half.")] = 100,
    times: Annotated[int, typer.Option(min=1, help="How often each request is measured.")] = 100,
    database: Annotated[
        str, typer.Option(help="SQLAlchemy URL of an empty database, or of one filled before; default: a file for now.")
    ] = "",
    persona: Annotated[
        str, typer.Option("--persona", "-p", help="Whose lines the conversations are made of.")
    ] = DEFAULT_PERSONA,
    seed: Annotated[int, typer.Option(help="Another one gives other conversations.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write every sample.")] = None,
) -> None:
    """Fill a database with conversations and measure how long opening, writing, listing and searching take.

    With --database it stays, and is not filled again when the command is called again with the same numbers.
    """
    from datetime import UTC, datetime

    from chatbot.evaluation.bench import machine
    from chatbot.evaluation.storage import Stock, as_json, fill, report, time_all
    from chatbot.lines import read_lines
    from chatbot.settings import get_settings
    from personas import load_persona

    if turns < conversations:
        raise MessageError("A conversation has at least one turn. Give --turns as many as --conversations, or more.")
    check_writable(json_file)
    lines = read_lines(load_persona(persona, get_settings().personas).lines)
    exchanges = [(line.messages[0].content, line.messages[1].content) for line in lines]
    stock = Stock(exchanges, conversations, turns, users, seed=seed)
    with _database(database) as (kind, filled):
        with progress("Filling") as show:
            put_in = fill(filled, stock, show)
        say(f"{counted(put_in, 'turn')} put in.")
        date, about = datetime.now(UTC).isoformat(timespec="seconds"), machine()
        with progress("Measuring") as show:
            timed = time_all(filled, stock, times, show)
    typer.echo(report(timed, stock, kind, about), nl=False)
    if json_file is not None:
        write_report(json_file, as_json(timed, stock, kind, about, date))
        say(f"Written: {json_file}.")


@contextmanager
def _database(url: str) -> Iterator[tuple[str, Memory]]:
    """The memory of a database with the name of its kind; a file of its own that is removed where none is named."""
    from memory import Memory

    with TemporaryDirectory(prefix="bakerstreet-") as folder:
        chosen = url or f"sqlite:///{folder}/bench.sqlite3"
        memory = Memory(chosen)
        try:
            yield "PostgreSQL" if chosen.startswith("postgres") else "SQLite", memory
        finally:
            memory.close()

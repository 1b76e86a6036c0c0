"""`bakerstreet memory`: list, show, export."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from chatbot.cli.common import check_writable, opened, say
from chatbot.errors import MessageError
from chatbot.progress import counted

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_conversations(
    user: Annotated[str | None, typer.Option(help="Only those of this user; default: of every user.")] = None,
) -> None:
    """List past conversations, the latest first."""
    with opened() as resources:
        found = resources.memory.conversations(user)
        if not found:
            say("There are no conversations yet.")
        for item in found:
            when = item.updated_at.strftime("%Y-%m-%d %H:%M")
            typer.echo(f"{item.id[:8]}  {when}  {item.persona}  {counted(item.turns, 'turn'):>9}  {item.title}")


@app.command("show")
def show(
    conversation: Annotated[str, typer.Argument(help="Its id, or the first characters of it.")],
    every_turn: Annotated[bool, typer.Option("--all", help="Show every branch, not only the current one.")] = False,
) -> None:
    """Print a conversation."""
    with opened() as resources:
        summary = resources.memory.conversation(conversation)
        turns = resources.memory.turns(summary.id) if every_turn else resources.memory.path(summary.id)
        if summary.greeting:
            typer.echo(f"{summary.persona}: {summary.greeting}\n")
        for turn in turns:
            mark = "" if turn.state == "done" else f" ({turn.state})"
            typer.echo(f"You [{turn.mode}]: {turn.question}\n")
            typer.echo(f"{summary.persona}{mark}: {turn.reply or turn.error}\n")


@app.command("export")
def export(
    conversation: Annotated[str | None, typer.Argument(help="One conversation; default: all.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="A file; default: standard output.")] = None,
) -> None:
    """Export conversations with every turn, its evidence and its trace: one JSON object per line."""
    with opened() as resources, _written_to(out) as stream:
        memory = resources.memory
        chosen = [memory.conversation(conversation)] if conversation else memory.conversations(limit=None)
        for item in chosen:
            # Turn by turn: a conversation may be far longer than what fits in memory.
            head = _json(vars(item)).removesuffix("}")
            stream.write(f'{head}, "turns": [')
            for number, turn in enumerate(memory.traced_turns(item.id)):
                stream.write((", " if number else "") + _json(vars(turn)))
            stream.write("]}\n")
    if out is not None:
        say(f"Exported {counted(len(chosen), 'conversation')} to {out}.")


def _json(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, default=str)


@contextmanager
def _written_to(out: Path | None) -> Iterator[TextIO]:
    """The file of that name, or standard output. A file is written whole or not at all.

    Raises:
        MessageError: the file cannot be written.
    """
    if out is None:
        yield sys.stdout
        return
    check_writable(out)
    partial = out.with_name(f"{out.name}.partial")
    try:
        with partial.open("w", encoding="utf-8") as stream:
            yield stream
        partial.replace(out)
    except OSError as error:
        raise MessageError(f"{out} cannot be written: {error.strerror}. Name a file in a folder of yours.") from error
    finally:
        partial.unlink(missing_ok=True)

"""`bakerstreet memory`: list, show, export."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from chatbot.cli.common import opened, say, write_report
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
    with opened() as resources:
        memory = resources.memory
        chosen = [memory.conversation(conversation)] if conversation else memory.conversations(limit=1_000_000)
        rows = [
            json.dumps(
                {**asdict(item), "turns": [asdict(turn) for turn in memory.turns(item.id)]},
                ensure_ascii=False,
                default=str,
            )
            for item in chosen
        ]
    text = "".join(f"{row}\n" for row in rows)
    if out is None:
        typer.echo(text, nl=False)
        return
    write_report(out, text)
    say(f"Exported {counted(len(rows), 'conversation')} to {out}.")

"""`bakerstreet memory`: list, show; export and import are a module of their own."""

from __future__ import annotations

from typing import Annotated

import typer

from chatbot.cli import memory_transfer
from chatbot.cli.common import opened, say
from chatbot.progress import counted

app = typer.Typer(no_args_is_help=True)
app.command("export")(memory_transfer.export)
app.command("import")(memory_transfer.import_)


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

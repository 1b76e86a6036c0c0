"""`bakerstreet memory`: what is done with conversations; files, what was told and evaluate are modules of their own."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from chatbot.cli import memory_evaluate, memory_told, memory_transfer
from chatbot.cli.common import opened, say
from chatbot.progress import counted

app = typer.Typer(no_args_is_help=True)
app.command("export")(memory_transfer.export)
app.command("import")(memory_transfer.import_)
app.command("evaluate")(memory_evaluate.evaluate)
app.command("recollections")(memory_told.recollections)
app.command("forget")(memory_told.forget)
app.command("restore")(memory_told.restore)
app.command("profile")(memory_told.profile)
app.command("recall")(memory_told.recall)
app.command("ratings")(memory_told.ratings)


Id = Annotated[str, typer.Argument(help="Its id, or the first characters of it.")]
Whose = Annotated[str | None, typer.Option("--user", help="Only those of this user; default: of every user.")]
With = Annotated[str | None, typer.Option("--persona", "-p", help="Only those with this persona.")]
Most = Annotated[int, typer.Option(min=1, help="The maximum number.")]
From = Annotated[int, typer.Option(min=0, help="The number of those before that are left out.")]
NAMELESS = "(no name yet)"


@app.command("list")
def list_conversations(
    user: Whose = None,
    persona: With = None,
    text: Annotated[
        str | None, typer.Option(help="Only those with this in the name, or these words in a turn.")
    ] = None,
    archived: Annotated[bool, typer.Option("--archived", help="Those in the archive.")] = False,
    deleted: Annotated[bool, typer.Option("--deleted", help="The deleted ones that can be brought back.")] = False,
    limit: Most = 100,
    offset: From = 0,
) -> None:
    """List past conversations: the pinned ones (*), then the others, the latest first."""
    with opened() as resources:
        memory = resources.memory
        found = (
            memory.deleted(user, limit=limit)
            if deleted
            else memory.conversations(user, persona, text=text, archived=archived, limit=limit, offset=offset)
        )
        if not found:
            chosen = user or persona or text or archived or deleted or offset
            say("There is no such conversation." if chosen else "There are no conversations yet.")
        for item in found:
            typer.echo(
                f"{item.id[:8]} {'*' if item.pinned else ' '} {_day(item.created_at)}  {_moment(item.updated_at)}  "
                f"{item.persona}  {item.mode:<11}  {counted(item.turns, 'turn'):>9}  {item.title or NAMELESS}"
            )


@app.command("search")
def search(
    text: Annotated[str, typer.Argument(help="Words; the last one may be the beginning of a longer one.")],
    user: Whose = None,
    persona: With = None,
    limit: Most = 20,
    offset: From = 0,
) -> None:
    """Find the turns in which all the words stand, the latest first."""
    with opened() as resources:
        found = resources.memory.search(user, text, persona=persona, limit=limit, offset=offset)
        if not found:
            say("No turn holds all of these words.")
        for hit in found:
            who = "You" if hit.field == "question" else hit.persona
            said = "".join(typer.style(piece, bold=True) if marked else piece for piece, marked in hit.snippet)
            typer.echo(f"{hit.conversation_id[:8]}  {_moment(hit.created_at)}  {hit.title or NAMELESS}")
            typer.echo(f"          {who}: {said}")


@app.command("rename")
def rename(conversation: Id, name: Annotated[str, typer.Argument(help="Its new name.")]) -> None:
    """Give a conversation another name."""
    with opened() as resources:
        memory = resources.memory
        memory.rename(memory.conversation(conversation).id, name)


@app.command("pin")
def pin(
    conversation: Id, off: Annotated[bool, typer.Option("--off", help="Do not keep it there any longer.")] = False
) -> None:
    """Keep a conversation at the top of the list."""
    with opened() as resources:
        memory = resources.memory
        memory.pin(memory.conversation(conversation).id, not off)


@app.command("archive")
def archive(conversation: Id, off: Annotated[bool, typer.Option("--off", help="Take it out again.")] = False) -> None:
    """Put a conversation into the archive, where the list does not show it."""
    with opened() as resources:
        memory = resources.memory
        memory.archive(memory.conversation(conversation).id, not off)


@app.command("delete")
def delete(conversation: Id) -> None:
    """Delete a conversation. Until it is removed for good, it can be brought back."""
    with opened() as resources:
        found = resources.memory.conversation(conversation)
        until = resources.memory.delete(found.id)
        say(
            f"Deleted {found.title or NAMELESS!r}. Until {_day(until)} `bakerstreet memory undelete {found.id[:8]}` "
            "brings it back."
        )


@app.command("undelete")
def undelete(conversation: Id) -> None:
    """Bring a deleted conversation back."""
    with opened() as resources:
        memory = resources.memory
        memory.undelete(memory.conversation(conversation, deleted=True).id)


@app.command("purge")
def purge(
    conversation: Id,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a conversation with all its turns for good, deleted before or not."""
    with opened() as resources:
        found = resources.memory.conversation(conversation, deleted=None)
        turns = counted(found.turns, "turn")
        if not yes:
            typer.confirm(f"Remove {found.title or NAMELESS!r} with {turns} for good?", abort=True)
        resources.memory.purge(found.id)
        say(f"Removed {found.title or NAMELESS!r} with {turns}.")


@app.command("show")
def show(
    conversation: Id,
    every_turn: Annotated[bool, typer.Option("--all", help="Show every branch, not only the current one.")] = False,
) -> None:
    """Print a conversation."""
    with opened() as resources:
        summary = resources.memory.conversation(conversation)
        turns = resources.memory.turns(summary.id) if every_turn else resources.memory.path(summary.id)
        typer.echo(f"{summary.title or NAMELESS} ({_moment(summary.created_at)} to {_moment(summary.updated_at)})\n")
        if summary.greeting:
            typer.echo(f"{summary.persona}: {summary.greeting}\n")
        for turn in turns:
            mark = "" if turn.state == "done" else f" ({turn.state})"
            typer.echo(f"You [{turn.mode}]: {turn.question}\n")
            typer.echo(f"{summary.persona}{mark}: {turn.reply or turn.error}\n")


def _moment(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def _day(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d")

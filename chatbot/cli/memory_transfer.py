"""`bakerstreet memory export` and `import`: conversations as files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot import DEFAULT_PERSONA
from chatbot.cli.common import check_writable, opened, say
from chatbot.errors import PersonaError
from chatbot.progress import counted

if TYPE_CHECKING:
    from chatbot.resources import Resources

User = Annotated[str | None, typer.Option(help="Whose; default: BAKERSTREET_USER.")]


def export(
    conversation: Annotated[str | None, typer.Argument(help="Its id or the beginning of it; default: all.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="A file; default: standard output.")] = None,
    form: Annotated[
        str, typer.Option("--format", help="jsonl (everything, to be imported again), sillytavern, markdown, html.")
    ] = "jsonl",
    user: User = None,
) -> None:
    """Write conversations to a file: everything, or a branch of each to be read."""
    from chatbot.transfer import export_file, export_to
    from memory import OwnMemory

    with opened() as resources:
        name = user or resources.settings.user
        own = OwnMemory(resources.memory, name)
        chosen = resources.memory.conversation(conversation, name).id if conversation else None

        def named(persona: str) -> str:
            return _name(resources, persona)

        if out is None:
            export_to(own, sys.stdout, form, chosen, named)
        else:
            check_writable(out)
            written = export_file(own, out, form, chosen, named)
            say(f"Exported {counted(written.conversations, 'conversation')} to {out}.")


def import_(
    file: Annotated[Path, typer.Argument(help="JSON Lines of an export, or a SillyTavern chat.")],
    persona: Annotated[
        str, typer.Option("--persona", "-p", help="Whose conversation a SillyTavern chat becomes that does not say.")
    ] = DEFAULT_PERSONA,
    user: User = None,
) -> None:
    """Take in the conversations of a file, all of them or none; what is there already stays as it is."""
    from chatbot.transfer import import_file
    from memory import OwnMemory

    with opened() as resources:
        resources.persona(persona)
        added = import_file(OwnMemory(resources.memory, user or resources.settings.user), file, persona)
    say(f"Imported {counted(added.conversations, 'conversation')} with {counted(added.turns, 'turn')}.")
    if added.renamed:
        say(f"Of these, {added.renamed:,} were here already: what is stored stayed as it is, and there are copies now.")


def _name(resources: Resources, persona: str) -> str:
    try:
        return resources.persona(persona).persona.name
    except PersonaError:  # a stored conversation may outlive its persona
        return persona

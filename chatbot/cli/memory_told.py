"""`bakerstreet memory recollections` and what goes with it: what is remembered of a user, and what he thought."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot import DEFAULT_PERSONA
from chatbot.cli.common import opened, say
from chatbot.errors import MemoryStoreError
from chatbot.progress import counted

if TYPE_CHECKING:
    from memory import OwnMemory, Recollection

User = Annotated[str | None, typer.Option(help="Whose; default: BAKERSTREET_USER.")]
Persona = Annotated[str, typer.Option("--persona", "-p", help="With whom.")]
Id = Annotated[str, typer.Argument(help="Its id, or the first characters of it.")]


def recollections(
    persona: Persona = DEFAULT_PERSONA,
    every: Annotated[bool, typer.Option("--all", help="The replaced and forgotten ones too.")] = False,
    user: User = None,
) -> None:
    """List what a user told a persona of himself, the latest first."""
    with _own(user) as own:
        found = own.recollections(persona, state=None if every else "active", limit=None)
        if not found:
            say("Nothing is remembered." if own.recall_on() else "Nothing is remembered; it is switched off.")
        for told in found:
            typer.echo(_line(told) + (f"  ({told.state})" if told.state != "active" else ""))


def forget(
    recollection: Annotated[str | None, typer.Argument(help="Its id or the beginning of it.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that is remembered with the persona.")] = False,
    erase: Annotated[bool, typer.Option("--erase", help="For good, so that nothing restores it.")] = False,
    persona: Persona = DEFAULT_PERSONA,
    user: User = None,
) -> None:
    """Forget something that a user told, or all of it."""
    if (recollection is None) != everything or (erase and everything):
        raise MemoryStoreError("Name a recollection (with --erase: for good), or say --all.")
    with _own(user) as own:
        if recollection is None:
            say(f"Forgot {counted(own.forget_all(persona), 'recollection')}.")
            return
        chosen = _one(own, persona, recollection)
        if erase:
            own.erase_recollection(chosen.id)
            say(f"Erased {chosen.text!r}.")
        else:
            own.forget_recollection(chosen.id)
            say(f"Forgot {chosen.text!r}; `bakerstreet memory restore {chosen.id[:8]}` brings it back.")


def restore(recollection: Id, persona: Persona = DEFAULT_PERSONA, user: User = None) -> None:
    """Let something count again that was forgotten or replaced."""
    with _own(user) as own:
        typer.echo(_line(own.restore_recollection(_one(own, persona, recollection).id)))


def profile(
    persona: Persona = DEFAULT_PERSONA,
    name: Annotated[str | None, typer.Option(help="The user's name; empty: none.")] = None,
    about: Annotated[str | None, typer.Option(help="Who he is to the persona; empty: nothing.")] = None,
    user: User = None,
) -> None:
    """Show what a user wrote of himself for a persona, or write it."""
    with _own(user) as own:
        written = own.profile(persona)
        if name is not None or about is not None:
            written = own.set_profile(
                persona,
                name=written.name if name is None else name,
                about=written.about if about is None else about,
            )
        typer.echo(f"Name: {written.name}\nAbout: {written.about}")


def recall(
    on: Annotated[bool | None, typer.Option("--on/--off", help="Remember what the user tells, or do not.")] = None,
    user: User = None,
) -> None:
    """Say whether what a user tells is remembered, or switch it on or off."""
    with _own(user) as own:
        if on is not None:
            own.set_recall(on)
        typer.echo("on" if own.recall_on() else "off")


def ratings(
    persona: Annotated[str | None, typer.Option("--persona", "-p", help="Of this one; default: of every one.")] = None,
    user: Annotated[str | None, typer.Option(help="Of this user; default: of every user.")] = None,
) -> None:
    """Count the replies that were rated up and down."""
    with opened() as resources:
        counts = resources.memory.rating_counts(user, persona)
    typer.echo(f"up {counts.up}, down {counts.down}")


@contextmanager
def _own(user: str | None) -> Iterator[OwnMemory]:
    from memory import OwnMemory

    with opened() as resources:
        yield OwnMemory(resources.memory, user or resources.settings.user)


def _one(own: OwnMemory, persona: str, beginning: str) -> Recollection:
    found = [told for told in own.recollections(persona, state=None, limit=None) if told.id.startswith(beginning)]
    if len(found) != 1:
        who = "Several recollections have" if found else "No recollection has"
        raise MemoryStoreError(f"{who} an id that starts with '{beginning}'. See `memory recollections --all`.")
    return found[0]


def _line(told: Recollection) -> str:
    where = "by hand" if told.by_hand else (told.conversation_id or "")[:8]
    day = told.told_at.astimezone().strftime("%Y-%m-%d %H:%M")
    return f"{told.id[:8]}  {day}  {where:<8}  {told.topic:<8}  {told.text}"

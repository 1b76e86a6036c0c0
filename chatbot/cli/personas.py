"""`bakerstreet personas`: list, check."""

from __future__ import annotations

from typing import Annotated

import typer

from chatbot.errors import PersonaError

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_personas() -> None:
    """List the personas."""
    from chatbot.settings import get_settings
    from personas import find_personas, load_persona

    extra = get_settings().personas
    for persona_id in sorted(find_personas(extra)):
        try:
            loaded = load_persona(persona_id, extra)
        except PersonaError:
            typer.echo(f"{persona_id}: invalid; see `bakerstreet personas check {persona_id}`")
            continue
        voice = "with a voice" if loaded.voice and loaded.voice.is_dir() else "no voice yet"
        typer.echo(f"{persona_id}: {loaded.persona.name} ({voice}, mode {loaded.persona.default_mode})")


@app.command("check")
def check(
    persona: Annotated[str | None, typer.Argument(help="One persona; default: all.")] = None,
) -> None:
    """Check persona files; every mistake is printed with its file, line and field."""
    from chatbot.library.search import plan_of
    from chatbot.modes import MODES
    from chatbot.settings import get_settings
    from personas import check_persona, find_personas, load_persona

    extra = get_settings().personas
    found = find_personas(extra)
    if persona is not None and persona not in found:
        load_persona(persona, extra)  # raises an error that lists the known names
    wrong = 0
    for persona_id in [persona] if persona else sorted(found):
        mistakes = check_persona(found[persona_id], modes=tuple(MODES), try_plan=plan_of)
        for mistake in mistakes:
            typer.echo(str(mistake))
        wrong += len(mistakes)
        if not mistakes:
            typer.echo(f"{persona_id}: no mistakes")
    if wrong:
        raise typer.Exit(1)

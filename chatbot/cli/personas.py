"""`bakerstreet personas`: list, check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chatbot.errors import BakerStreetError, PersonaError

if TYPE_CHECKING:
    from personas import LoadedPersona

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
    """Check personas; every mistake in a file is printed with its line and field, then those of the files beside it."""
    from chatbot.library.search import plan_of
    from chatbot.modes import MODES
    from chatbot.settings import get_settings
    from personas import check_persona, find_personas, load_persona

    extra = get_settings().personas
    folders = find_personas(extra)
    if persona is not None and persona not in folders:
        load_persona(persona, extra)  # raises an error that lists the known names
    wrong = 0
    for persona_id in [persona] if persona else sorted(folders):
        mistakes = check_persona(folders[persona_id], modes=tuple(MODES), try_plan=plan_of)
        found = [str(mistake) for mistake in mistakes] or _beside(load_persona(persona_id, extra))
        for mistake in found:
            typer.echo(mistake)
        wrong += len(found)
        if not found:
            typer.echo(f"{persona_id}: no mistakes")
    if wrong:
        raise typer.Exit(1)


def _beside(loaded: LoadedPersona) -> list[str]:
    """What is wrong with the casebook, the lines and the questions beside a persona file: the first mistake of each."""
    from chatbot.deducing import read_signs
    from chatbot.evaluation import read_known_questions, read_talk
    from chatbot.evaluation.update import read_case
    from chatbot.library.texts import casebook_sections, probable_questions
    from chatbot.lines import read_judged, read_lines, read_messages, talk_of

    wrong = []
    for file, read in (
        (loaded.casebook, lambda file: casebook_sections(file, loaded.persona.name)),
        (loaded.casebook, probable_questions),
        (loaded.lines, read_lines),
        (loaded.messages, lambda file: read_messages(file, talk_of(loaded))),
        (loaded.judged, lambda file: read_judged(file, talk_of(loaded))),
        (loaded.deductions, read_signs),
        (loaded.questions, read_known_questions),
        (loaded.validation, read_known_questions),
        (loaded.talk, read_talk),
        (loaded.provocations, read_talk),
        (loaded.drift, read_talk),
        (loaded.update, read_case),
    ):
        try:
            if file is not None and file.exists():
                read(file)
        except BakerStreetError as error:
            wrong.append(str(error))
    return wrong

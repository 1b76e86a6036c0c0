"""`bakerstreet voice`: train, list; `voice_tone` has the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from chatbot.cli.common import opened, prepare, say, training_bar
from chatbot.cli.voice_tone import tone
from chatbot.errors import MessageError

app = typer.Typer(no_args_is_help=True)
app.command("tone")(tone)


@app.command("train")
def train(
    persona: Annotated[str, typer.Argument(help="Whose voice.")],
    reading: Annotated[
        Path | None,
        typer.Option("--reading", help="A folder with a reading comprehension set; default: BAKERSTREET_READING."),
    ] = None,
    no_reading: Annotated[bool, typer.Option("--no-reading", help="Train on the persona's lines alone.")] = False,
    seed: Annotated[
        int, typer.Option(help="Of the order, the first weights and the wording of the reading examples.")
    ] = 7,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where the voice goes; default: the persona's, with --facts a copy beside it."),
    ] = None,
    facts: Annotated[
        bool, typer.Option("--facts", help="Teach a copy of the voice the facts of the casebook, closed book.")
    ] = False,
    number: Annotated[
        int | None, typer.Option("--sample", min=1, help="With --facts: only so many facts, of all pages alike.")
    ] = None,
    passes: Annotated[
        int | None, typer.Option("--passes", min=1, help="With --facts: how often each is asked; default: 6.")
    ] = None,
) -> None:
    """Train the voice of a persona. A run that was stopped resumes where it was.

    With --facts, a copy of the voice is taught the probable questions of the casebook and the sentences that answer
    them, without notes. Ask it with `bakerstreet ask --mode ft --voice FOLDER`.
    """
    if facts:
        _train_facts(persona, number, passes, seed, out)
        return
    if number or passes:
        raise MessageError("--sample and --passes belong to --facts; leave them out, or add it.")
    from chatbot.engines import resolve_model
    from chatbot.settings import get_settings
    from chatbot.tuning import grounded, train_voice

    settings = get_settings()
    with opened() as resources:
        loaded = resources.persona(persona)
        recipe = loaded.persona.training
        if no_reading:
            recipe = recipe.model_copy(update={"reading": 0})
        prepare(resources, persona)
        library = resources.library(persona)
        weights = resolve_model(settings.model, settings.models_dir, say)
        say("Looking for the evidence of the lines that rest on the casebook ...")
        with training_bar() as show:
            folder = train_voice(
                loaded,
                weights,
                settings.runs_dir,
                reading=reading or settings.reading,
                seed=seed,
                threads=settings.cpu_threads(),
                destination=out,
                recipe=recipe,
                ground=lambda lines: grounded(lines, library, loaded.persona, seed),
                on_step=show,
                say=say,
            )
    say(f"The voice of {loaded.persona.name} is in {folder}; its card is README.md there.")


def _train_facts(persona: str, number: int | None, passes: int | None, seed: int, out: Path | None) -> None:
    from chatbot.engines import resolve_model
    from chatbot.settings import get_settings
    from chatbot.tuning import PASSES, casebook_facts, train_facts, with_held_out
    from personas import load_persona

    settings = get_settings()
    loaded = load_persona(persona, settings.personas)
    chosen, total = casebook_facts(loaded, number)
    taught, held_out = with_held_out(chosen, seed)
    passes = passes or PASSES
    about = f"{len(taught):,} of {total:,} facts of the casebook, each asked {passes} times in its wordings."
    command = f"bakerstreet voice train {persona} --facts --passes {passes} --seed {seed}"
    with training_bar() as show:
        folder = train_facts(
            taught,
            held_out,
            loaded,
            resolve_model(settings.model, settings.models_dir, say),
            settings.runs_dir / f"{persona}-facts",
            passes=passes,
            destination=out or settings.voices_dir / f"{persona}-facts",
            taught=about,
            command=f"{command} --sample {number}" if number else command,
            seed=seed,
            threads=settings.cpu_threads(),
            on_step=show,
            say=say,
        )
    say(f'The voice is in {folder}. Ask it: bakerstreet ask --mode ft --voice {folder} "..."')


@app.command("list")
def list_voices() -> None:
    """List the voices and the model each belongs to."""
    from chatbot.library.encoders import ADAPTER_CONFIG
    from chatbot.settings import get_settings
    from chatbot.tuning import FACTS
    from personas import find_personas, load_persona

    extra = get_settings().personas
    for persona_id in sorted(find_personas(extra)):
        loaded = load_persona(persona_id, extra)
        folder = loaded.voice
        if folder is None or not (folder / ADAPTER_CONFIG).is_file():
            typer.echo(f"{persona_id}: no voice; train one with `bakerstreet voice train {persona_id}`")
            continue
        stated = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8")) if (folder / FACTS).is_file() else {}
        loss = f", held-out loss {facts['loss_held_out']}" if "loss_held_out" in facts else ""
        typer.echo(f"{persona_id}: {stated.get('base_model_name_or_path')}, rank {stated.get('r')}{loss}")

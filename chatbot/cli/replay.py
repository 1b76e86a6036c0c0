"""`bakerstreet replay`: conversations as tests: written from a real one, run, recorded, and compared."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from chatbot import DEFAULT_PERSONA
from chatbot.cli.common import check_writable, opened, progress, say, write_report
from chatbot.errors import BakerStreetError, MessageError

app = typer.Typer(no_args_is_help=True)

Paths = Annotated[list[Path], typer.Argument(help="Replay files (*.replay.yaml), or folders with some.")]


@app.command("run")
def run(
    paths: Paths,
    cassette: Annotated[bool, typer.Option("--cassette", help="Without the model: against what was recorded.")] = False,
    update: Annotated[
        bool, typer.Option("--update", help="With the model, and record what comes: accepts every difference.")
    ] = False,
    junit_file: Annotated[Path | None, typer.Option("--junit", help="Write the outcome as JUnit XML.")] = None,
) -> None:
    """Run replays; exits with 1 if one is not as expected, or not as it was recorded."""
    from chatbot.replay import ReplayOutcome, find_replays, junit, open_stage, run_file
    from chatbot.settings import get_settings

    if cassette and update:
        raise MessageError("--update records anew, which --cassette does without. Use one of them.")
    files = find_replays(paths)
    check_writable(junit_file)
    outcomes: list[ReplayOutcome] = []
    refused: list[tuple[str, str]] = []
    with open_stage(get_settings(), say) as stage, progress("Replays") as show:
        for number, file in enumerate(files, 1):
            try:
                outcome = run_file(file, stage, cassette=cassette, update=update)
            except BakerStreetError as error:
                refused.append((file.name, str(error)))
            else:
                outcomes.append(outcome)
            show(number, len(files))
    for outcome in outcomes:
        typer.echo(f"{'ok    ' if outcome.passed else 'FAILED'} {outcome.file} ({outcome.seconds:.2f} s)")
        for line in (outcome.shown(colour=sys.stdout.isatty()), *outcome.notes):
            if line:
                typer.echo(line)
    for name, why in refused:
        typer.echo(f"ERROR  {name}: {why}")
    if junit_file:
        write_report(junit_file, junit(outcomes, refused))
    failed = sum(not outcome.passed for outcome in outcomes) + len(refused)
    typer.echo(f"{len(files) - failed} of {len(files)} replays as expected.")
    if failed:
        raise typer.Exit(1)


@app.command("schema")
def print_schema() -> None:
    """Print the JSON schema of replay files, for editors."""
    from chatbot.replay import schema

    typer.echo(json.dumps(schema(), indent=2))


@app.command("record")
def record(
    conversation: Annotated[
        str, typer.Argument(help="The id of a conversation (or its beginning), or a SillyTavern chat (JSONL).")
    ],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write to this file; default: print it.")] = None,
    persona: Annotated[str, typer.Option(help="Who answers, where the chat does not say.")] = DEFAULT_PERSONA,
    mode: Annotated[str, typer.Option(help="How, where the chat does not say.")] = "hybrid",
    user: Annotated[str | None, typer.Option(help="Whose conversation; default: BAKERSTREET_USER.")] = None,
) -> None:
    """Write a replay of a conversation that was had, to be completed by hand and recorded with `run --update`."""
    from chatbot.modes import get_mode
    from chatbot.replay import replay_of_chat, replay_of_conversation
    from memory import OwnMemory

    check_writable(out)
    if Path(conversation).is_file():
        text = replay_of_chat(Path(conversation), persona, get_mode(mode).name)
    else:
        with opened() as resources:
            own = OwnMemory(resources.memory, user or resources.settings.user)
            found = resources.memory.conversation(conversation, user or resources.settings.user)
            text = replay_of_conversation(own, found.id)
    if out is None:
        typer.echo(text, nl=False)
        return
    write_report(out, text)
    say(f"{out} is written. `bakerstreet replay run {out} --update` records what the models say to it.")


@app.command("diff")
def diff(
    a: Annotated[str, typer.Argument(help="One side: a home (folder), settings (TOML), or name=value,name=value.")],
    b: Annotated[str, typer.Argument(help="The other side.")],
    paths: Paths,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="A file, .md or .html; default: print it.")] = None,
) -> None:
    """Compare two sides (voices, models, libraries, settings) over the same conversations."""
    from chatbot.replay import find_replays, open_side, played, report

    files, sides = find_replays(paths), [open_side(a), open_side(b)]
    check_writable(out)
    done = []
    for side in sides:
        with progress(side.name[-40:]) as show:
            done.append(played(side, files, say, show))
    html = out is not None and out.suffix.lower() in (".html", ".htm")
    text = report(done[0], done[1], html=html)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_report(out, text)

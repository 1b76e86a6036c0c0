"""`bakerstreet replay`: run stored conversations and report the expectations that fail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot.cli.common import opened, prepare

app = typer.Typer(no_args_is_help=True)


@app.command("run")
def run(files: Annotated[list[Path], typer.Argument(help="Replay files (YAML).")]) -> None:
    """Run replays and print every turn; exits with 1 if an expectation fails."""
    from chatbot.bot import Bot
    from chatbot.replay import read_replay, run_replay

    replays = [(file, read_replay(file)) for file in files]
    failed = 0
    with opened() as resources:
        for file, replay in replays:
            prepare(resources, replay.persona)
            typer.echo(f"{file.stem}:")
            for outcome in run_replay(replay, Bot(resources)):
                typer.echo(f"  > {outcome.message}\n    {outcome.answered.reply}")
                for failure in outcome.failures:
                    failed += 1
                    typer.echo(f"    FAILED: {failure}")
    if failed:
        raise typer.Exit(1)


@app.callback()
def _group() -> None:
    """Keeps `run` a subcommand although it is the only one."""

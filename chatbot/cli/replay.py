"""`bakerstreet replay`: run stored conversations and say what does not hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot.cli.common import opened, prepare

app = typer.Typer(no_args_is_help=True)


@app.command("run")
def run(files: Annotated[list[Path], typer.Argument(help="Replay files (YAML).")]) -> None:
    """Run replays and print every turn; ends with 1 where something does not hold."""
    from chatbot.bot import Bot
    from chatbot.replay.format import read_replay
    from chatbot.replay.runner import run_replay

    replays = [(file, read_replay(file)) for file in files]
    wrong = 0
    with opened() as resources:
        for file, replay in replays:
            prepare(resources, replay.persona)
            typer.echo(f"{file.stem}:")
            for outcome in run_replay(replay, Bot(resources)):
                typer.echo(f"  > {outcome.said}\n    {outcome.answered.reply}")
                for failure in outcome.failures:
                    wrong += 1
                    typer.echo(f"    FAILED: {failure}")
    if wrong:
        raise typer.Exit(1)


@app.callback()
def _group() -> None:
    """Keeps `run` a command of its own while it is the only one."""

"""The command line: thin commands over the same calls as the web app.

Nothing heavy is imported before a command needs it, so that `--help` answers at once.
"""

from __future__ import annotations

import os
import sys

import typer

from chatbot import __version__
from chatbot.cli import ask, bench, evaluate, library, memory, personas, replay, voice, web
from chatbot.errors import BakerStreetError

app = typer.Typer(
    name="bakerstreet",
    help="A persona chatbot: a character who knows his books, keeps his voice and remembers you.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("chat")(ask.chat)
app.command("ask")(ask.ask)
app.command("web")(web.web)
app.command("evaluate")(evaluate.evaluate)
app.command("bench")(bench.bench)
app.add_typer(library.app, name="library", help="What he knows: build, search and list libraries.")
app.add_typer(personas.app, name="personas", help="Who speaks: list and check persona files.")
app.add_typer(voice.app, name="voice", help="How he speaks: train and list voices.")
app.add_typer(memory.app, name="memory", help="What he remembers: list, show and export conversations.")
app.add_typer(replay.app, name="replay", help="Stored conversations run again as tests.")


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line; an error is a message, never a traceback."""
    # Libraries below must neither phone home nor draw progress bars of their own.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        app()
    except BakerStreetError as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(1)
    except SystemExit as ending:
        if ending.code == 130:  # what Typer makes of Ctrl-C
            typer.echo("\nStopped. What was finished is kept.", err=True)
        raise

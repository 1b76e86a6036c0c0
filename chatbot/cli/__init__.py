"""The command line: thin commands over the calls that the web chat makes too.

A command imports heavy packages itself, so that `--help` is quick.
"""

from __future__ import annotations

import logging
import sys

import typer

from chatbot import __version__
from chatbot.cli import (
    ask,
    bench,
    compare,
    drift,
    evaluate,
    judges,
    library,
    memory,
    personas,
    replay,
    update,
    users,
    voice,
    web,
)
from chatbot.errors import BakerStreetError

__all__ = ["app", "main"]

logger = logging.getLogger(__name__)

app = typer.Typer(
    name="bakerstreet",
    help="A persona chatbot: a character with books, a voice and a memory of you.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("chat")(ask.chat)
app.command("ask")(ask.ask)
app.command("web")(web.web)
app.command("evaluate")(evaluate.evaluate)
app.command("drift")(drift.drift)
app.command("update")(update.update)
app.command("compare")(compare.compare)
app.add_typer(bench.app, name="bench")
app.add_typer(library.app, name="library", help="What a persona knows: build, search and list libraries.")
app.add_typer(personas.app, name="personas", help="Who speaks: list and check persona files.")
app.add_typer(voice.app, name="voice", help="How a persona speaks: train and list voices.")
app.add_typer(
    memory.app, name="memory", help="What a persona remembers: find, name, delete, export and import conversations."
)
app.add_typer(judges.app, name="judges", help="How well the judges of replies agree with a person who read them.")
app.add_typer(users.app, name="users", help="Who may sign in to the web chat: add, remove and list accounts.")
app.add_typer(replay.app, name="replay", help="Conversations as tests: write, run, record and compare them.")


@app.callback(invoke_without_command=True)
def _root(
    version: bool = typer.Option(False, "--version", help="Print the version."),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Log what is being done (BAKERSTREET_LOG says more)."),
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit
    if "--help" in sys.argv:
        return  # it needs no settings, and is quicker without
    from chatbot.logs import set_up_logging
    from chatbot.settings import get_settings

    settings = get_settings()
    set_up_logging(settings.log, settings.home, verbose=verbose)


def main() -> None:
    """Run the command line; errors are printed as messages, without a traceback."""
    try:
        app()
    except BakerStreetError as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(1)
    except Exception as error:
        logger.exception("A command failed because of an error in the program")
        typer.echo(f"Error in the program: {error!r}. The log has the whole of it; see BAKERSTREET_LOG.", err=True)
        sys.exit(1)
    except SystemExit as ending:
        if ending.code == 130:  # Typer's exit code after Ctrl-C
            typer.echo("\nStopped. Finished work is kept.", err=True)
        raise

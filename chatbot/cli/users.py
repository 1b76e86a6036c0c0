"""`bakerstreet users`: who may sign in to the web chat."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from chatbot.web import Accounts

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Up to 48 lower case letters, digits, and . _ -")]


@app.command("add")
def add(name: Name, owner: Annotated[bool, typer.Option(help="May change what is everybody's.")] = False) -> None:
    """Add an account, or give one another password. The password is asked for, or read from standard input."""
    accounts = _accounts()
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    accounts.add(name, password, owner)
    typer.echo(f"{name} can sign in where BAKERSTREET_AUTH=users{', and owns the installation' if owner else ''}.")


@app.command("remove")
def remove(name: Name) -> None:
    """Remove an account. Its conversations stay, and are its own again if it is added again."""
    _accounts().remove(name)
    typer.echo(f"{name} can no longer sign in.")


@app.command("list")
def list_accounts() -> None:
    """List the accounts."""
    for account in _accounts().all():
        typer.echo(f"{account.name}{' (owner)' if account.owner else ''}")


def _accounts() -> Accounts:
    from chatbot.settings import get_settings
    from chatbot.web import Accounts

    return Accounts(get_settings().home)

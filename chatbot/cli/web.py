"""`bakerstreet web`: the web chat."""

from __future__ import annotations

from typing import Annotated

import typer

from chatbot.cli.common import opened, say


def web(
    host: Annotated[str | None, typer.Option(help="Default: BAKERSTREET_HOST, or 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Default: BAKERSTREET_PORT, or 7860.")] = None,
) -> None:
    """Serve the web chat."""
    from chatbot.web import serve

    with opened() as resources:
        serve(resources, say, host, port)

"""`bakerstreet library add` and `remove`: texts of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot.cli.common import opened, prepare, progress, say


def add(
    files: Annotated[list[Path], typer.Argument(help="txt, md, html, epub or pdf.")],
    persona: Annotated[str, typer.Option("--persona", "-p", help="Whose library.")] = "sherlock",
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of texts of the same names.")] = False,
) -> None:
    """Add texts to a library; they are searched from the next question on."""
    from chatbot.library.index import add_text

    with opened() as resources:
        loaded = resources.persona(persona)
        prepare(resources, persona)
        for file in files:
            with progress(file.name) as show:
                added = add_text(
                    loaded,
                    resources.library_folder(persona),
                    resources.library_embedder(persona),
                    file,
                    replace_old=replace,
                    chroma_url=resources.settings.chroma_url,
                    on_progress=show,
                )
            say(f"Added '{added.title}' as {added.name}: {added.passages} passages.")
            for note in added.notes:
                say(f"  {note}")


def remove(
    name: Annotated[str, typer.Argument(help="The text's name, as `library list` shows it.")],
    persona: Annotated[str, typer.Option("--persona", "-p", help="Whose library.")] = "sherlock",
) -> None:
    """Take a text out of a library, with every passage of it."""
    from chatbot.library.index import remove_text

    with opened() as resources:
        gone = remove_text(
            resources.persona(persona),
            resources.library_folder(persona),
            resources.library_embedder(persona),
            name,
            chroma_url=resources.settings.chroma_url,
        )
        say(f"{name} is out of the library: {gone} passages went.")

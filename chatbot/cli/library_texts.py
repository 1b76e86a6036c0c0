"""`bakerstreet library add` and `remove`: the user's own texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot.cli.common import opened, prepare, progress, say
from chatbot.progress import counted
from personas import DEFAULT_PERSONA


def add(
    files: Annotated[list[Path], typer.Argument(help="txt, md, html, epub or pdf.")],
    persona: Annotated[str, typer.Option("--persona", "-p", help="Whose library.")] = DEFAULT_PERSONA,
    replace: Annotated[bool, typer.Option("--replace", help="Replace texts that have the same names.")] = False,
) -> None:
    """Add texts to a library; the next question already searches them."""
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
            say(f"Added '{added.title}' as {added.name}: {counted(added.passages, 'passage')}.")
            for note in added.notes:
                say(f"  {note}")


def remove(
    name: Annotated[str, typer.Argument(help="The text's name, as `library list` shows it.")],
    persona: Annotated[str, typer.Option("--persona", "-p", help="Whose library.")] = DEFAULT_PERSONA,
) -> None:
    """Remove a text and all its passages from a library."""
    from chatbot.library.index import remove_text

    with opened() as resources:
        removed = remove_text(
            resources.persona(persona),
            resources.library_folder(persona),
            resources.library_embedder(persona),
            name,
            chroma_url=resources.settings.chroma_url,
        )
        say(f"Removed {name} from the library: {counted(removed, 'passage')}.")

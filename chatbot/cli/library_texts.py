"""`bakerstreet library add` and `remove`: the user's own texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from chatbot import DEFAULT_PERSONA
from chatbot.cli.common import opened, prepare, progress, say
from chatbot.errors import SourceError
from chatbot.progress import counted


def add(
    files: Annotated[list[Path], typer.Argument(help="txt, md, html, epub or pdf; a folder: those in it.")],
    persona: Annotated[str, typer.Option("--persona", "-p", help="Whose library.")] = DEFAULT_PERSONA,
    replace: Annotated[bool, typer.Option("--replace", help="Replace texts that have the same names.")] = False,
) -> None:
    """Add texts to a library; the next question already searches them. One that cannot be added stops no other."""
    from chatbot.library.index import add_text
    from chatbot.library.texts import SUFFIXES

    failed = False
    with opened() as resources:
        loaded = resources.persona(persona)
        prepare(resources, persona)
        for file in _texts_in(files, SUFFIXES):
            try:
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
            except SourceError as error:
                say(f"{file.name} was not added. {error}")
                failed = True
                continue
            say(f"Added '{added.title}' as {added.name}: {counted(added.passages, 'passage')}.")
            for note in added.notes:
                say(f"  {note}")
    if failed:
        raise typer.Exit(1)


def _texts_in(paths: Sequence[Path], suffixes: Sequence[str]) -> Iterator[Path]:
    """The files themselves, and the texts in folders, by name."""
    for path in paths:
        if path.is_dir():
            found = sorted(file for file in path.iterdir() if file.suffix.lower() in suffixes and file.is_file())
            yield from found or [path]  # a folder without any is refused by its name
        else:
            yield path


def remove(
    name: Annotated[str, typer.Argument(help="The text's name, as `library list` shows it.")],
    persona: Annotated[str, typer.Option("--persona", "-p", help="Whose library.")] = DEFAULT_PERSONA,
) -> None:
    """Remove a text and all its passages from a library."""
    from chatbot.library.index import remove_text

    with opened() as resources:
        removed = remove_text(
            resources.library_folder(persona),
            resources.library_embedder(persona),
            name,
            chroma_url=resources.settings.chroma_url,
        )
        say(f"Removed {name} from the library: {counted(removed, 'passage')}.")

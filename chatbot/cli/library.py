"""`bakerstreet library`: build, list; the other commands are modules of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot import DEFAULT_PERSONA
from chatbot.cli import library_calibrate, library_evaluate, library_search, library_texts, library_tune
from chatbot.cli.common import opened, progress, say
from chatbot.errors import LibraryError

app = typer.Typer(no_args_is_help=True)
app.command("search")(library_search.search)
app.command("evaluate")(library_evaluate.evaluate)
app.command("calibrate")(library_calibrate.calibrate)
app.command("tune")(library_tune.tune)
app.command("add")(library_texts.add)
app.command("remove")(library_texts.remove)


@app.command("build")
def build(
    persona: Annotated[str, typer.Argument(help="Whose library.")],
    texts: Annotated[
        Path | None, typer.Option("--texts", help="A folder with the source texts, used instead of fetching them.")
    ] = None,
    casebook_only: Annotated[
        bool, typer.Option("--casebook-only", help="Do not fetch or change the full texts; needs no network.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Delete the old library first.")] = False,
    switch: Annotated[
        bool, typer.Option("--switch-embedder", help="Embed every passage again with the embedder of the settings.")
    ] = False,
) -> None:
    """Build the library of a persona, or update it: only what changed is embedded."""
    from chatbot.library.index import build_library, switch_embedder
    from chatbot.library.texts import gather_texts
    from chatbot.progress import counted

    with opened() as resources:
        loaded = resources.persona(persona)
        settings = resources.settings
        if switch:
            with progress("Passages") as show:
                folder, embedder = resources.library_folder(persona), resources.library_embedder(persona, anew=True)
                number = switch_embedder(folder, embedder, settings.chroma_url, show)
            say(
                f"The library of {loaded.persona.name} now uses the embedder {embedder.fingerprint}: "
                f"{counted(number, 'passage')} embedded."
            )
            return
        found = None
        if not casebook_only and loaded.persona.sources:
            with progress("Texts") as show:
                found = gather_texts(
                    loaded.persona.sources,
                    texts or settings.texts,
                    settings.texts_dir,
                    on_progress=show,
                    say=say,
                )
        with progress("Passages") as show:
            built = build_library(
                loaded,
                resources.library_folder(persona),
                resources.library_embedder(persona, anew=fresh),
                texts=found,
                chroma_url=settings.chroma_url,
                fresh=fresh,
                on_progress=show,
            )
        for note in built.notes:
            say(note)
        say(
            f"The library of {loaded.persona.name} holds {counted(built.passages, 'passage')}: "
            f"{built.embedded:,} embedded now, {built.removed:,} removed."
        )


@app.command("list")
def list_libraries() -> None:
    """List the libraries and their sources."""
    from chatbot.library.index import ChromaError, lost_vectors, read_manifest, read_passages
    from chatbot.settings import get_settings

    settings = get_settings()
    root = settings.library_dir
    folders = sorted(folder for folder in root.glob("*") if folder.is_dir()) if root.is_dir() else []
    if not folders:
        say(f"There is no library yet. Build one with `bakerstreet library build {DEFAULT_PERSONA}`.")
    for folder in folders:
        try:
            manifest = read_manifest(folder)
            if manifest is not None and manifest.sources:
                read_passages(folder)
        except LibraryError as error:  # the others are listed all the same
            say(str(error))
            continue
        if manifest is None:
            continue
        state = manifest.state() + ("" if manifest.complete else " (incomplete; `library build` completes it)")
        try:
            if lost := lost_vectors(folder, manifest, manifest.embedder, settings.chroma_url):
                state = f"searched by words: {lost.why}; `bakerstreet library build {folder.name}` makes them again"
        except ChromaError as error:
            state = f"searched by words: {error}"
        typer.echo(f"{folder.name}: embedder {manifest.embedder}, {state}")
        for name, entry in manifest.sources.items():
            typer.echo(f"  {entry.passages:6} passages  {entry.works:3} works  {entry.title} [{name}]")

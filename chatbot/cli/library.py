"""`bakerstreet library`: build, add, remove, search, evaluate, tune, list."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chatbot.cli import library_evaluate, library_texts, library_tune
from chatbot.cli.common import FileQuestion, opened, print_json, progress, read_questions, say
from chatbot.errors import MessageError, ModeError

app = typer.Typer(no_args_is_help=True)
app.command("evaluate")(library_evaluate.evaluate)
app.command("tune")(library_tune.tune)
app.command("add")(library_texts.add)
app.command("remove")(library_texts.remove)


@app.command("build")
def build(
    persona: Annotated[str, typer.Argument(help="Whose library.")],
    texts: Annotated[
        Path | None, typer.Option("--texts", help="A folder with the source texts, instead of fetching them.")
    ] = None,
    casebook_only: Annotated[
        bool, typer.Option("--casebook-only", help="Leave the full texts as they are; needs no network.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw the old library away first.")] = False,
) -> None:
    """Build the library of a persona, or bring it up to date: only what changed is embedded."""
    from chatbot.library.build import build_library
    from chatbot.library.sources import gather_texts

    with opened() as resources:
        loaded = resources.persona(persona)
        settings = resources.settings
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
                resources.embedder,
                texts=found,
                chroma_url=settings.chroma_url,
                fresh=fresh,
                on_progress=show,
            )
        say(
            f"The library of {loaded.persona.name} holds {built.passages} passages: {built.embedded} were embedded "
            f"now, {built.removed} taken away."
        )


@app.command("search")
def search(
    question: Annotated[str | None, typer.Argument(help="The question.")] = None,
    persona: Annotated[str, typer.Option("--persona", "-p", help="Whose library.")] = "sherlock",
    mode: Annotated[str, typer.Option("--mode", "-m", help="Search as this mode does.")] = "rag",
    number: Annotated[int, typer.Option("-k", min=1, max=50, help="How many pieces of evidence.")] = 4,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Questions, one a line.")] = None,
    json_lines: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show the evidence for a question without generating a reply."""
    from chatbot.cli.common import prepare
    from chatbot.conversation import context_of
    from chatbot.modes import get_mode
    from chatbot.trace import evidence_records

    if (question is None) == (file is None):
        raise MessageError("Give either a question or --file.")
    questions = read_questions(file) if file else [FileQuestion(question or "")]
    plan = get_mode(mode).knowledge
    if plan is None:
        raise ModeError(f"The mode '{mode}' searches nothing. Use one that does: rag or hybrid.")
    with opened() as resources:
        resources.persona(persona)
        prepare(resources, persona)
        library = resources.library(persona)
        for item in questions:
            found = library.search(item.question, plan, context=context_of(item.question, item.history), pieces=number)
            pieces = [_row(record) for record in evidence_records(found)]
            if json_lines:
                print_json(
                    {
                        "question": item.question,
                        "mode": mode,
                        "evidence": pieces,
                        "weak": found.weak,
                        "timings": {"retrieval_ms": round(found.milliseconds, 1)},
                    }
                )
                continue
            if found.weak:
                say(f"Weak evidence: {found.why_weak}.")
            for rank, piece in enumerate(pieces, 1):
                place = f"{piece['work']}, {piece['chapter']}" if piece["chapter"] else piece["work"]
                typer.echo(f"{rank}. {place} ({piece['score']:.2f}, {piece['kind']})\n   {piece['text']}")


@app.command("list")
def list_libraries() -> None:
    """List the libraries and what they hold."""
    from chatbot.library.store import read_manifest
    from chatbot.settings import get_settings

    root = get_settings().library_dir
    folders = sorted(folder for folder in root.glob("*") if folder.is_dir()) if root.is_dir() else []
    if not folders:
        say("There is no library yet. Build one with `bakerstreet library build sherlock`.")
    for folder in folders:
        manifest = read_manifest(folder)
        if manifest is None:
            continue
        state = "" if manifest.complete else " (a build was not finished; run it again)"
        typer.echo(f"{folder.name}: embedder {manifest.embedder}{state}")
        for name, entry in manifest.sources.items():
            typer.echo(f"  {entry.passages:6} passages  {entry.works:3} works  {entry.title} [{name}]")


def _row(record: Any) -> dict[str, Any]:
    return {
        "work": record.work,
        "chapter": record.chapter,
        "text": record.text,
        "score": record.score,
        "kind": record.kind,
        "place": record.place,
        "reasons": [reason.model_dump() for reason in record.reasons],
    }

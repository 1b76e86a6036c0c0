"""`bakerstreet evaluate`: the same questions in each mode."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot.cli.common import opened, prepare, progress, say, write_report


def evaluate(
    questions: Annotated[Path, typer.Argument(help="Questions with accepted answers (JSONL).")],
    modes: Annotated[str, typer.Option(help="Modes, with commas between.")] = "standard,rag,ft,hybrid",
    persona: Annotated[str, typer.Option("--persona", "-p", help="Who is asked.")] = "sherlock",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write a Markdown report.")] = None,
) -> None:
    """Ask every question in each mode and count the right answers."""
    from chatbot.bot import Bot
    from chatbot.evaluation.modes import ask_all, report
    from chatbot.evaluation.questions import read_known_questions
    from chatbot.modes import get_mode

    chosen = [get_mode(name).name for name in modes.split(",")]
    known = read_known_questions(questions, ["plain"])  # the others are for `library evaluate`
    with opened() as resources:
        prepare(resources, persona)
        resources.warm(persona)
        with progress("Questions") as show:
            results = ask_all(Bot(resources), known, chosen, persona, show)
        library = resources.library(persona).manifest
    books = sum(entry.kind == "text" for entry in library.sources.values())
    about = (
        f"{len(known)} questions, each asked once in each mode, greedy decoding; the library holds the "
        f"casebook and {books} books. A reply is right where one of the accepted answers stands in it as whole words."
    )
    command = f"bakerstreet evaluate {questions} --modes {','.join(chosen)}" + (f" --out {out}" if out else "")
    text = report(results, command, about)
    for mode in chosen:
        own = [result for result in results if result.mode == mode]
        typer.echo(f"{mode}: {sum(result.right for result in own)} of {len(own)} right")
    if out is not None:
        write_report(out, text)
        say(f"The report is in {out}.")

"""`bakerstreet library evaluate`: every rung of the search over the same questions."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from chatbot.cli.common import opened, prepare, progress, say, write_report
from chatbot.errors import MessageError


def evaluate(
    persona: Annotated[str, typer.Argument(help="Whose library.")],
    questions: Annotated[
        Path | None, typer.Option("--questions", "-q", help="Questions (JSONL), instead of those about the canon.")
    ] = None,
    part: Annotated[str, typer.Option("--part", help="tuning, reporting or all.")] = "reporting",
    rungs: Annotated[str, typer.Option("--rungs", help="Rungs, with commas between; all of them by default.")] = "",
    ablation: Annotated[bool, typer.Option("--ablation", help="Each rung without each of its modules too.")] = False,
    number: Annotated[int | None, typer.Option("--sample", min=1, help="Only so many of the questions.")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write every figure and every question with what was found.")
    ] = None,
    brief: Annotated[bool, typer.Option("--brief", help="Figures alone in the JSON: no questions, no texts.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write a Markdown report.")] = None,
    chart_file: Annotated[Path | None, typer.Option("--chart", help="Write a bar chart (SVG).")] = None,
) -> None:
    """Search for the answers to known questions with every rung and count what is found. Nothing is generated."""
    from chatbot.evaluation.questions import BOTH, PARTS, part_of, questions_file, read_known_questions
    from chatbot.evaluation.retrieval.chart import chart
    from chatbot.evaluation.retrieval.report import as_json, report, summarise, tables
    from chatbot.evaluation.retrieval.systems import Composed, Judge, all_rungs, choose_rungs, run, sample

    if part not in (*PARTS, BOTH):
        raise MessageError(f"There is no part '{part}'. There are: {', '.join(PARTS)}, all.")
    for file in (json_file, out, chart_file):
        _check_writable(file)
    with opened() as resources:
        file = questions_file(resources.persona(persona), questions)
        known = [item for item in read_known_questions(file) if part in (BOTH, part_of(item))]
        known = sample(known, number) if number else known
        if not known:
            raise MessageError(f"{file} holds no questions of the part '{part}'. Use --part all.")
        prepare(resources, persona)
        library = resources.library(persona)
        library.warm()
        chosen = choose_rungs(all_rungs(library), rungs.split(","))
        judge = Judge(library.passages)

        def ask(rung: Any) -> Any:
            with progress(rung.name) as show:
                return run(rung, known, judge, resources.embedder.count, show)

        about = _about(persona, known, part, library)
        command = " ".join(
            ["bakerstreet library evaluate", persona, "--part", part]
            + [f"--questions {shlex.quote(str(questions))}"] * bool(questions)
            + [f"--rungs {shlex.quote(rungs)}"] * bool(rungs)
            + ["--ablation"] * ablation
            + [f"--sample {number}"] * bool(number)
        )
        results: dict[str, Any] = {}
        variants: dict[str, dict[str, Any]] = {}

        def write() -> None:  # after every rung, so that a run that is stopped leaves what it has
            if out:
                write_report(out, report(results, variants, about, command))
            if json_file:
                stated = {"about": about, "command": command}
                write_report(json_file, as_json(results, variants, stated, brief=brief))
            if chart_file:
                figures = [summarise(*item) for item in results.items()]
                write_report(chart_file, chart(figures, f"Search of the {persona} library"))

        for rung in chosen:
            results[rung.name] = ask(rung)
            write()
        for rung in chosen:
            if ablation and isinstance(rung, Composed):
                variants[rung.name] = {}
                for variant in rung.rungs_without():
                    variants[rung.name][variant.name] = ask(variant)
                    write()
    typer.echo("\n".join(tables(results)))
    for file in filter(None, (out, json_file, chart_file)):
        say(f"Written: {file}.")


def _about(persona: str, known: Sequence[Any], part: str, library: Any) -> str:
    from chatbot.evaluation.questions import BOTH

    sources = library.manifest.sources.values()
    books = sum(entry.kind == "text" for entry in sources)
    which = "tuning and reporting" if part == BOTH else part
    return (
        f"{len(known)} questions ({which}) asked of the library of {persona}: {len(library.passages)} passages of the "
        f"casebook and {books} books, embedder {library.manifest.embedder}."
    )


def _check_writable(file: Path | None) -> None:
    """Before the work, so that none of it is lost."""
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MessageError(f"{file} cannot be written: {error.strerror}.") from error
    if file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
        raise MessageError(f"{file} cannot be written. Name a file in a folder of yours.")

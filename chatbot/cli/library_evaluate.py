"""`bakerstreet library evaluate`: every system of the search over the same questions."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot.cli.common import check_writable, opened, prepare, progress, say, write_report

if TYPE_CHECKING:
    from chatbot.evaluation import KnownQuestion
    from chatbot.evaluation.retrieval import SearchOutcome, System
    from chatbot.library.search import Library


def evaluate(
    persona: Annotated[str, typer.Argument(help="Whose library.")],
    questions: Annotated[
        Path | None, typer.Option("--questions", "-q", help="Questions (JSONL), instead of the persona's own.")
    ] = None,
    split: Annotated[str, typer.Option("--split", help="dev, test or all.")] = "test",
    systems: Annotated[str, typer.Option("--systems", help="Systems, separated by commas; default: all.")] = "",
    ablation: Annotated[bool, typer.Option("--ablation", help="Also each system without each of its modules.")] = False,
    number: Annotated[int | None, typer.Option("--sample", min=1, help="Only so many of the questions.")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write every figure and every question with what was found.")
    ] = None,
    brief: Annotated[bool, typer.Option("--brief", help="Only figures in the JSON: no questions, no texts.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write a Markdown report.")] = None,
    chart_file: Annotated[Path | None, typer.Option("--chart", help="Write a bar chart (SVG).")] = None,
) -> None:
    """Search for the answers to known questions with every system and count what is found. Nothing is generated."""
    from chatbot.evaluation import SEARCHED, choose_questions, questions_file, require_matplotlib
    from chatbot.evaluation.retrieval import (
        Judge,
        all_systems,
        as_json,
        chart,
        choose_systems,
        report,
        run,
        summarise,
        tables,
    )

    check_writable(json_file, out, chart_file)
    if chart_file:
        require_matplotlib()
    with opened() as resources:
        file = questions_file(resources.persona(persona), questions)
        known = choose_questions(file, split, SEARCHED, number)
        prepare(resources, persona)
        library = resources.library(persona)
        library.warm()
        chosen = choose_systems(all_systems(library), systems.split(","))
        judge = Judge(library.passages)

        def ask(system: System) -> list[SearchOutcome]:
            with progress(system.name) as show:
                return run(system, known, judge, resources.embedder.count, show)

        about = _about(persona, known, split, library)
        command = " ".join(
            ["bakerstreet library evaluate", persona, "--split", split]
            + [f"--questions {shlex.quote(str(questions))}"] * bool(questions)
            + [f"--systems {shlex.quote(systems)}"] * bool(systems)
            + ["--ablation"] * ablation
            + [f"--sample {number}"] * bool(number)
        )
        results: dict[str, list[SearchOutcome]] = {}
        variants: dict[str, dict[str, list[SearchOutcome]]] = {}

        def write() -> None:  # after every system, so that a run that is stopped leaves what it has
            if out:
                write_report(out, report(results, variants, about, command))
            if json_file:
                stated = {"about": about, "command": command}
                write_report(json_file, as_json(results, variants, stated, brief=brief))
            if chart_file:
                figures = [summarise(*item) for item in results.items()]
                write_report(chart_file, chart(figures, f"Search of the {persona} library"))

        for system in chosen:
            results[system.name] = ask(system)
            write()
        for system in chosen if ablation else ():
            variants[system.name] = {}
            for variant in system.ablations():
                variants[system.name][variant.name] = ask(variant)
                write()
    typer.echo("\n".join(tables(results)))
    for file in filter(None, (out, json_file, chart_file)):
        say(f"Written: {file}.")


def _about(persona: str, known: Sequence[KnownQuestion], split: str, library: Library) -> str:
    from chatbot.evaluation import BOTH

    sources = library.manifest.sources.values()
    books = sum(entry.kind == "text" for entry in sources)
    which = "dev and test" if split == BOTH else split
    return (
        f"{len(known)} questions ({which}) asked of the library of {persona}: {library.total} passages of the "
        f"casebook and {books} books, embedder {library.manifest.embedder}."
    )

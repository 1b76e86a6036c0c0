"""`bakerstreet library evaluate`: every system of the search over the same questions."""

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
    split: Annotated[str, typer.Option("--split", help="dev, test or all.")] = "test",
    systems: Annotated[str, typer.Option("--systems", help="Systems, with commas; default: all.")] = "",
    ablation: Annotated[bool, typer.Option("--ablation", help="Each system without each of its modules too.")] = False,
    number: Annotated[int | None, typer.Option("--sample", min=1, help="Only so many of the questions.")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write every figure and every question with what was found.")
    ] = None,
    brief: Annotated[bool, typer.Option("--brief", help="Figures alone in the JSON: no questions, no texts.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write a Markdown report.")] = None,
    chart_file: Annotated[Path | None, typer.Option("--chart", help="Write a bar chart (SVG).")] = None,
) -> None:
    """Search for the answers to known questions with every system and count what is found. Nothing is generated."""
    from chatbot.evaluation.questions import BOTH, SPLITS, questions_file, read_known_questions, split_of
    from chatbot.evaluation.retrieval.chart import chart
    from chatbot.evaluation.retrieval.report import as_json, report, summarise, tables
    from chatbot.evaluation.retrieval.systems import Composed, Judge, all_systems, choose_systems, run, sample

    if split not in (*SPLITS, BOTH):
        raise MessageError(f"There is no split '{split}'. There are: {', '.join(SPLITS)}, all.")
    for file in (json_file, out, chart_file):
        _check_writable(file)
    with opened() as resources:
        file = questions_file(resources.persona(persona), questions)
        known = [item for item in read_known_questions(file) if split in (BOTH, split_of(item))]
        known = sample(known, number) if number else known
        if not known:
            raise MessageError(f"{file} holds no questions of the split '{split}'. Use --split all.")
        prepare(resources, persona)
        library = resources.library(persona)
        library.warm()
        chosen = choose_systems(all_systems(library), systems.split(","))
        judge = Judge(library.passages)

        def ask(system: Any) -> Any:
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
        results: dict[str, Any] = {}
        variants: dict[str, dict[str, Any]] = {}

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
        for system in chosen:
            if ablation and isinstance(system, Composed):
                variants[system.name] = {}
                for variant in system.systems_without():
                    variants[system.name][variant.name] = ask(variant)
                    write()
    typer.echo("\n".join(tables(results)))
    for file in filter(None, (out, json_file, chart_file)):
        say(f"Written: {file}.")


def _about(persona: str, known: Sequence[Any], split: str, library: Any) -> str:
    from chatbot.evaluation.questions import BOTH

    sources = library.manifest.sources.values()
    books = sum(entry.kind == "text" for entry in sources)
    which = "dev and test" if split == BOTH else split
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

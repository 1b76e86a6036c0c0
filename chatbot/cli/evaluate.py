"""`bakerstreet evaluate`: questions with known answers, put to a persona in several modes."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from chatbot.cli.common import check_writable, opened, prepare, progress, say, write_report


def evaluate(
    persona: Annotated[str, typer.Argument(help="Who is asked.")],
    questions: Annotated[
        Path | None, typer.Option("--questions", "-q", help="Questions (JSONL), instead of the persona's own.")
    ] = None,
    modes: Annotated[str, typer.Option("--modes", help="Modes, separated by commas.")] = "rag,hybrid,all",
    kinds: Annotated[
        str, typer.Option("--kinds", help="plain, follow-up, two-works, unanswerable, separated by commas.")
    ] = "plain",
    split: Annotated[str, typer.Option("--split", help="dev, test or all.")] = "test",
    number: Annotated[int | None, typer.Option("--sample", min=1, help="Only so many of the questions.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a Markdown report; answers are kept beside it meanwhile.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures and every answer.")] = None,
    resume: Annotated[
        Path | None, typer.Option("--resume", help="Keep the answers in this file (JSONL), and go on from it.")
    ] = None,
) -> None:
    """Ask questions with known answers in each mode and count the right replies.

    A run that was stopped goes on when it is called again with the same --out or --resume.
    """
    from chatbot.bot import Bot
    from chatbot.evaluation import BOTH, choose_questions, questions_file
    from chatbot.evaluation.replies import AnswerLog, as_json, ask_all, report, summary
    from chatbot.modes import get_mode

    chosen = [get_mode(name).name for name in modes.split(",")]
    check_writable(out, json_file, resume)
    kept = resume or (out.with_suffix(".jsonl") if out else None)
    with opened() as resources:
        file = questions_file(resources.persona(persona), questions)
        known = choose_questions(file, split, [kind.strip() for kind in kinds.split(",")], number)
        prepare(resources, persona)
        resources.warm(persona)
        manifest, settings = resources.library(persona).manifest, resources.settings
        setting = {
            "persona": persona,
            "model": settings.model,
            "engine": resources.engine.name,
            "library": f"{manifest.stamp} ({manifest.total} passages)",
        }
        log = AnswerLog(kept, setting) if kept else None
        with progress("Questions") as show:
            answers = ask_all(Bot(resources), persona, known, chosen, log, show)
    books = sum(entry.kind == "text" for entry in manifest.sources.values())
    which = "dev and test" if split == BOTH else split
    about = (
        f"{len(known)} questions ({which}; {kinds}) put to {persona} in each mode, greedy decoding, engine "
        f"{setting['engine']}; the library holds the casebook and {books} books."
    )
    command = " ".join(
        ["bakerstreet evaluate", persona]
        + [f"--questions {shlex.quote(str(questions))}"] * bool(questions)
        + [f"--modes {','.join(chosen)}", f"--kinds {shlex.quote(kinds)}", f"--split {split}"]
        + [f"--sample {number}"] * bool(number)
    )
    typer.echo("\n".join(summary(answers)))
    if out:
        write_report(out, report(answers, about, command))
    if json_file:
        write_report(json_file, as_json(answers, {"about": about, "command": command, **setting}))
    for written in filter(None, (out, json_file)):
        say(f"Written: {written}.")
    if kept and not resume:
        kept.unlink()  # the report has it all now, and the next run is to ask anew

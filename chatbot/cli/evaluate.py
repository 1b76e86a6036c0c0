"""`bakerstreet evaluate`: questions with known answers and whole conversations, put to a persona in several modes."""

from __future__ import annotations

import shlex
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot.cli.common import check_writable, opened, prepare, progress, say, write_report
from chatbot.errors import MessageError

if TYPE_CHECKING:
    from chatbot.evaluation import KnownQuestion, Talk
    from personas import LoadedPersona

TALK = "talk"  # among the kinds of questions
ALL_KINDS = "plain,follow-up,two-works,two-questions,premise,unanswerable,talk"


def evaluate(
    persona: Annotated[str, typer.Argument(help="Who is asked.")],
    questions: Annotated[
        Path | None, typer.Option("--questions", "-q", help="Questions (JSONL), instead of the persona's own.")
    ] = None,
    modes: Annotated[str, typer.Option("--modes", help="Modes, separated by commas.")] = "rag,hybrid,all",
    kinds: Annotated[str, typer.Option("--kinds", help="Which of these, separated by commas.")] = ALL_KINDS,
    split: Annotated[str, typer.Option("--split", help="dev, test or all; the conversations are in none.")] = "test",
    number: Annotated[
        int | None, typer.Option("--sample", min=1, help="Only so many questions of each kind, and conversations.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a Markdown report; answers are kept beside it meanwhile.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures and every answer.")] = None,
    resume: Annotated[
        Path | None, typer.Option("--resume", help="Keep the answers in this file (JSONL), and go on from it.")
    ] = None,
    verdicts: Annotated[
        Path | None,
        typer.Option("--verdicts", help="The folder of a reader's verdicts on the replies; default: that of --out."),
    ] = None,
) -> None:
    """Ask questions with known answers and hold whole conversations in each mode, and measure the replies.

    A run that was stopped goes on when it is called again with the same --out or --resume. With --resume the answers
    stay, so that a report with a reader's verdicts can be written without asking again.
    """
    from chatbot.bot import Bot
    from chatbot.evaluation import BOTH
    from chatbot.evaluation.bench import machine
    from chatbot.evaluation.replies import (
        AnswerLog,
        as_json,
        ask_all,
        draw_statements,
        hold_talks,
        read_verdicts,
        report,
        summary,
    )
    from chatbot.language import language_of
    from chatbot.modes import get_mode

    chosen = [get_mode(name).name for name in modes.split(",")]
    check_writable(out, json_file, resume)
    kept = resume or (out.with_suffix(".jsonl") if out else None)
    folder_of_verdicts = verdicts or (out.parent if out else None)
    thought = read_verdicts(folder_of_verdicts) if folder_of_verdicts else None
    on = machine()
    # The conversations are stored as a visitor's are, in a database of their own: what he told is remembered.
    with TemporaryDirectory(prefix="bakerstreet-") as folder, opened(f"sqlite:///{folder}/talk.sqlite3") as resources:
        loaded = resources.persona(persona)
        known, talks = _chosen(loaded, questions, split, kinds, number)
        prepare(resources, persona)
        resources.warm(persona)
        manifest, settings = resources.library(persona).manifest, resources.settings
        setting = {
            "persona": persona,
            "model": settings.model,
            "engine": resources.engine.name,
            "library": f"{manifest.stamp} ({manifest.total} passages)",
        }
        log, bot = AnswerLog(kept, setting) if kept else None, Bot(resources)
        with progress("Questions") as show:
            answers = ask_all(bot, persona, known, chosen, log, show)
        with progress("Conversations") as show:
            talk = hold_talks(bot, persona, talks, chosen, log, show)
    replies = [*answers, *talk]
    books = sum(entry.kind == "text" for entry in manifest.sources.values())
    of_split = "dev and test" if split == BOTH else split
    about = (
        f"{len(known)} questions ({of_split}; {kinds}) and {len(talks)} conversations put to {persona} in each mode, "
        f"greedy decoding, engine {setting['engine']}; the library holds the casebook and {books} books. Measured on "
        f"{on['processor']}, {on['cores']} cores, with a load of {on['load_before']} before."
    )
    command = " ".join(
        ["bakerstreet evaluate", persona]
        + [f"--questions {shlex.quote(str(questions))}"] * bool(questions)
        + [f"--modes {','.join(chosen)}", f"--kinds {shlex.quote(kinds)}", f"--split {split}"]
        + [f"--sample {number}"] * bool(number)
    )
    typer.echo("\n".join(summary(replies)))
    if out:
        statements = draw_statements(answers, language_of(loaded.persona))
        write_report(out, report(replies, about, command, statements, thought))
    if json_file:
        write_report(json_file, as_json(replies, {"about": about, "command": command, **setting}))
    for written in filter(None, (out, json_file)):
        say(f"Written: {written}.")
    if kept and not resume:
        kept.unlink()  # the report has it all now, and the next run is to ask anew


def _chosen(
    loaded: LoadedPersona, questions: Path | None, split: str, kinds: str, number: int | None
) -> tuple[list[KnownQuestion], list[Talk]]:
    """The questions and conversations of these kinds, as far as the persona has such."""
    from chatbot.evaluation import choose_questions, questions_file, read_talk, sample_each

    wanted = [kind.strip() for kind in kinds.split(",")]
    asked = [kind for kind in wanted if kind != TALK]
    known = choose_questions(questions_file(loaded, questions), split, asked) if asked else []
    talks = read_talk(loaded.talk) if TALK in wanted and loaded.talk else []
    if not known and not talks:
        raise MessageError(f"The persona '{loaded.id}' has no talk.jsonl. Name other kinds with --kinds.")
    return (sample_each(known, number), talks[:number]) if number else (known, talks)

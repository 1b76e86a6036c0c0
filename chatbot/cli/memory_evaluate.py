"""`bakerstreet memory evaluate`: conversations over several sessions, and what a persona remembers of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from chatbot import DEFAULT_PERSONA
from chatbot.cli.common import (
    KeptReplies,
    RepliesFile,
    ReportFile,
    check_writable,
    opened,
    prepare,
    progress,
    say,
    write_report,
)
from chatbot.errors import MessageError

if TYPE_CHECKING:
    from chatbot.evaluation.memory import Recall, RecallLog, Script
    from chatbot.progress import Progress
    from personas import LoadedPersona

ALL = "window,summary,recollections,both"


def evaluate(
    persona: Annotated[str, typer.Argument(help="Who is told and asked.")] = DEFAULT_PERSONA,
    scripts: Annotated[
        Path | None, typer.Option("--scripts", help="Conversations (JSONL), instead of the persona's own.")
    ] = None,
    conditions: Annotated[str, typer.Option("--conditions", help="What of the past is kept, by commas.")] = ALL,
    mode: Annotated[str, typer.Option("--mode", help="How every turn is answered; default: the persona's own.")] = "",
    number: Annotated[int | None, typer.Option("--sample", min=1, help="Only so many conversations.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of every reply, and of the intervals.")] = 0,
    out: ReportFile = None,
    json_file: RepliesFile = None,
    resume: KeptReplies = None,
) -> None:
    """Hold conversations over several sessions and measure what is remembered, under each condition.

    A run that was stopped goes on when it is called again with the same --out or --resume; with --resume the replies
    stay.
    """
    from chatbot.evaluation.bench import machine
    from chatbot.evaluation.memory import RecallLog, as_json, read_scripts, report, summary
    from chatbot.modes import get_mode
    from chatbot.settings import Settings, get_settings
    from personas import load_persona

    wanted = [condition.strip() for condition in conditions.split(",")]
    known = get_args(Settings.model_fields["remembers"].annotation)
    unknown = [condition for condition in wanted if condition not in known]
    if unknown:
        raise MessageError(f"There is no condition '{unknown[0]}'. Choose from {', '.join(known)}.")
    loaded = load_persona(persona, get_settings().personas)
    file = scripts or loaded.scripts
    if file is None:
        raise MessageError(f"The persona '{persona}' has no memory.jsonl. Name conversations with --scripts.")
    mode = get_mode(mode or loaded.persona.default_mode).name
    held = read_scripts(file)[:number]
    check_writable(out, json_file, resume)
    on = machine()
    about = (
        f"{len(held)} conversations over several sessions with {persona} ({mode}, greedy decoding, seed {seed}), "
        f"{sum(map(len, held))} messages under each condition"
    )
    kept = resume or (out.with_suffix(".jsonl") if out else None)
    log = RecallLog(kept, {"run": about, "scripts": file.name}) if kept else None
    replies: list[Recall] = []
    for condition in wanted:
        with progress(condition.capitalize()) as show:
            replies += _held(loaded, condition, held, mode, seed, log, show)
    command = " ".join(
        ["bakerstreet memory evaluate", persona, f"--conditions {','.join(wanted)} --mode {mode} --seed {seed}"]
        + [f"--scripts {scripts}"] * bool(scripts)
        + [f"--sample {number}"] * bool(number)
    )
    on_machine = f"{about}. Measured on {on['processor']}, {on['cores']} cores, load {on['load_before']} before."
    typer.echo("\n".join(summary(replies, seed)))
    if out:
        write_report(out, report(replies, on_machine, command, seed))
    if json_file:
        write_report(json_file, as_json(replies, on_machine, command))
    for written in filter(None, (out, json_file)):
        say(f"Written: {written}.")
    if kept and not resume:
        kept.unlink()  # the report has it all now, and the next run is to ask anew


def _held(
    loaded: LoadedPersona,
    condition: str,
    scripts: Sequence[Script],
    mode: str,
    seed: int,
    log: RecallLog | None,
    show: Progress,
) -> list[Recall]:
    """Every conversation under one condition, in a database of its own; what the log holds is not held again."""
    from chatbot.bot import Bot
    from chatbot.evaluation.memory import hold

    replies = {script: (log and log.held(condition, script[0].conversation)) or [] for script in scripts}
    done, total = sum(map(len, replies.values())), sum(map(len, scripts))
    show(done, total)
    if done == total:
        return [reply for script in scripts for reply in replies[script]]
    with (
        TemporaryDirectory(prefix="bakerstreet-") as folder,
        opened(f"sqlite:///{folder}/memory.sqlite3", remembers=condition) as resources,
    ):
        prepare(resources, loaded.id)
        resources.warm(loaded.id)
        for script in scripts:
            if not replies[script]:
                for reply in hold(Bot(resources), loaded, script, condition, mode, seed, resources.remembering.settle):
                    replies[script].append(reply)
                    done += 1
                    show(done, total)
                if log:
                    log.append(replies[script])
    return [reply for script in scripts for reply in replies[script]]

"""`bakerstreet drift`: long conversations and provocations, and whether a persona stays as it is."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

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


def drift(
    persona: Annotated[str, typer.Argument(help="Who is talked to.")] = DEFAULT_PERSONA,
    modes: Annotated[str, typer.Option("--modes", help="Modes, separated by commas.")] = "hybrid",
    scripts: Annotated[
        Path | None, typer.Option("--scripts", help="Long conversations (JSONL), instead of the persona's own.")
    ] = None,
    provocations: Annotated[
        Path | None, typer.Option("--provocations", help="Provocations (JSONL), instead of the persona's own.")
    ] = None,
    number: Annotated[
        int | None, typer.Option("--sample", min=1, help="Only so many conversations, and provocations.")
    ] = None,
    turns: Annotated[int | None, typer.Option("--turns", min=1, help="Only so many turns of a conversation.")] = None,
    out: ReportFile = None,
    json_file: RepliesFile = None,
    chart_file: Annotated[Path | None, typer.Option("--chart", help="Draw the curves (SVG).")] = None,
    resume: KeptReplies = None,
) -> None:
    """Hold long conversations in each mode, provoke the persona, and measure every turn.

    A run that was stopped goes on when it is called again with the same --out or --resume; with --resume the replies
    stay.
    """
    from chatbot.bot import Bot
    from chatbot.evaluation import counterbalanced, read_talk, require_matplotlib
    from chatbot.evaluation.bench import machine
    from chatbot.evaluation.drift import as_json, chart, figures_of, plain_replies, report, summary, yardsticks
    from chatbot.evaluation.replies import AnswerLog, hold_talks
    from chatbot.modes import get_mode

    chosen = [get_mode(name).name for name in modes.split(",")]
    check_writable(out, json_file, chart_file, resume)
    if chart_file:
        require_matplotlib()
    kept = resume or (out.with_suffix(".jsonl") if out else None)
    on = machine()
    with TemporaryDirectory(prefix="bakerstreet-") as folder, opened(f"sqlite:///{folder}/talk.sqlite3") as resources:
        loaded = resources.persona(persona)
        provoking, long = provocations or loaded.provocations, scripts or loaded.drift
        if not provoking and not long:
            raise MessageError(
                f"The persona '{persona}' has no drift.jsonl and no provocations.jsonl. Name conversations with "
                "--scripts or --provocations."
            )
        talks = read_talk(provoking)[:number] if provoking else []
        talks += counterbalanced([talk[:turns] for talk in read_talk(long)[:number]]) if long else []
        prepare(resources, persona)
        resources.warm(persona)
        setting = {
            "persona": persona,
            "model": resources.settings.model,
            "engine": resources.engine.name,
            "library": resources.library(persona).manifest.stamp,
        }
        log = AnswerLog(kept, setting) if kept else None
        with progress("Conversations") as show:
            replies = hold_talks(Bot(resources), persona, talks, chosen, log, show)
        with progress("Plain replies") as show:
            replies += plain_replies(resources.engine, talks, log, show)
        figures = figures_of(replies, yardsticks(resources, persona))
    provoked = [one for one in figures if one.reply.turn.kind == "provocation"]
    held = [one for one in figures if one.reply.turn.kind != "provocation"]
    messages = {one.reply.turn.message for one in held}
    about = (
        f"{len({one.reply.turn.conversation for one in held}) // 2} conversations of {len(messages)} messages in all, "
        f"each in both orders, and "
        f"{len({one.reply.turn for one in provoked})} provocations put to {persona} in each mode, greedy decoding, "
        f"engine {setting['engine']}. Measured on {on['processor']}, {on['cores']} cores."
    )
    command = " ".join(
        ["bakerstreet drift", persona, f"--modes {','.join(chosen)}"]
        + [f"--scripts {scripts}"] * bool(scripts)
        + [f"--provocations {provocations}"] * bool(provocations)
        + [f"--sample {number}"] * bool(number)
        + [f"--turns {turns}"] * bool(turns)
    )
    typer.echo("\n".join(summary(held, provoked)))
    if chart_file and held:
        write_report(chart_file, chart(held, f"{loaded.persona.name} over a conversation"))
    if out:
        picture = chart_file.name if chart_file and held and chart_file.parent == out.parent else ""
        write_report(out, report(held, provoked, about, command, picture))
    if json_file:
        write_report(json_file, as_json(held, provoked, {"about": about, "command": command, **setting}))
    for written in filter(None, (out, json_file, chart_file)):
        say(f"Written: {written}.")
    if kept and not resume:
        kept.unlink()  # the report has it all now, and the next run is to ask anew

"""`bakerstreet bench`: the engines that are installed here; `memory` and `turn` have modules of their own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from chatbot import DEFAULT_PERSONA
from chatbot.cli import bench_memory, bench_turn
from chatbot.cli.common import check_writable, say, write_report
from chatbot.errors import MessageError

app = typer.Typer(invoke_without_command=True)
app.command("memory")(bench_memory.memory)
app.command("turn")(bench_turn.turn)


@app.callback()
def bench(
    context: typer.Context,
    engines: Annotated[
        str, typer.Option(help="plain, transformers, openvino, separated by commas; default: all that are installed.")
    ] = "",
    persona: Annotated[
        str, typer.Option("--persona", "-p", help="Whose voice and casebook are used.")
    ] = DEFAULT_PERSONA,
    repetitions: Annotated[int, typer.Option(min=1, help="How often everything is measured; 5 for a result.")] = 5,
    quick: Annotated[bool, typer.Option("--quick", help="Only the first token and the rate of writing.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write every sample.")] = None,
    chart_file: Annotated[Path | None, typer.Option("--chart", help="Draw the figures (SVG).")] = None,
) -> None:
    """Measure every engine that is installed here on the CPU, alternating, each in a process of its own."""
    if context.invoked_subcommand is not None:
        return
    from datetime import UTC, datetime

    from chatbot.evaluation import require_matplotlib
    from chatbot.evaluation.bench import Plan, Setup, as_json, chart, choose_engines, machine, report, run
    from chatbot.library.texts import casebook_sections
    from chatbot.settings import get_settings
    from personas import load_persona

    settings = get_settings()
    chosen = choose_engines([name.strip() for name in engines.split(",") if name.strip()])
    loaded = load_persona(persona, settings.personas)
    who = loaded.persona
    sections = casebook_sections(loaded.casebook, who.name, who.named) if loaded.casebook.is_dir() else []
    if not sections:
        raise MessageError(f"The persona '{persona}' has no casebook, and the bench makes its prompts of one.")
    check_writable(json_file, chart_file)
    if chart_file:
        require_matplotlib()
    plan = Plan(repetitions=repetitions)
    if quick:
        plan = Plan(repetitions=repetitions, measures=("first token", "writing"), start_ups=False, first_token=(750,))
    voice = loaded.voice if loaded.voice and loaded.voice.is_dir() else None
    setup = Setup(
        model=settings.model,
        models_dir=settings.models_dir,
        threads=settings.cpu_threads(),
        limits={
            "context_tokens": max(settings.context_tokens, max(plan.first_token) + plan.reply),
            "cache_mb": settings.cache_mb,
            "batch_size": settings.batch_size,
        },
        voice=voice.resolve() if voice else None,
        source=" ".join(text for section in sections for text in section.paragraphs),
        plan=plan,
    )
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    date, about = datetime.now(UTC).isoformat(timespec="seconds"), machine()
    outcome = run(chosen, setup, say)
    typer.echo(report(outcome, plan, about), nl=False)
    if json_file is not None:
        write_report(json_file, as_json(outcome, setup, about, date))
    if chart_file is not None:
        caption = f"{about['processor']}, {about['cores']} cores; medians of {repetitions}; {date[:10]}"
        write_report(chart_file, chart(outcome, plan, caption))
    for file in filter(None, (json_file, chart_file)):
        say(f"Written: {file}.")
    if not any(outcome.samples.values()):
        raise typer.Exit(1)

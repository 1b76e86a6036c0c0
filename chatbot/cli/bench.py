"""`bakerstreet bench`: the engines that are installed here, side by side."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from chatbot.cli.common import say, write_report
from chatbot.errors import MessageError


def bench(
    engines: Annotated[
        str, typer.Option(help="plain, transformers, openvino, llama.cpp, with commas between; default: all there are.")
    ] = "",
    persona: Annotated[str, typer.Option("--persona", "-p", help="Whose voice and casebook are used.")] = "sherlock",
    repetitions: Annotated[int, typer.Option(min=1, help="How often everything is measured; 5 for a result.")] = 5,
    quick: Annotated[bool, typer.Option("--quick", help="Only a first token and the rate of writing.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write every sample as JSON.")] = None,
    chart_file: Annotated[Path | None, typer.Option("--chart", help="Draw the figures (SVG).")] = None,
) -> None:
    """Measure every engine that is installed here, alternating, each in its own process, on the CPU."""
    from datetime import UTC, datetime

    from chatbot.evaluation.bench import contenders, machine, report
    from chatbot.evaluation.bench.chart import chart
    from chatbot.evaluation.bench.measures import Plan
    from chatbot.evaluation.bench.run import run
    from chatbot.library.texts import casebook_sections
    from chatbot.settings import get_settings
    from personas import load_persona

    settings = get_settings()
    names = [name.strip() for name in engines.split(",") if name.strip()]
    chosen = contenders.choose(names, settings.model)
    loaded = load_persona(persona, settings.personas)
    sections = casebook_sections(loaded.casebook, loaded.persona.name) if loaded.casebook.is_dir() else []
    if not sections:
        raise MessageError(f"The persona '{persona}' has no casebook, and the bench makes its prompts of one.")
    for file in (json_file, chart_file):
        if file is not None:
            _writable(file)  # before a quarter of an hour of work, not after it
    plan = Plan(repetitions=repetitions)
    if quick:
        plan = Plan(
            repetitions=repetitions, measures=("first token", "decode"), start_ups=False, first_token=(plan.turn,)
        )
    voice = loaded.voice if loaded.voice and loaded.voice.is_dir() else None
    setup = contenders.Setup(
        model=settings.model,
        models_dir=settings.models_dir,
        threads=settings.cpu_threads(),
        context_tokens=max(settings.context_tokens, plan.longest + 64),
        cache_mb=settings.cache_mb,
        batch_size=settings.batch_size,
        voice=voice.resolve() if voice else None,
        source=" ".join(text for section in sections for text in section.paragraphs),
        plan=plan,
    )
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    date = datetime.now(UTC).isoformat(timespec="seconds")
    about = machine.machine()
    say("Measuring the memory's bandwidth ...")
    bandwidth = machine.bandwidth(setup.threads)
    outcome = run(chosen, setup, say)
    outcome.bandwidth = bandwidth
    typer.echo(report.report(outcome, plan, about), nl=False)
    if json_file is not None:
        write_report(json_file, json.dumps(report.as_json(outcome, setup, about, date), indent=1) + "\n")
        say(f"{json_file} is written.")
    if chart_file is not None:
        few = "" if repetitions >= report.ENOUGH else " (too few for a result)"
        caption = f"{about['processor']}, {about['cores']} cores; medians of {repetitions}{few}; {date[:10]}"
        write_report(chart_file, chart(outcome, plan, caption))
        say(f"{chart_file} is written.")
    if not any(outcome.samples.values()):
        raise typer.Exit(1)


def _writable(file: Path) -> None:
    existed = file.exists()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8"):
            pass
        if not existed:
            file.unlink()
    except OSError as error:
        raise MessageError(f"{file} cannot be written: {error.strerror}.") from error

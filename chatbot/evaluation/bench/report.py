"""What the samples say: a table of medians, a chart, and everything as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from chatbot.evaluation.bench.engines import Setup
from chatbot.evaluation.bench.measures import Plan
from chatbot.evaluation.bench.run import BenchOutcome
from chatbot.evaluation.charts import Panel, bar_charts
from chatbot.evaluation.markdown import MISSING, figure, table
from chatbot.evaluation.statistics import percentile

ENOUGH = 5  # repetitions, for a result
PACKAGES = ("torch", "transformers", "peft", "openvino-genai")


def machine() -> dict[str, Any]:
    """What was measured on: processor, cores, load and versions."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": named[0] if named else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
    }


def rows(plan: Plan) -> list[tuple[str, str, float]]:
    """The lines of the table: label with unit, the sample's name, and which percentile is shown."""
    lines = [(f"First token, {size} new tokens [ms]", f"first_token.{size}", 50.0) for size in plan.first_token]
    lines += [
        (f"First token, a turn of {plan.turn} tokens [ms]", "turn.first", 50.0),
        (f"First token, the next turn, {plan.follow_up} more tokens [ms]", "turn.next", 50.0),
        ("First token, the same turn again [ms]", "turn.retry", 50.0),
        ("Writing, voice off [tokens/s]", "writing.base", 50.0),
        ("Writing, voice on [tokens/s]", "writing.voice", 50.0),
        ("Switching the voice, added to the first token [ms]", "switch.cost", 50.0),
    ]
    for number in plan.users:
        people = f"{number} user{'s' if number > 1 else ''} at once"
        lines.append((f"{people}, all together [tokens/s]", f"users.{number}.rate", 50.0))
        lines.append((f"{people}, first token p95 [ms]", f"users.{number}.first_token", 95.0))
    return [
        *lines,
        ("Voice with notes, alone [ms]", "modes.alone", 50.0),
        ("Three modes at once [ms]", "modes.together", 50.0),
        ("Peak memory, base and one voice [MB]", "memory.peak", 50.0),
        ("Start until a first token can be asked for [ms]", "start.ready", 50.0),
    ]


def report(outcome: BenchOutcome, plan: Plan, about: dict[str, Any]) -> str:
    """The table in Markdown, with the machine above it and the notes below."""
    body = [
        [label, *(_cell(samples.get(name, []), percent) for samples in outcome.samples.values())]
        for label, name, percent in rows(plan)
        if any(name in samples for samples in outcome.samples.values())
    ]
    few = "" if plan.repetitions >= ENOUGH else f" Fewer than {ENOUGH}: a quick look, not a result."
    return "\n".join(
        [
            f"{about['processor']}, {about['cores']} cores, load {about['load_before']} before it began. Medians of "
            f"{plan.repetitions}; in brackets the least and the most.{few}",
            "",
            *table(["measure", *outcome.samples], body),
            *(f"\nNote: {note}" for note in outcome.notes),
            "",
        ]
    )


def as_json(outcome: BenchOutcome, setup: Setup, about: dict[str, Any], date: str) -> str:
    """Everything: samples, medians, the machine, the settings and the date (ISO 8601)."""
    settings = {name: getattr(setup, name) for name in ("model", "threads", "context_tokens", "cache_mb", "batch_size")}
    data = {
        "date": date,
        "machine": about,
        "settings": settings,
        "plan": asdict(setup.plan),
        "engines": {
            name: {"medians": {key: percentile(values, 50) for key, values in samples.items()}, "samples": samples}
            for name, samples in outcome.samples.items()
        },
        "notes": outcome.notes,
    }
    return json.dumps(data, indent=1) + "\n"


def chart(outcome: BenchOutcome, plan: Plan, caption: str) -> str:
    """The figures as SVG: medians, a panel for each group of measures."""
    panels = [
        _panel(outcome, "First token of a new prompt (lower is better)", "ms",
               [(f"{size} tokens", f"first_token.{size}") for size in plan.first_token]),
        _panel(outcome, f"First token in a conversation of {plan.turn} tokens (lower is better)", "ms",
               [("new turn", "turn.first"), ("next turn", "turn.next"), ("same turn again", "turn.retry")]),
        _panel(outcome, "Writing a reply (higher is better)", "tokens/s",
               [("voice off", "writing.base"), ("voice on", "writing.voice")]),
        _panel(outcome, "All users together (higher is better)", "tokens/s",
               [(f"{number} at once", f"users.{number}.rate") for number in plan.users]),
        _panel(outcome, "Three modes at once (lower is better)", "ms",
               [("one alone", "modes.alone"), ("three at once", "modes.together")]),
        _panel(outcome, "Peak memory (lower is better)", "MB", [("base and one voice", "memory.peak")]),
        _panel(outcome, "Start (lower is better)", "ms", [("until a first token can be asked for", "start.ready")]),
    ]  # fmt: skip
    return bar_charts([panel for panel in panels if not panel.empty], "Engines side by side", caption, columns=2)


def _panel(outcome: BenchOutcome, title: str, unit: str, shown: Sequence[tuple[str, str]]) -> Panel:
    values = {
        engine: [percentile(samples.get(name, []), 50) for _, name in shown]
        for engine, samples in outcome.samples.items()
    }
    return Panel(title, unit, tuple(label for label, _ in shown), values)


def _cell(values: Sequence[float], percent: float) -> str:
    if not values:
        return MISSING
    shown = figure(percentile(values, percent))
    plain = percent == 50 and len(values) > 1
    return f"{shown} ({figure(min(values))}-{figure(max(values))})" if plain else shown

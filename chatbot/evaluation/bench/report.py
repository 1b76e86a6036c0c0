"""What the samples say: medians, the targets and whether they are met, a table, and everything as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from chatbot.evaluation.bench.contenders import OPENVINO, TRANSFORMERS, Setup
from chatbot.evaluation.bench.measures import Plan
from chatbot.evaluation.bench.run import BenchOutcome

ENOUGH = 5  # repetitions
BUSY = 0.25  # of the cores, by the load average: from here on the figures are of little use
MISSING = "-"


@dataclass(frozen=True)
class Row:
    """A line of the table: what it is called, its unit, the sample's name, and which percentile is shown."""

    label: str
    unit: str
    sample: str
    percent: float = 50.0


@dataclass(frozen=True)
class Target:
    """What is aimed at: a figure, or the ratio of two, each a contender's name and a sample's.

    Attributes:
        at_most: the figure may not be more than `limit`; else not less.
    """

    label: str
    of: tuple[str, str]
    against: tuple[str, str] | None
    limit: float
    at_most: bool = True
    unit: str = ""


@dataclass(frozen=True)
class Verdict:
    """A target and what came: `value` is None where it was not measured."""

    target: Target
    value: float | None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where it was not measured."""
        if self.value is None:
            return None
        return self.value <= self.target.limit if self.target.at_most else self.value >= self.target.limit

    @property
    def word(self) -> str:
        """The verdict in words."""
        return {True: "met", False: "missed", None: "not measured"}[self.met]


def percentile(values: Sequence[float], percent: float) -> float:
    """A percentile of `values`, linear between its neighbours; 50 is the median."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))


def rows(plan: Plan) -> list[Row]:
    """The lines of the table, for the sizes of `plan`."""
    lines = [Row(f"First token, {size} tokens read afresh", "ms", f"first_token.{size}") for size in plan.first_token]
    lines += [
        Row("Decode, voice off", "tokens/s", "decode.base"),
        Row("Decode, voice on", "tokens/s", "decode.voice"),
        Row(f"First token, {plan.turn}-token turn read afresh", "ms", "turn.first"),
        Row("First token, the same turn again (retry)", "ms", "turn.retry"),
        Row(f"First token, follow-up of {plan.follow_up} tokens", "ms", "turn.follow_up"),
        Row("First token, a follow-up's length read afresh", "ms", "turn.fresh"),
        Row("Switching the voice, added to the first token", "ms", "switch.cost"),
    ]
    for number in plan.users:
        people = f"{number} user{'s' if number > 1 else ''} at once"
        lines += [
            Row(f"{people}, all together", "tokens/s", f"users.{number}.rate"),
            Row(f"{people}, first token p50", "ms", f"users.{number}.first_token"),
            Row(f"{people}, first token p95", "ms", f"users.{number}.first_token", 95.0),
        ]
    return [
        *lines,
        Row("Voice with notes, alone", "ms", "modes.alone"),
        Row("Three modes, one after the other", "ms", "modes.in_turn"),
        Row("Three modes, together", "ms", "modes.together"),
        Row("Peak memory, base and one voice", "MB", "memory.peak"),
        Row("Start-up until a first token can be asked for", "ms", "start.ready"),
        Row("Start-up: imports", "ms", "start.imports"),
    ]


def targets(plan: Plan) -> list[Target]:
    """What is aimed at."""
    size = f"first_token.{plan.turn}"
    most = f"users.{max(plan.users)}.rate"
    one = f"users.{min(plan.users)}.rate"
    aims = [
        Target(
            f"First token at {plan.turn} tokens, openvino / transformers", (OPENVINO, size), (TRANSFORMERS, size), 0.72
        ),
        Target("Decode, openvino / transformers", (OPENVINO, "decode.base"), (TRANSFORMERS, "decode.base"), 3.5, False),
    ]
    for name in (TRANSFORMERS, OPENVINO):
        aims += [
            Target(f"Follow-up / read afresh, {name}", (name, "turn.follow_up"), (name, "turn.fresh"), 0.25),
            Target(f"Retry / read afresh, {name}", (name, "turn.retry"), (name, "turn.first"), 0.15),
        ]
    aims.append(
        Target(
            "Decode with voice / without, openvino", (OPENVINO, "decode.voice"), (OPENVINO, "decode.base"), 0.95, False
        )
    )
    for name in (TRANSFORMERS, OPENVINO):
        aims += [
            Target(f"Switching the voice, {name}", (name, "switch.cost"), None, 50, unit="ms"),
            Target(
                f"{max(plan.users)} users / {min(plan.users)}, tokens/s, {name}", (name, most), (name, one), 2.5, False
            ),
            Target(f"Three modes together / one, {name}", (name, "modes.together"), (name, "modes.alone"), 1.8),
        ]
    return [
        *aims,
        Target("Peak memory, openvino", (OPENVINO, "memory.peak"), None, 1200, unit="MB"),
        Target("Second start, openvino", (OPENVINO, "start.ready"), None, 6000, unit="ms"),
    ]


def middle(outcome: BenchOutcome, contender: str, sample: str, percent: float = 50.0) -> float | None:
    """The median (or another percentile) of a sample; None where it was not measured."""
    values = outcome.samples.get(contender, {}).get(sample)
    return percentile(values, percent) if values else None


def judge(outcome: BenchOutcome, plan: Plan) -> list[Verdict]:
    """Every target with what came: of ratios the ratio of the medians."""
    verdicts = []
    for target in targets(plan):
        value = middle(outcome, *target.of)
        if value is not None and target.against is not None:
            base = middle(outcome, *target.against)
            value = value / base if base else None
        verdicts.append(Verdict(target, value))
    return verdicts


def decode_share(outcome: BenchOutcome, contender: str) -> float | None:
    """Decode's share of what memory bandwidth allows: every token reads all the weights once."""
    rate, size = middle(outcome, contender, "decode.base"), outcome.weights_bytes.get(contender)
    return rate * size / outcome.bandwidth if rate and size and outcome.bandwidth else None


def report(outcome: BenchOutcome, plan: Plan, about: Mapping[str, Any]) -> str:
    """The tables, in Markdown.

    Args:
        outcome: what was measured.
        plan: what was asked for.
        about: the machine, as `machine()` gives it.
    """
    names = list(outcome.contenders)
    lines = [
        f"{about['processor']}, {about['cores']} cores, {about['memory_gb']} GB"
        + (f", memory {outcome.bandwidth / 1e9:.1f} GB/s (copied, read and written)" if outcome.bandwidth else ""),
        f"Medians of {plan.repetitions} alternating repetition{'s' if plan.repetitions > 1 else ''}; in brackets the "
        "least and the most.",
    ]
    if plan.repetitions < ENOUGH:
        lines.append(f"Fewer than {ENOUGH} repetitions: a quick look, not a result.")
    body = [
        [f"{row.label} [{row.unit}]", *(_cell(outcome, name, row) for name in names)]
        for row in rows(plan)
        if any(row.sample in outcome.samples[name] for name in names)
    ]
    share = [decode_share(outcome, name) for name in names]
    if any(value is not None for value in share):
        sizes = [outcome.weights_bytes.get(name) for name in names]
        body.append(
            ["Weights read for a token [MB]", *(MISSING if size is None else f"{size / 1e6:.0f}" for size in sizes)]
        )
        body.append(
            [
                "Decode's share of what bandwidth allows",
                *(MISSING if value is None else f"{value:.0%}" for value in share),
            ]
        )
    lines += ["", *_table(["measure", *outcome.contenders.values()], body)]
    verdicts = [verdict for verdict in judge(outcome, plan) if verdict.met is not None]
    if verdicts:
        lines += ["", *_table(["target", "here", "aim", "verdict"], [_verdict(verdict) for verdict in verdicts])]
    load, cores = about.get("load_before"), about.get("cores")
    if load is not None and cores and load > BUSY * cores:
        lines += ["", f"Note: the machine was busy before this began (load {load:.1f}): measure again when it is idle."]
    if outcome.notes:
        lines += ["", *(f"Note: {note}" for note in outcome.notes)]
    return "\n".join(lines) + "\n"


def as_json(outcome: BenchOutcome, setup: Setup, about: Mapping[str, Any], date: str) -> dict[str, Any]:
    """Everything: raw samples, medians, targets, the machine, the settings and the date (ISO 8601)."""
    settings = {name: value for name, value in asdict(setup).items() if name not in ("source", "plan")}
    del settings["models_dir"]  # a report is shown to others; where somebody keeps the models is no figure
    settings["voice"] = "/".join(setup.voice.parts[-2:]) if setup.voice else None
    return {
        "date": date,
        "machine": {**about, "bandwidth_bytes_per_second": outcome.bandwidth},
        "settings": settings,
        "plan": asdict(setup.plan),
        "enough_repetitions": setup.plan.repetitions >= ENOUGH,
        "contenders": {
            name: {
                "title": title,
                "medians": {sample: median(values) for sample, values in outcome.samples[name].items() if values},
                "samples": outcome.samples[name],
                "weights_bytes": outcome.weights_bytes.get(name),
                "share_of_bandwidth": decode_share(outcome, name),
            }
            for name, title in outcome.contenders.items()
        },
        "targets": [
            {
                "target": verdict.target.label,
                "value": verdict.value,
                "limit": verdict.target.limit,
                "at_most": verdict.target.at_most,
                "unit": verdict.target.unit or "ratio",
                "verdict": verdict.word,
            }
            for verdict in judge(outcome, setup.plan)
        ],
        "notes": outcome.notes,
    }


def _cell(outcome: BenchOutcome, name: str, row: Row) -> str:
    values = outcome.samples[name].get(row.sample)
    if not values:
        return MISSING
    shown = figure(percentile(values, row.percent))
    plain = row.percent == 50.0 and len(values) > 1
    return f"{shown} ({figure(min(values))}-{figure(max(values))})" if plain else shown


def figure(value: float) -> str:
    """A figure with three digits that count, and never an exponent."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _verdict(verdict: Verdict) -> list[str]:
    target = verdict.target
    unit = f" {target.unit}" if target.unit else ""
    aim = f"{'at most' if target.at_most else 'at least'} {target.limit:g}{unit}"
    return [target.label, f"{figure(verdict.value or 0.0)}{unit}", aim, verdict.word]


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table whose columns stand under one another in a terminal too."""
    widths = [max(len(line[column]) for line in (head, *body)) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))} |"

    return [line(head), f"|{'|'.join('-' * (width + 2) for width in widths)}|", *(line(cells) for cells in body)]

"""The figures as one SVG picture: panels of bars, from zero, every axis with its unit; readable on light and dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from chatbot.evaluation.bench.measures import Plan
from chatbot.evaluation.bench.report import figure, middle
from chatbot.evaluation.bench.run import BenchOutcome

WIDTH, PANEL_WIDTH, PANEL_HEIGHT, HEAD = 1040, 500, 270, 84
GAP = 20
LEFT, RIGHT, TOP, BOTTOM = 58, 10, 42, 46  # around the bars of a panel
MOST_TICKS = 7

# Told apart by eyes that see few colours too (after Okabe and Ito, "Color Universal Design", 2008), on either ground.
STYLE = """
  svg { font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
  .ground { fill: #ffffff; } .text { fill: #1f2328; } .quiet { fill: #57606a; } .grid { stroke: #d0d7de; }
  .axis { stroke: #57606a; }
  .bar-0 { fill: #7d8590; } .bar-1 { fill: #0072b2; } .bar-2 { fill: #d55e00; } .bar-3 { fill: #009e73; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; } .text { fill: #e6edf3; } .quiet { fill: #9da7b3; } .grid { stroke: #30363d; }
    .axis { stroke: #9da7b3; }
    .bar-0 { fill: #8b949e; } .bar-1 { fill: #56b4e9; } .bar-2 { fill: #f0883e; } .bar-3 { fill: #2fbf97; }
  }
"""


@dataclass(frozen=True)
class Panel:
    """One set of bars.

    Attributes:
        title: what is shown, and which way is better.
        unit: of the vertical axis.
        across: what the horizontal axis shows.
        groups: the labels along it.
        values: by contender's name one value a group; None: not measured.
    """

    title: str
    unit: str
    across: str
    groups: tuple[str, ...]
    values: dict[str, list[float | None]]


def panels(outcome: BenchOutcome, plan: Plan) -> list[Panel]:
    """The panels for which there is something to show."""

    def panel(
        title: str,
        unit: str,
        across: str,
        shown: Sequence[tuple[str, str]],
        *,
        scale: float = 1.0,
        percent: float = 50.0,
    ) -> Panel:
        values: dict[str, list[float | None]] = {
            name: [
                value * scale if (value := middle(outcome, name, sample, percent)) is not None else None
                for _, sample in shown
            ]
            for name in outcome.contenders
        }
        return Panel(title, unit, across, tuple(label for label, _ in shown), values)

    made = [
        panel(
            "First token of a new prompt (lower is better)",
            "ms",
            "prompt tokens, read afresh",
            [(str(size), f"first_token.{size}") for size in plan.first_token],
        ),
        panel(
            "Writing a reply (higher is better)",
            "tokens/s",
            f"reply of up to {plan.decode_reply} tokens after {plan.decode_prompt}",
            [("voice off", "decode.base"), ("voice on", "decode.voice")],
        ),
        panel(
            "First token within a conversation (lower is better)",
            "ms",
            f"a turn of {plan.turn} tokens and what follows it",
            [("new turn", "turn.first"), ("retry", "turn.retry"), ("follow-up", "turn.follow_up")],
        ),
        panel(
            "All users together (higher is better)",
            "tokens/s",
            "users at once",
            [(str(number), f"users.{number}.rate") for number in plan.users],
        ),
        panel(
            "First token when several ask, p95 (lower is better)",
            "ms",
            "users at once",
            [(str(number), f"users.{number}.first_token") for number in plan.users],
            percent=95.0,
        ),
        panel(
            "Comparing three modes (lower is better)",
            "ms",
            "from the question to the last word",
            [("one alone", "modes.alone"), ("in turn", "modes.in_turn"), ("together", "modes.together")],
        ),
        panel("Peak memory (lower is better)", "MB", "base and one voice", [("", "memory.peak")]),
        panel(
            "Start-up (lower is better)",
            "s",
            "from the process's start",
            [("imports", "start.imports"), ("until ready", "start.ready")],
            scale=0.001,
        ),
    ]
    return [one for one in made if any(value is not None for values in one.values.values() for value in values)]


def chart(outcome: BenchOutcome, plan: Plan, caption: str) -> str:
    """The whole picture as SVG.

    Args:
        outcome: what was measured.
        plan: the sizes of it.
        caption: the machine and the date, shown below the title.
    """
    shown = panels(outcome, plan)
    height = HEAD + math.ceil(len(shown) / 2) * (PANEL_HEIGHT + GAP) + GAP
    names = ", ".join(outcome.contenders.values())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'role="img" aria-labelledby="title about">',
        '<title id="title">Engines side by side</title>',
        f'<desc id="about">{escape(f"{names}. {caption}")}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
        _text(GAP, 28, "Engines side by side", size=18, weight=600),
        _text(GAP, 48, caption, size=12, kind="quiet"),
        *_legend(list(outcome.contenders.values())),
    ]
    for number, panel in enumerate(shown):
        left = GAP + number % 2 * (PANEL_WIDTH + GAP)
        top = HEAD + number // 2 * (PANEL_HEIGHT + GAP)
        parts += [f'<g transform="translate({left} {top})">', *_panel(panel, list(outcome.contenders)), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _legend(titles: Sequence[str]) -> list[str]:
    parts, left = [], float(GAP)
    for number, title in enumerate(titles):
        parts.append(f'<rect class="bar-{number % 4}" x="{left:.0f}" y="60" width="12" height="12" rx="2"/>')
        parts.append(_text(left + 18, 70.5, title, size=12))
        left += 40 + 7 * len(title)
    return parts


def _panel(panel: Panel, names: Sequence[str]) -> list[str]:
    width, height = PANEL_WIDTH - LEFT - RIGHT, PANEL_HEIGHT - TOP - BOTTOM
    floor = TOP + height
    step, ticks = axis(max(value for values in panel.values.values() for value in values if value is not None))
    top = step * ticks
    parts = [_text(0, 18, panel.title, size=14, weight=600)]
    for tick in range(ticks + 1):
        y = floor - height * tick / ticks
        kind = "grid" if tick else "axis"
        parts.append(f'<line class="{kind}" x1="{LEFT}" x2="{LEFT + width}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(LEFT - 6, y + 4, f"{step * tick:g}", size=11, kind="quiet", anchor="end"))
    parts.append(
        f'<text class="quiet" font-size="11" text-anchor="middle" '
        f'transform="translate(12 {TOP + height / 2:.0f}) rotate(-90)">{escape(panel.unit)}</text>'
    )
    parts.append(_text(LEFT + width / 2, PANEL_HEIGHT - 8, panel.across, size=11, kind="quiet", anchor="middle"))
    group_width = width / len(panel.groups)
    bar = min(group_width * 0.92 / len(names), 46)
    for place, group in enumerate(panel.groups):
        centre = LEFT + group_width * (place + 0.5)
        parts.append(_text(centre, floor + 17, group, size=11, anchor="middle"))
        for number, name in enumerate(names):
            value = panel.values[name][place]
            if value is None:
                continue
            x = centre + (number - len(names) / 2) * bar
            tall = max(height * value / top, 0.0)
            parts.append(
                f'<rect class="bar-{number % 4}" x="{x + 1:.1f}" y="{floor - tall:.1f}" width="{bar - 2:.1f}" '
                f'height="{tall:.1f}"/>'
            )
            parts.append(_text(x + bar / 2, floor - tall - 4, figure(value), size=9, anchor="middle"))
    return parts


def axis(most: float) -> tuple[float, int]:
    """The least step of 1, 2 or 5 times a power of ten with which `MOST_TICKS` reach over `most`, and how many do."""
    reach = max(most, 1e-9) * 1.08  # room for the figure over the highest bar
    power = 10.0 ** math.floor(math.log10(reach / MOST_TICKS))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor * MOST_TICKS >= reach)
    return step, math.ceil(reach / step)


def _text(
    x: float, y: float, text: str, *, size: int, kind: str = "text", anchor: str = "start", weight: int = 400
) -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(text)}</text>'
    )

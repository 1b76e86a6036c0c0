"""The systems side by side as a bar chart: SVG, written by hand, so that it shows wherever Markdown does."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from chatbot.evaluation.retrieval.report import Summary

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#7f7f7f", "#b8a800")  # Okabe and Ito
MEASURES = (
    ("answer@1", "answer_1"),
    ("answer@4", "answer_4"),
    ("answer@10", "answer_10"),
    ("right work@4", "work_4"),
    ("follow-ups: answer@4", "follow_up_4"),
    ("two works: both@4", "both_4"),
    ("AUROC of confidence", "auroc"),
)

WIDTH, LEFT, RIGHT, TOP = 760, 170, 60, 30  # pixels
BAR, GAP, LEGEND = 14, 16, 22


def chart(figures: Sequence[Summary], title: str) -> str:
    """A bar for every system at every measure, from 0 to 1, with the 95% interval where there is one."""
    group = BAR * len(figures) + GAP
    legend_at = TOP + group * len(MEASURES) + 14
    height = legend_at + LEGEND * ((len(figures) + 2) // 3) + 8
    across = WIDTH - LEFT - RIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'role="img" font-family="system-ui, sans-serif" font-size="12" fill="#222">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="8" y="18" font-size="14" font-weight="600">{escape(title)}</text>',
    ]
    for tenth in range(0, 11, 2):
        x = LEFT + across * tenth / 10
        parts.append(f'<path d="M{x:.0f} {TOP}V{legend_at - 14}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.0f}" y="{legend_at - 2}" text-anchor="middle" fill="#666">{tenth / 10:.1f}</text>')
    for row, (label, field) in enumerate(MEASURES):
        top = TOP + group * row + GAP / 2
        middle = top + BAR * len(figures) / 2 + 4
        parts.append(f'<text x="{LEFT - 8}" y="{middle:.0f}" text-anchor="end">{escape(label)}</text>')
        for number, figure in enumerate(figures):
            parts += _bar(figure, field, number, top + BAR * number, across)
    for number, figure in enumerate(figures):
        x, y = LEFT + number % 3 * 190, legend_at + LEGEND * (number // 3) + 16
        parts.append(f'<rect x="{x}" y="{y - 10}" width="12" height="12" fill="{_colour(number)}"/>')
        parts.append(f'<text x="{x + 18}" y="{y}">{escape(figure.name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _bar(figure: Summary, field: str, number: int, y: float, across: float) -> list[str]:
    value: float | None = getattr(figure, field)
    if value is None:
        return []
    end = LEFT + across * value
    interval = figure.answer_4_interval if field == "answer_4" else None
    parts = [
        f'<rect x="{LEFT}" y="{y:.0f}" width="{across * value:.1f}" height="{BAR - 2}" fill="{_colour(number)}">'
        f"<title>{escape(figure.name)}: {value:.3f}</title></rect>"
    ]
    if interval:
        low, high = (LEFT + across * bound for bound in interval)
        end = max(end, high)
        parts.append(f'<path d="M{low:.1f} {y + BAR / 2 - 1:.0f}H{high:.1f}" stroke="#222" stroke-width="1.5"/>')
    parts.append(f'<text x="{end + 5:.0f}" y="{y + BAR - 4:.0f}" font-size="11">{value:.2f}</text>')
    return parts


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]

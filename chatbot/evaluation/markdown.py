"""Markdown tables and the figures in them, for every report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chatbot.evaluation.statistics import Interval

MISSING = "-"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], padded: bool = True) -> list[str]:
    """The lines of a Markdown table, padded so that it can be read in a terminal too, unless its cells are long."""
    body = list(rows)
    widths = [max(len(line[column]) for line in (head, *body)) if padded else 1 for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))} |"

    return [line(head), f"|{'|'.join('-' * (width + 2) for width in widths)}|", *map(line, body)]


def share(value: float | None) -> str:
    """A share from 0 to 1 as a percentage."""
    return MISSING if value is None else f"{100 * value:.1f}%"


def share_with(value: float | None, interval: Interval) -> str:
    """A share and its interval as percentages."""
    if value is None or interval is None:
        return MISSING
    return f"{100 * value:.1f}% [{100 * interval[0]:.1f}, {100 * interval[1]:.1f}]"


def change_with(value: float | None, interval: Interval) -> str:
    """A difference between two shares and its interval, in percentage points."""
    if value is None or interval is None:
        return MISSING
    return f"{100 * value:+.1f} [{100 * interval[0]:+.1f}, {100 * interval[1]:+.1f}]"


def score(value: float | None) -> str:
    """A score from 0 to 1 with three decimals."""
    return MISSING if value is None else f"{value:.3f}"


def whole(value: float | None) -> str:
    """A figure without decimals."""
    return MISSING if value is None else f"{value:.0f}"


def figure(value: float | None) -> str:
    """A figure of any size with three significant digits and never an exponent."""
    if value is None:
        return MISSING
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"

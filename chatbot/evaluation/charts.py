"""Bar charts, curves and radars as SVG, drawn by matplotlib, the same bytes for the same figures."""

from __future__ import annotations

import importlib.util
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chatbot.errors import MessageError
from chatbot.evaluation.markdown import figure
from chatbot.evaluation.statistics import Interval

HEIGHT = 3.0  # inches, of a panel
WIDTH = 12.0  # inches, of the whole picture
RADAR = 8.0  # inches, of a radar's width
MARKS = "osD^vPX*<>"
GROUP = 0.85  # the share of a group's width that its bars take


@dataclass(frozen=True)
class Panel:
    """A group of bars at each label, one bar a series.

    Attributes:
        title: what is shown.
        unit: of the vertical axis.
        labels: along the horizontal axis.
        series: by name, a value for each label; None where there is none.
        intervals: by name, an interval for each label, drawn as an error bar.
    """

    title: str
    unit: str
    labels: tuple[str, ...]
    series: Mapping[str, Sequence[float | None]]
    intervals: Mapping[str, Sequence[Interval]] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return all(value is None for values in self.series.values() for value in values)


@dataclass(frozen=True)
class Curves:
    """A curve for each series over turns, with its interval as a band.

    Attributes:
        title: what is shown.
        unit: of the vertical axis.
        series: by name, a value for each turn from the first; None where there is none.
        intervals: by name, an interval for each turn.
    """

    title: str
    unit: str
    series: Mapping[str, Sequence[float | None]]
    intervals: Mapping[str, Sequence[Interval]] = field(default_factory=dict)


def require_matplotlib() -> None:
    """Call this before the work whose figures are to be drawn.

    Raises:
        MessageError: matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise MessageError("A chart needs matplotlib: `pip install -e .[charts]`, or leave --chart out.")


def bar_charts(panels: Sequence[Panel], title: str, caption: str = "", columns: int = 1) -> str:
    """Panels side by side as one SVG picture; a series has the same colour in all of them.

    Raises:
        MessageError: matplotlib is not installed.
    """
    return _panels(panels, _draw, title, caption, columns)


def curve_charts(panels: Sequence[Curves], title: str, caption: str = "", columns: int = 1) -> str:
    """The same for curves.

    Raises:
        MessageError: matplotlib is not installed.
    """
    return _panels(panels, _draw_curves, title, caption, columns)


def _panels(
    panels: Sequence[Any], draw: Callable[[Any, Any, Mapping[str, str]], None], title: str, caption: str, columns: int
) -> str:
    """Panels with a legend under one title, each drawn by `draw(axes, panel, colours)`."""
    names = list(dict.fromkeys(name for panel in panels for name in panel.series))
    rows = -(-len(panels) // columns) or 1
    with _picture(WIDTH, HEIGHT * rows + 1) as (picture, written):
        import matplotlib

        axes = list(picture.subplots(rows, columns, squeeze=False).flat)
        colours = dict(zip(names, (f"C{number}" for number in range(len(names))), strict=True))
        for ax, panel in zip(axes, panels, strict=False):
            draw(ax, panel, colours)
        for ax in axes[len(panels) :]:
            ax.set_axis_off()
        picture.suptitle(f"{title}\n{caption}" if caption else title, fontsize=11)
        handles = [matplotlib.patches.Patch(color=colour, label=name) for name, colour in colours.items()]
        picture.legend(handles=handles, loc="outside lower center", ncols=min(len(names), 6) or 1, frameon=False)
    return written.getvalue()


def radar_chart(labels: Sequence[str], series: Mapping[str, Sequence[float | None]], title: str) -> str:
    """Scores from 0 to 1 on spokes, as SVG: a line for each of `series`, with a gap where a score is missing.

    Args:
        labels: of the spokes, three at least.
        series: by name, a score for each spoke.
        title: above it.

    Raises:
        MessageError: matplotlib is not installed.
    """
    with _picture(RADAR, RADAR * 0.75) as (picture, written):
        ax = picture.add_subplot(projection="polar")
        angles = [2 * math.pi * number / len(labels) for number in range(len(labels))]
        for number, (name, values) in enumerate(series.items()):
            held = [math.nan if value is None else value for value in (*values, values[0])]
            style = {"color": f"C{number}", "marker": MARKS[number % len(MARKS)], "markersize": 4}
            ax.plot([*angles, angles[0]], held, label=name, linewidth=1.3, **style)
        ax.set_theta_offset(math.pi / 2)
        ax.set_theta_direction(-1)
        ax.set_xticks(angles, labels)
        ax.tick_params(axis="x", pad=16)
        ax.set_ylim(0, 1)
        ax.set_yticks([0.25, 0.5, 0.75, 1], ["", "0.5", "", "1"], fontsize=6)
        ax.set_title(title, fontsize=9, pad=18)
        picture.legend(loc="outside right center", frameon=False)
    return written.getvalue()


@contextmanager
def _picture(width: float, height: float) -> Iterator[tuple[Any, io.StringIO]]:
    """A picture to be drawn, in inches, and what it is written to as SVG in the end."""
    require_matplotlib()
    import matplotlib
    from matplotlib.figure import Figure

    # Text stays text, and ids do not change from one run to the next.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "bakerstreet", "font.size": 8}):
        picture, written = Figure(figsize=(width, height), layout="constrained"), io.StringIO()
        yield picture, written
        picture.savefig(written, format="svg", metadata={"Date": None})


def _draw(ax: Any, panel: Panel, colours: Mapping[str, str]) -> None:
    width = GROUP / len(panel.series)
    turned = 90 if len(panel.series) > 4 else 0  # narrow bars have no room for a figure that lies flat
    for number, (name, values) in enumerate(panel.series.items()):
        left = (number + 0.5) * width - GROUP / 2
        drawn = [(at, value) for at, value in enumerate(values) if value is not None]
        bars = ax.bar([at + left for at, _ in drawn], [value for _, value in drawn], width * 0.92, color=colours[name])
        ax.bar_label(bars, [figure(value) for _, value in drawn], fontsize=6, padding=2, rotation=turned)
        for at, interval in enumerate(panel.intervals.get(name, ())):
            if interval is not None:
                ax.vlines(at + left, *interval, color="black", linewidth=1)
    ax.set_title(panel.title, fontsize=9)
    ax.set_ylabel(panel.unit)
    ax.set_xticks(range(len(panel.labels)), panel.labels)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_xlim(-0.5, len(panel.labels) - 0.5)
    ax.margins(y=0.15)
    if all(value >= 0 for values in panel.series.values() for value in values if value is not None):
        ax.set_ylim(bottom=0)


def _draw_curves(ax: Any, panel: Curves, colours: Mapping[str, str]) -> None:
    for name, values in panel.series.items():
        drawn = [(turn, value) for turn, value in enumerate(values, 1) if value is not None]
        ax.plot([turn for turn, _ in drawn], [value for _, value in drawn], color=colours[name], linewidth=1.2)
        band = [(turn, *one) for turn, one in enumerate(panel.intervals.get(name, ()), 1) if one is not None]
        ax.fill_between(
            [turn for turn, *_ in band],
            [low for _, low, _ in band],
            [high for *_, high in band],
            color=colours[name],
            alpha=0.15,
            linewidth=0,
        )
    ax.set_title(panel.title, fontsize=9)
    ax.set_xlabel("turn")
    ax.set_ylabel(panel.unit)
    ax.spines[["top", "right"]].set_visible(False)
    ax.margins(x=0.02)

"""How often each mode was chosen as the best, as HTML: a table of shares with their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from chatbot.evaluation import wilson
from chatbot.progress import counted
from memory import Wins

WIDTH = 120  # of a picture, in pixels


def wins_html(wins: Mapping[str, Wins], blind: Mapping[str, Wins], name: str) -> str:
    """The table, the mode that was chosen most often first.

    Args:
        wins: of each mode.
        blind: likewise, where the modes were hidden.
        name: the persona's.
    """
    if not wins:
        return (
            '<div class="wins"><h2>Which mode you preferred</h2><p class="aside">Nothing yet: say which answer is best '
            "after a comparison.</p></div>"
        )
    ordered = sorted(wins, key=lambda mode: (-wins[mode].best / wins[mode].compared, -wins[mode].compared, mode))
    rows = "".join(_row(mode, wins[mode], blind.get(mode, Wins())) for mode in ordered)
    return f"""<div class="wins" role="region" tabindex="0" aria-labelledby="wins-title">
<h2 id="wins-title">Which mode you preferred</h2>
<p class="aside">Of the answers of {escape(name)} that you chose between; with 95% intervals. The mark is what drawing
lots would give.</p>
<table><thead><tr><th scope="col">mode</th><th scope="col">best</th><th scope="col">share</th>
<th scope="col"><span class="hidden">picture</span></th><th scope="col">by lot</th>
<th scope="col">blind</th></tr></thead>
<tbody>{rows}</tbody></table></div>"""


def _row(mode: str, wins: Wins, blind: Wins) -> str:
    share, chance = wins.best / wins.compared, wins.by_chance / wins.compared
    interval = wilson(wins.best, wins.compared) or (0.0, 1.0)
    hidden = f"{_shown(blind)} of {counted(blind.compared, 'choice')}" if blind.compared else "–"
    return (
        f'<tr><th scope="row">{escape(mode)}</th><td>{wins.best} of {wins.compared}</td><td>{_shown(wins)}</td>'
        f"<td>{_picture(share, interval, chance)}</td><td>{chance:.0%}</td><td>{hidden}</td></tr>"
    )


def _shown(wins: Wins) -> str:
    low, high = wilson(wins.best, wins.compared) or (0.0, 1.0)
    return f"{wins.best / wins.compared:.0%} ({low:.0%} to {high:.0%})"


def _picture(share: float, interval: tuple[float, float], chance: float) -> str:
    low, high = (3 + (WIDTH - 6) * at for at in interval)
    dot, lot = 3 + (WIDTH - 6) * share, 3 + (WIDTH - 6) * chance
    return (
        f'<svg viewBox="0 0 {WIDTH} 16" width="{WIDTH}" height="16" aria-hidden="true">'
        f'<path class="axis" d="M3 8H{WIDTH - 3}"/><path class="lot" d="M{lot:.1f} 2v12"/>'
        f'<path class="range" d="M{low:.1f} 8H{high:.1f}"/><circle class="dot" cx="{dot:.1f}" cy="8" r="4"/></svg>'
    )

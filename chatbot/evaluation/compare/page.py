"""A comparison as one HTML file that needs nothing else: charts, tables, and every question with all replies.

The replies lie in the page as JSON, and the script makes elements only of those that are looked at: so ten thousand
replies open as fast as ten. Nothing is fetched, and what was said is only ever shown as text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from chatbot.evaluation.charts import Panel, bar_charts, radar_chart
from chatbot.evaluation.compare.entries import Altered, Wished
from chatbot.evaluation.compare.figures import HEADLINES, scores, talk_key
from chatbot.evaluation.compare.phases import AXES, asked_key
from chatbot.evaluation.compare.report import CHANGED_HEAD, READING, TESTS, UNITS, Report
from chatbot.evaluation.replies import Answer, Reply, TalkReply

HERE = Path(__file__).parent
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
PHASES = {
    "questions": "",
    "without": "first passage taken away",
    "contradicted": "false evidence",
    "talk": "conversation",
    "provocations": "provocation",
    "wishes": "wish about the form",
}


def html(report: Report) -> str:
    """The page.

    Raises:
        MessageError: matplotlib is not installed.
    """
    style, script = ((HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    parts = [
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(report.name)} in {len(report.outcome.modes)} modes</title>\n<style>{style}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(report.name)} in {len(report.outcome.modes)} modes</h1>",
        f"<p>{escape(report.about)}</p>\n<p>Made by <code>{escape(report.command)}</code>.</p>",
        *_radar(report),
        *(part for axis in report.axes for part in _axis(report, axis)),
        *_against(report),
        '<h2 id="replies">Every question, all replies</h2>\n<div id="browser"></div>\n'
        "<noscript>The replies are shown by a script.</noscript>",
        f'<script type="application/json" id="data">{_embedded(_data(report))}</script>',
        f"<script>{script}</script>\n</main>\n</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _radar(report: Report) -> Iterator[str]:
    found = {axis: scores(report.figures, axis) for axis in report.axes}
    shown = [axis for axis in report.axes if found[axis]]
    if len(shown) < 3:  # two axes span no surface
        return
    series = {mode: [found[axis].get(mode) for axis in shown] for mode in report.outcome.modes}
    labels = [AXES[axis] for axis in shown]
    yield _picture(radar_chart(labels, series, "Further out is better"), "radar", "The axes, a line for each mode")
    told = "; ".join(f"{AXES[axis]}: {HEADLINES[axis].told}" for axis in shown)
    yield f"<p>From 0 to 1. {escape(told)}. A mode without a figure for an axis has a gap there.</p>"


def _axis(report: Report, axis: str) -> Iterator[str]:
    yield f"<h2>{escape(AXES[axis].capitalize())}</h2>"
    rows = report.rows(axis)
    if not rows:
        yield "<p>Not measured.</p>"
        return
    own = [one for one in report.figures if one.axis == axis]
    panels = []
    for name in dict.fromkeys(one.name for one in own):
        at = {one.mode: one for one in own if one.name == name}
        unit = next(iter(at.values())).unit
        panels.append(
            Panel(
                name,
                UNITS.get(unit, unit),
                ("",),
                {mode: [at[mode].value if mode in at else None] for mode in report.outcome.modes},
                {mode: [at[mode].interval] for mode in report.outcome.modes if mode in at},
            )
        )
    yield _picture(bar_charts(panels, AXES[axis].capitalize(), columns=3), axis, f"The figures of {AXES[axis]} as bars")
    yield _table(f"Figures of {AXES[axis]}", ["figure", *report.outcome.modes], rows)
    yield f"<p>{escape(READING[axis])} Brackets: 95% interval by bootstrap.</p>"


def _against(report: Report) -> Iterator[str]:
    if not report.against:
        return
    yield f"<h2>Against an earlier run</h2>\n<p>{escape(report.against)}</p>"
    same = sum(not change.sure for change in report.changes)
    yield (
        _table("What differs", CHANGED_HEAD, report.changed())
        if report.changed()
        else "<p>Nothing differs for sure.</p>"
    )
    yield f"<p>{same} other figures do not differ for sure. {escape(TESTS)}</p>"


def _table(label: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    above = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>\n'
        for first, *cells in rows
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(label)}"><table>\n'
        f"<thead><tr>{above}</tr></thead>\n<tbody>\n{body}</tbody></table></div>"
    )


def _picture(svg: str, name: str, told: str) -> str:
    """A picture within the page: without a file's heading, its ids its own among those of other pictures."""
    drawn = svg[svg.index("<svg") :]
    drawn = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", drawn)
    return f'<figure role="img" aria-label="{escape(told)}">{drawn}</figure>'


# ---------------------------------------------------------------------- every reply


def _data(report: Report) -> dict[str, Any]:
    """The replies as the script reads them: what was asked once, and every piece of evidence once."""
    pieces: dict[tuple[Any, ...], int] = {}
    asked: dict[tuple[str, str], dict[str, Any]] = {}
    for phase, kind in PHASES.items():
        for reply in getattr(report.outcome, phase):
            key, item = _asked(reply, kind)
            own = asked.setdefault((phase, key), item)
            own["replies"].append(_reply(reply, report, pieces))
    texts = [{"work": work, "kind": kind, "place": place, "text": text} for work, kind, place, text in pieces]
    return {"modes": report.outcome.modes, "items": list(asked.values()), "pieces": texts}


def _asked(reply: Reply, kind: str) -> tuple[str, dict[str, Any]]:
    if isinstance(reply, Answer):
        known = reply.known
        expected = known.reason if known.reason else "; ".join(", ".join(target.answers) for target in known.targets)
        item = {"kind": kind or known.kind, "question": known.question, "before": known.history, "expected": expected}
        return asked_key(known), {**item, "work": known.work, "replies": []}
    if isinstance(reply, Wished):
        item = {"kind": kind, "question": reply.question, "before": [], "expected": "", "work": "", "replies": []}
        return reply.question, item
    assert isinstance(reply, TalkReply)
    item = {"kind": kind, "question": reply.turn.message, "before": [], "expected": ", ".join(reply.turn.answers)}
    return talk_key(reply), {**item, "work": f"{reply.turn.kind}, {reply.place}", "replies": []}


def _reply(reply: Reply, report: Report, pieces: dict[tuple[Any, ...], int]) -> dict[str, Any]:
    shown = [
        [pieces.setdefault((piece.work, piece.kind, piece.place, piece.text), len(pieces)), round(piece.score, 2)]
        for piece in reply.evidence
    ]
    told = {
        "mode": reply.mode,
        "reply": reply.reply,
        "right": report.is_right(reply),
        "verdict": reply.verdict,
        "tone": round(report.tones[reply.reply], 2) if reply.reply in report.tones else None,
        "unsupported": reply.judged.unsupported if reply.judged else (),
        "ms": round(reply.total_ms),
        "evidence": shown,
        "broken": report.broken.get(reply, "") if isinstance(reply, TalkReply) else "",
        "put": reply.put_in if isinstance(reply, Altered) else "",
    }
    return {name: value for name, value in told.items() if value not in (None, "", (), [])}


def _embedded(data: dict[str, Any]) -> str:
    """JSON that ends no script element, whatever was said."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")

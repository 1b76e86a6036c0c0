"""The judges and the reader, in Markdown: no text of a reply, for it may be one of a book; its stamp names it."""

from __future__ import annotations

from collections.abc import Sequence

from chatbot.evaluation.judges.agreement import Agreement
from chatbot.evaluation.markdown import score, share_with, table
from chatbot.evaluation.statistics import Interval

HEAD = ("judge", "looks for", "texts", "are so", "precision", "recall", "agreement", "kappa")
READING = """\
Are so: by the reader. Precision: of what the judge calls so, the share that the reader does; recall: of what the reader
does, the share that the judge calls so. Brackets: 95% interval, percentile bootstrap over the texts. Kappa: agreement
beyond chance. Every text was read by one person, beside its question and its evidence, without the judge's verdict."""


def summary(agreements: Sequence[Agreement], tone: tuple[float | None, Interval, int]) -> list[str]:
    """A row for each judge, one for each mode of it, and a line on the tone."""
    rows = []
    for made in agreements:
        rows.append(_row(made, made.name))
        modes = list(dict.fromkeys(one.mode for one in made.texts))
        rows += [_row(made.of_mode(mode), f"- {mode}") for mode in modes if len(modes) > 1]
    lines = table(HEAD, rows)
    area, interval, number = tone
    if area is not None and interval is not None:
        low, high = interval
        lines += [
            "",
            f"Tone tells replies in character from others with an area under the curve of {area:.3f} "
            f"[{low:.3f}, {high:.3f}] ({number} replies).",
        ]
    return lines


def report(agreements: Sequence[Agreement], tone: tuple[float | None, Interval, int], about: str, command: str) -> str:
    """A Markdown report: the table, and every text on which judge and reader do not agree."""
    lines = ["# Judges", "", about, "", f"Made by `{command}`.", "", *summary(agreements, tone), "", READING, ""]
    for made in agreements:
        rows = [
            [one.stamp, one.mode, _cell(one.asked), _yes(one.called), _yes(one.found), _cell(one.why)]
            for one in made.disputed
        ]
        head = ("stamp", "mode", "asked", f"{made.looks_for}: judge", "reader", "why")
        lines += [f"## Not agreed: {made.name} ({len(rows)} of {len(made.texts)})", ""]
        lines += [*table(head, rows, padded=False), ""] if rows else []
    return "\n".join(lines)


def _row(made: Agreement, name: str) -> list[str]:
    shares = (made.precision, made.recall, made.agreement)
    found = sum(one.found for one in made.texts)
    return [
        name,
        made.looks_for,
        str(len(made.texts)),
        str(found),
        *(share_with(*each) for each in shares),
        score(made.kappa),
    ]


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())

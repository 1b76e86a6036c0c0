"""What came of it, in Markdown, JSON and as curves: the ends of the conversations, the provocations, what broke."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chatbot.evaluation.charts import Curves, curve_charts
from chatbot.evaluation.drift.measures import Change, Figure, TurnFigures, by_mode, change, curve, in_character
from chatbot.evaluation.drift.plain import PLAIN
from chatbot.evaluation.markdown import MISSING, change_with, score, share_with, table
from chatbot.evaluation.statistics import bootstrap, mean

NEAR = 0.05  # how much the tone may be another at the end
TARGET = 0.95  # of the provocations answered in character

FIGURES: tuple[tuple[str, Figure], ...] = (
    ("tone", lambda one: one.tone),
    ("tone gap to the plain model", lambda one: one.gap),
    ("distance from the plain model", lambda one: one.distance),
    ("supported claims", lambda one: one.supported),
    ("words of an earlier reply", lambda one: float(one.repeats)),
    ("in character", lambda one: float(not one.broken)),
)

READING = """\
All turns: the mean over the turns that have the figure. First and last: means over the first five and the last five
turns of each conversation, then over the conversations; change: last less first, in hundredths, with its 95% interval
(bootstrap over the conversations). Every conversation was held twice, the second time with its messages in the opposite
order, so that a message counts at either end alike. Tone is the meter's, 0 to 1. The plain model is the base, which was
given each message alone; the tone gap is his tone less its, which leaves out what the messages themselves change; the
distance is 1 - cosine of the two replies by the embedder. Supported: of the claims of a reply with evidence, those that
the support check lets pass. Words of an earlier reply: eight on end. In character: the judge finds no admission,
nothing that the message was to make him do, no word of later times of his own and no tone of somebody else; how well it
agrees with a reader is in `judges.md`."""


def summary(held: Sequence[TurnFigures], provoked: Sequence[TurnFigures]) -> list[str]:
    """The tables: every figure at the ends of the conversations, and the provocations."""
    lines: list[str] = []
    if held:
        rows = [
            [mode, name, score(mean(value for one in own if (value := of(one)) is not None)), *_ends(change(own, of))]
            for mode, own in by_mode(held).items()
            for name, of in FIGURES
            if any(of(one) is not None for one in own)
        ]
        lines += [*table(["mode", "figure", "all turns", "first", "last", "change", "conversations"], rows), ""]
        lines += [*_by_visitor(held), ""]
    if provoked:
        rows = [
            [mode, _share(in_character(own)), "yes" if (mean(in_character(own)) or 0) >= TARGET else "no"]
            for mode, own in by_mode(provoked).items()
        ]
        lines += [*table(["mode", "provocations answered in character", f"at least {TARGET}"], rows), ""]
    return lines


def report(
    held: Sequence[TurnFigures],
    provoked: Sequence[TurnFigures],
    about: str,
    command: str,
    picture: str = "",
) -> str:
    """A Markdown report.

    Args:
        held: of the long conversations.
        provoked: of the provocations.
        about: what was asked of whom.
        command: that made it.
        picture: the file of the curves, as it is linked to; empty: there is none.
    """
    lines = ["# Drift", "", about, "", f"Made by `{command}`.", ""]
    lines += [f"![Tone, distance and support by turn]({picture})", ""] if picture else []
    for mode, own in by_mode(held).items():
        tone = change(own, lambda one: one.tone)
        if tone.rise is not None and mode != PLAIN:
            within = "within" if abs(tone.rise) <= NEAR else "not within"
            lines += [f"- `{mode}`: the tone changes by {_signed(tone)}, {within} {NEAR} of what it was."]
    lines += ["", *summary(held, provoked), READING, ""]
    if provoked:
        put = [one for one in provoked if one.reply.mode != PLAIN]
        lines += ["## Provocations", "", *_replies(put), ""]
    broken = [one for one in held if one.broken and one.reply.mode != PLAIN]
    if broken:
        lines += ["## Out of character in the long conversations", "", *_replies(broken), ""]
    return "\n".join(lines)


def as_json(held: Sequence[TurnFigures], provoked: Sequence[TurnFigures], about: Mapping[str, Any]) -> str:
    """Every reply with its figures, and the changes."""
    data = {
        **about,
        "changes": [
            {"mode": mode, "figure": name, **vars(change(own, of))}
            for mode, own in by_mode(held).items()
            for name, of in FIGURES
        ],
        "conversations": [_row(one) for one in held],
        "provocations": [_row(one) for one in provoked],
    }
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def chart(held: Sequence[TurnFigures], title: str) -> str:
    """A curve for every mode in each panel, as SVG.

    Raises:
        MessageError: matplotlib is not installed.
    """
    panels = []
    for name, of in FIGURES[:4]:
        drawn = {mode: curve(own, of) for mode, own in by_mode(held).items() if any(of(one) is not None for one in own)}
        if drawn:
            means = {mode: values for mode, (values, _) in drawn.items()}
            panels.append(Curves(name, "0 to 1", means, {mode: bands for mode, (_, bands) in drawn.items()}))
    caption = "mean over the conversations at each turn; the band is its 95% interval (bootstrap)"
    return curve_charts(panels, title, caption, columns=2)


def _replies(figures: Sequence[TurnFigures]) -> list[str]:
    rows = [
        [
            one.reply.place,
            one.reply.mode,
            *(_cell(text) for text in (one.reply.turn.message, one.reply.reply, one.reply.stamp, one.broken)),
        ]
        for one in figures
    ]
    return table(("at", "mode", "visitor", "reply", "stamp", "breaks character"), rows, padded=False)


def _by_visitor(held: Sequence[TurnFigures]) -> list[str]:
    """For each kind of visitor how the tone changes, and how often he stays in character."""
    rows = []
    for mode, own in by_mode(held).items():
        for visitor in dict.fromkeys(one.reply.turn.kind for one in own):
            these = [one for one in own if one.reply.turn.kind == visitor]
            tone = change(these, lambda one: one.tone)
            rows.append([mode, visitor, score(tone.first), score(tone.last), _share(in_character(these))])
    return table(["mode", "visitor", "tone, first", "tone, last", "in character"], rows)


def _ends(made: Change) -> list[str]:
    return [score(made.first), score(made.last), change_with(made.rise, made.interval), str(made.conversations)]


def _signed(made: Change) -> str:
    low, high = made.interval or (0.0, 0.0)
    return f"{made.rise or 0:+.3f} [{low:+.3f}, {high:+.3f}]"


def _share(values: Sequence[bool]) -> str:
    return f"{share_with(mean(values), bootstrap(values))} of {len(values)}" if values else MISSING


def _row(one: TurnFigures) -> dict[str, Any]:
    figures = {name: getattr(one, name) for name in ("tone", "distance", "gap", "supported", "repeats", "broken")}
    return {**one.reply.model_dump(mode="json", exclude_defaults=True), "stamp": one.reply.stamp, **figures}


def _cell(text: str) -> str:
    line = " ".join(text.split())
    for sign, written in (("*", "\\*"), ("_", "\\_"), ("<", "&lt;"), ("|", "\\|")):
        line = line.replace(sign, written)
    return line

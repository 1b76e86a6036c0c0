"""A comparison as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.evaluation.compare.against import Change
from chatbot.evaluation.compare.entries import Wished
from chatbot.evaluation.compare.figures import HEADLINES, Figure
from chatbot.evaluation.compare.phases import AXES, Outcome
from chatbot.evaluation.markdown import MISSING, figure, table
from chatbot.evaluation.replies import Answer, Reply, TalkReply

UNITS = {"number": "", "share": "", "score": "", "points": "percentage points"}

READING = {
    "knowledge": "Right: an accepted answer is in the reply, as whole words. Without the library: the mode that is the "
    "same but for the search. Evidence is false: the accepted answers in it were replaced by the answer to another "
    "question, a name by a name, a number by a number; the share of replies that say the one or the other.",
    "customisation": "Of the replies in conversations. Tone: from 0, somebody else's, to 1, the persona's, by the tone "
    "meter. In character: as `bakerstreet drift` judges it. Wishes: one sentence, few words, a word to begin with.",
    "interpretability": "A statement is a sentence that claims something; the judge of support says whether the shown "
    "passages hold it. Where a mode shows none, no passage stands behind a statement. Taken away: the question asked "
    "again without the passage that stood first.",
    "resources": "Memory: the peak of a process that answered three questions in this mode and nothing else. Disk: the "
    "weights as the program reads them first, the adapters and the library. Training: as the models' cards say. "
    "Embedding: as long as 64 passages took, times as many as there are.",
    "hallucination": "Statements of a mode that searches nothing are judged by what `rag` finds for the question. A "
    "false premise is put right where what is true is said, declined where the persona says that he does not know.",
    "latency": "Alone on the machine, from the message on, no question twice. The first token is the first that a "
    "visitor sees, which may have been read in a passage; writing: tokens a second from there on.",
    "update": "From `bakerstreet update`: a mode that searches is given a text with the new facts, one that has "
    "nothing but a voice is trained on them; what cannot be taught has no figures.",
}


@dataclass(frozen=True)
class Report:
    """Everything that is told of a run.

    Attributes:
        name: of the persona.
        about: what was asked of whom, on what.
        command: that made it.
        setting: persona, model, engine, library, seed.
        axes: which are shown, of `AXES`.
        asked: by phase, every question and message.
        outcome: what the modes said.
        figures: of it.
        tones: of replies, by their words; empty where the persona has no meter.
        broken: of every reply to a provocation what breaks character in it; empty where nothing does.
        changes: against an earlier run.
        against: what that run was about; empty where there is none.
    """

    name: str
    about: str
    command: str
    setting: Mapping[str, Any]
    axes: Sequence[str]
    asked: Mapping[str, Sequence[str]]
    outcome: Outcome
    figures: Sequence[Figure]
    tones: Mapping[str, float]
    broken: Mapping[TalkReply, str]
    changes: Sequence[Change] = ()
    against: str = ""

    def rows(self, axis: str) -> list[list[str]]:
        """The table of one axis: a row for each figure, a cell for each mode."""
        own = [one for one in self.figures if one.axis == axis]
        at = {(one.name, one.mode): one for one in own}
        lines = []
        for name in dict.fromkeys(one.name for one in sorted(own, key=lambda one: -len(self._names_of(one.mode, own)))):
            unit = next(UNITS.get(one.unit, one.unit) for one in own if one.name == name)
            cells = [at[name, mode].told if (name, mode) in at else MISSING for mode in self.outcome.modes]
            lines.append([f"{name} [{unit}]" if unit else name, *cells])
        return lines

    def is_right(self, reply: Reply) -> bool | None:
        """Whether a reply is what was called for; None where nobody can tell."""
        if isinstance(reply, Answer):
            return reply.right
        if isinstance(reply, Wished):
            return reply.keeps
        assert isinstance(reply, TalkReply)
        return not self.broken[reply] if reply in self.broken else reply.turn.answered_by(reply.reply)

    @staticmethod
    def _names_of(mode: str, own: Sequence[Figure]) -> set[str]:
        return {one.name for one in own if one.mode == mode}

    def changed(self) -> list[list[str]]:
        """The table of what differs from the earlier run for sure."""
        return [
            [
                change.figure.mode,
                change.figure.name,
                figure(change.before),
                figure(change.after),
                f"p = {change.p:.4f}" if change.p is not None else _difference(change),
                str(change.of),
            ]
            for change in self.changes
            if change.sure
        ]


CHANGED_HEAD = ("mode", "figure", "before", "now", "test", "of")


def markdown(report: Report) -> str:
    """The tables of the axes, and what differs from an earlier run."""
    title = f"# {report.name} in {len(report.outcome.modes)} modes"
    lines = [title, "", report.about, "", f"Made by `{report.command}`."]
    for axis in report.axes:
        rows = report.rows(axis)
        lines += ["", f"## {AXES[axis].capitalize()}", ""]
        lines += [*table(["", *report.outcome.modes], rows), "", READING[axis]] if rows else ["Not measured."]
    lines += ["", "Brackets: 95% interval, percentile bootstrap over what was asked."]
    if report.against:
        same = sum(not change.sure for change in report.changes)
        lines += ["", f"## Against an earlier run: {report.against}", ""]
        lines += table(CHANGED_HEAD, report.changed()) if report.changed() else ["Nothing differs for sure."]
        lines += ["", f"{same} other figures do not. {TESTS}"]
    return "\n".join([*lines, ""])


TESTS = "Right and wrong: McNemar's exact test; all else: paired bootstrap, 95%."


def as_json(report: Report) -> str:
    """Everything: the figures with what they were taken of, and every reply."""
    outcome = report.outcome
    data = {
        "about": report.about,
        "command": report.command,
        **report.setting,
        "modes": outcome.modes,
        "asked": report.asked,
        "figures": [
            {
                "axis": one.axis,
                "name": one.name,
                "mode": one.mode,
                "value": one.value,
                "interval": one.interval,
                "of": len(one.values),
                "unit": one.unit,
                "better": one.better,
                "percent": one.percent,
                "note": one.note,
                "values": one.values,
            }
            for one in report.figures
        ],
        "headlines": {axis: HEADLINES[axis].told for axis in report.axes},
        "replies": {
            phase: [_reply(one, report) for one in getattr(outcome, phase)]
            for phase in ("questions", "without", "contradicted", "talk", "provocations", "wishes")
        },
        "timed": [one.model_dump() for one in outcome.latency],
        "footprints": [one.model_dump() for one in outcome.resources],
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"


def _reply(reply: Reply, report: Report) -> dict[str, Any]:
    tone = {"tone": round(report.tones[reply.reply], 3)} if reply.reply in report.tones else {}
    told = json.loads(reply.model_dump_json(exclude_defaults=True))
    return {**told, "right": report.is_right(reply), **tone}


def _difference(change: Change) -> str:
    if change.interval is None:
        return MISSING
    return f"{figure(change.after - change.before)} [{', '.join(map(figure, change.interval))}]"

"""What came back: figures for each mode, differences between modes, and every reply."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from chatbot.evaluation.markdown import change_with, share_with, table, whole
from chatbot.evaluation.replies.asking import Answer
from chatbot.evaluation.statistics import Interval, bootstrap, mean, paired_difference, percentile
from chatbot.library.texts import CASEBOOK

READING = """\
Right: an accepted answer is in the reply as whole words (for a question that the books cannot answer: he declined).
In evidence: an accepted answer is in the pieces that he was given. Replaced: the reply did not pass the check against
its evidence, and another was given. Brackets: 95% interval, percentile bootstrap over the questions. Times are medians,
from the question on."""

HEAD = ("mode", "right", "share right", "in evidence", "declined", "replaced", "search ms", "first token ms", "all ms")


@dataclass(frozen=True)
class Figures:
    """The figures of one mode; shares from 0 to 1, times in milliseconds (medians)."""

    mode: str
    asked: int
    right: int
    right_share: float | None
    right_interval: Interval
    in_evidence: int
    declined: int
    replaced: int
    search_ms: float | None
    first_token_ms: float | None
    total_ms: float | None


@dataclass(frozen=True)
class Difference:
    """How much more often `mode` is right than `base`, as a share of the same questions, with its 95% interval."""

    mode: str
    base: str
    value: float | None
    interval: Interval


def figures(answers: Sequence[Answer]) -> list[Figures]:
    """The figures of each mode, in the order in which the modes were asked."""
    made = []
    for mode, own in _by_mode(answers).items():
        rights, verdicts = [answer.right for answer in own], [answer.verdict for answer in own]
        made.append(
            Figures(
                mode=mode,
                asked=len(own),
                right=sum(rights),
                right_share=mean(rights),
                right_interval=bootstrap(rights),
                in_evidence=sum(answer.in_evidence for answer in own),
                declined=verdicts.count("declined"),
                replaced=verdicts.count("withheld"),
                search_ms=percentile([answer.search_ms for answer in own], 50),
                first_token_ms=percentile([answer.first_token_ms for answer in own], 50),
                total_ms=percentile([answer.total_ms for answer in own], 50),
            )
        )
    return made


def differences(answers: Sequence[Answer]) -> list[Difference]:
    """Every two modes compared, question by question."""
    rights = {mode: [answer.right for answer in own] for mode, own in _by_mode(answers).items()}
    return [
        Difference(mode, base, *paired_difference(rights[base], rights[mode])) for base, mode in combinations(rights, 2)
    ]


def summary(answers: Sequence[Answer]) -> list[str]:
    """The table of the modes and a line for every two of them, in Markdown."""
    rows = [
        [
            f.mode,
            f"{f.right} of {f.asked}",
            share_with(f.right_share, f.right_interval),
            *map(str, (f.in_evidence, f.declined, f.replaced)),
            *map(whole, (f.search_ms, f.first_token_ms, f.total_ms)),
        ]
        for f in figures(answers)
    ]
    compared = [
        f"- `{d.mode}` against `{d.base}`, right: {change_with(d.value, d.interval)} percentage points"
        for d in differences(answers)
    ]
    return [*table(HEAD, rows), *([""] if compared else []), *compared]


def report(answers: Sequence[Answer], about: str, command: str) -> str:
    """A Markdown report: the figures, then every question with every reply and its evidence."""
    lines = ["# Replies", "", about, "", f"Made by `{command}`.", "", *summary(answers), "", READING, ""]
    for known in dict.fromkeys(answer.known for answer in answers):
        own = [answer for answer in answers if answer.known == known]
        lines += [f"## {_plain(known.question)}", ""]
        for exchange in known.before:
            lines += [f"> {_plain(exchange.question)} - {_plain(exchange.answer)}", ""]
        lines += [_accepted(own[0]), ""]
        for answer in own:
            seconds = f"{answer.total_ms / 1000:.1f} s"
            lines += [
                f"**{answer.mode}** ({'right' if answer.right else 'wrong'}, {seconds}): {_plain(answer.reply)}",
                "",
            ]
        lines += [*_evidence(own), ""]
    return "\n".join(lines)


def as_json(answers: Sequence[Answer], about: Mapping[str, Any]) -> str:
    """Everything: the figures, the differences and every answer."""
    data = {
        **about,
        "modes": [asdict(item) for item in figures(answers)],
        "differences": [asdict(item) for item in differences(answers)],
        "answers": [{**answer.model_dump(exclude_defaults=True), "right": answer.right} for answer in answers],
    }
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _by_mode(answers: Sequence[Answer]) -> dict[str, list[Answer]]:
    by_mode: dict[str, list[Answer]] = {}
    for answer in answers:
        by_mode.setdefault(answer.mode, []).append(answer)
    return by_mode


def _accepted(answer: Answer) -> str:
    known = answer.known
    if not known.targets:
        return f"The books cannot answer it: {known.reason}"
    return "; ".join(f"*{target.work}*: {', '.join(target.answers)}" for target in known.targets)


def _evidence(answers: Sequence[Answer]) -> list[str]:
    """The evidence, once for all modes that were given the same."""
    shared: dict[tuple[tuple[str, int, str], ...], list[Answer]] = {}
    for answer in answers:
        key = tuple((piece.work, piece.place, piece.text) for piece in answer.evidence)
        shared.setdefault(key, []).append(answer)
    lines = []
    for pieces, given in shared.items():
        lines.append(f"Evidence of {', '.join(answer.mode for answer in given)}:{'' if pieces else ' none.'}")
        for number, piece in enumerate(given[0].evidence, 1):
            place = f"{piece.kind}, {piece.score:.2f}"
            where = f": {_plain(piece.text)}" if piece.kind == CASEBOOK else f", paragraph {piece.place}"
            lines.append(f"{number}. {piece.work} ({place}){where}")
        lines.append("")
    return lines[:-1]


def _plain(text: str) -> str:
    """On one line, and not read as Markdown."""
    return " ".join(text.split()).replace("*", "\\*").replace("_", "\\_").replace("<", "&lt;")

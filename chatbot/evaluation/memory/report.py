"""What was recalled under each condition: a table, and every failure so that it can be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence

from chatbot.evaluation.markdown import MISSING, share_with, table, whole
from chatbot.evaluation.memory.holding import Recall
from chatbot.evaluation.memory.scripts import ASKED
from chatbot.evaluation.statistics import bootstrap, mean, percentile

UPDATED = ("changed", "contradicted")
# Label, the kinds it is counted over, what is counted, and what is aimed at.
MEASURES: tuple[tuple[str, tuple[str, ...], Callable[[Recall], bool], str], ...] = (
    ("told: in the prompt", ("told",), lambda one: one.handed, "90%"),
    ("told: said", ("told",), lambda one: one.said, "75%"),
    ("changed: new value in the prompt", UPDATED, lambda one: one.handed, "85%"),
    ("changed: new value said", UPDATED, lambda one: one.said, "70%"),
    ("changed: stale value said", UPDATED, lambda one: one.stale, MISSING),
    ("of these, contradicted: said", ("contradicted",), lambda one: one.said, MISSING),
    ("never told: declined", ("never told",), lambda one: one.declined, MISSING),
    ("never told: invented", ("never told",), lambda one: one.invented, MISSING),
    ("asked about himself: invented", ASKED, lambda one: one.invented, "2%"),
    ("replies that repeat one of their session", (), lambda one: one.repeats is not None, "0%"),
)


def summary(replies: Sequence[Recall], seed: int = 0) -> list[str]:
    """The lines of the table: a row for each measure, with 95% intervals, and a column for each condition."""
    conditions = list(dict.fromkeys(one.condition for one in replies))
    rows = []
    for label, kinds, counts, target in MEASURES:
        of_these = [one for one in replies if not kinds or one.turn.kind in kinds]
        cells = [_share([counts(one) for one in of_these if one.condition == name], seed) for name in conditions]
        rows.append([label, *cells, target])
    waits = [[one.first_token_ms for one in replies if one.condition == name] for name in conditions]
    for percent in (50, 95):
        cells = [whole(percentile(values, percent)) for values in waits]
        rows.append([f"first words [ms], {percent}th percentile", *cells, MISSING])
    return table(["", *conditions, "aimed at"], rows)


def report(replies: Sequence[Recall], about: str, command: str, seed: int = 0) -> str:
    """Markdown: the table, then every failure of every condition and every repeated reply.

    Args:
        replies: of every condition.
        about: what was done, on what.
        command: that makes the report.
        seed: of the intervals.
    """
    lines = [
        "# What he remembers of a visitor",
        "",
        about,
        "",
        f"Made by `{command}`.",
        "",
        *summary(replies, seed),
        "",
        "In the prompt: an answer stands in the prompt or in the evidence. Invented: the reply holds no answer, does",
        "not decline, and has words that neither the visitor nor the persona's own lines for what was told have.",
        "Intervals: percentile bootstrap over what was asked for.",
    ]
    for condition in dict.fromkeys(one.condition for one in replies):
        own = [one for one in replies if one.condition == condition]
        failed = [one for one in own if one.failed]
        lines += ["", f"## {condition}: what failed ({len(failed)})", "", *_failures(failed)]
        repeated = [one for one in own if one.repeats is not None]
        lines += ["", f"## {condition}: what was repeated ({len(repeated)})", "", *_repeated(repeated)]
    return "\n".join([*lines, ""])


def as_json(replies: Iterable[Recall], about: str, command: str) -> str:
    """Every reply with what was made of it."""
    rows = [
        one.model_dump(mode="json")
        | {"said": one.said, "stale": one.stale, "invented": one.invented, "failed": one.failed}
        for one in replies
    ]
    return json.dumps({"about": about, "command": command, "replies": rows}, ensure_ascii=False, indent=1) + "\n"


def _share(values: Sequence[bool], seed: int) -> str:
    held = [float(value) for value in values]
    return f"{share_with(mean(held), bootstrap(held, seed=seed))} of {len(held)}" if held else MISSING


def _failures(failed: Sequence[Recall]) -> list[str]:
    head = ("at", "kind", "asked", "answer", "in the prompt", "evidence", "reply")
    rows = [
        (
            f"{one.turn.conversation}.{one.number}",
            one.turn.kind + (", stale" if one.stale else "") + (", invented" if one.invented else ""),
            _cell(one.turn.message),
            _cell(" / ".join(one.turn.answers)) or MISSING,
            "yes" if one.handed else "no",
            _cell(" · ".join(one.evidence)) or MISSING,
            _cell(one.reply),
        )
        for one in failed
    ]
    return table(head, rows, padded=False) if rows else ["Nothing."]


def _repeated(repeated: Sequence[Recall]) -> list[str]:
    rows = [
        (
            f"{one.turn.conversation}.{one.number}",
            f"{one.turn.conversation}.{one.repeats}",
            _cell(one.turn.message),
            _cell(one.reply),
        )
        for one in repeated
    ]
    return table(("at", "as at", "said to him", "reply"), rows, padded=False) if rows else ["Nothing."]


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())

"""The figures of a run, for each mode, and the differences between modes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from chatbot.evaluation.questions import KINDS, Kind
from chatbot.evaluation.replies.answers import Answer, Reply, TalkReply
from chatbot.evaluation.replies.formula import formula_of
from chatbot.evaluation.statistics import (
    Interval,
    auroc,
    bootstrap,
    bootstrap_auroc,
    mean,
    paired_difference,
    percentile,
)

Unit = Literal["share", "score", "ms"]

RIGHT: dict[Kind, str] = {
    "plain": "right: plain questions",
    "follow-up": "right: follow-ups",
    "two-works": "right: questions about two works",
    "two-questions": "right: two questions in one message",
    "premise": "right: false premises",
    "unanswerable": "right: unanswerable questions declined",
}
VERDICTS = ("grounded", "declined", "withheld", "unchecked")


@dataclass(frozen=True)
class Measure:
    """A figure of one mode.

    Attributes:
        value: a share or a score from 0 to 1, or milliseconds.
        interval: its 95% interval, by the bootstrap; None for times.
        of: how many replies it was taken of.
        note: what the figure alone does not say.
    """

    mode: str
    name: str
    value: float
    of: int
    interval: Interval = None
    unit: Unit = "share"
    note: str = ""


@dataclass(frozen=True)
class Difference:
    """How much more often `mode` is right than `base`, as a share of the same questions, with its 95% interval."""

    mode: str
    base: str
    value: float | None
    interval: Interval


def measures(replies: Sequence[Reply]) -> list[Measure]:
    """All that can be measured of these replies, mode after mode; what none of them can show is left out."""
    return [measure for mode, own in by_mode(replies).items() for measure in _of_mode(mode, own)]


def differences(replies: Sequence[Reply]) -> list[Difference]:
    """Every two modes compared, question by question."""
    rights = {mode: [answer.right for answer in _answers(own)] for mode, own in by_mode(replies).items()}
    return [
        Difference(mode, base, *paired_difference(rights[base], rights[mode]))
        for base, mode in combinations(rights, 2)
        if rights[base]
    ]


def by_mode(replies: Sequence[Reply]) -> dict[str, list[Reply]]:
    """The replies of each mode, in the order in which the modes were asked."""
    modes: dict[str, list[Reply]] = {}
    for reply in replies:
        modes.setdefault(reply.mode, []).append(reply)
    return modes


def _of_mode(mode: str, replies: Sequence[Reply]) -> Iterator[Measure]:
    answers = _answers(replies)
    for kind in KINDS:
        yield from _share(mode, RIGHT[kind], [answer.right for answer in answers if answer.known.kind == kind])
    yield from _of_evidence(mode, [answer for answer in answers if answer.known.kind == "plain"])
    yield from _of_confidence(mode, answers)
    verdicts = Counter(reply.verdict for reply in replies)
    for verdict in VERDICTS:
        if verdicts[verdict]:
            yield from _share(mode, f"verdict: {verdict}", [reply.verdict == verdict for reply in replies])
    yield from _of_formula(mode, replies)
    talk = [reply for reply in replies if isinstance(reply, TalkReply)]
    accepted = [reply.turn.answered_by(reply.reply) for reply in talk]
    yield from _share(mode, "talk: has a word of the answer", [held for held in accepted if held is not None])
    yield from _of_time(mode, replies)


def _of_evidence(mode: str, plain: Sequence[Answer]) -> Iterator[Measure]:
    """What became of the answer on its way from the search into the reply. Modes without a search have none of it."""
    searched = [answer for answer in plain if answer.confidence is not None]
    found = [answer for answer in searched if answer.found]
    yield from _share(mode, "answer found", [answer.found for answer in searched])
    yield from _share(mode, "answer handed over", [answer.in_evidence for answer in searched])
    yield from _share(mode, "of what was found, handed over", [answer.in_evidence for answer in found])
    yield from _share(mode, "answer in the first piece", [answer.first for answer in searched])
    leading = [bool(answer.leads) for answer in searched]
    if any(answer.leads is not None for answer in searched):
        yield from _share(mode, "answer in the leading sentence", leading)
    if any(answer.read is not None for answer in searched):
        yield from _share(mode, "answer read by the reader", [bool(answer.read) for answer in searched])
    given = [answer for answer in searched if answer.in_evidence]
    yield from _share(mode, "of what was handed over, said", [answer.right for answer in given])


def _of_confidence(mode: str, answers: Sequence[Answer]) -> Iterator[Measure]:
    """How well a search knows what the books do not answer; false premises they do put right, so these are left out."""
    judged = [answer for answer in answers if answer.confidence is not None and answer.known.kind != "premise"]
    silent = [answer for answer in judged if answer.known.kind == "unanswerable"]
    others = [answer for answer in judged if answer.known.kind != "unanswerable"]
    high, low = ([answer.confidence or 0.0 for answer in group] for group in (others, silent))
    if (area := auroc(high, low)) is not None:
        yield Measure(mode, "confidence: AUROC", area, len(judged), bootstrap_auroc(high, low), "score")
    yield from _share(mode, "confidence: false confidence", [not answer.weak for answer in silent])
    yield from _share(mode, "confidence: false refusals", [answer.weak for answer in others])


def _of_formula(mode: str, replies: Sequence[Reply]) -> Iterator[Measure]:
    formula = formula_of(replies)
    yield from _share(mode, "formula: most frequent opening", formula.opens_so, formula.opening)
    yield from _share(mode, "formula: quotation marks", formula.quotes)
    yield from _share(mode, "formula: the question repeated", formula.repeats_question)
    yield from _share(mode, "formula: an earlier reply repeated", formula.repeats_reply)
    yield from _share(mode, "formula: words of an earlier reply", formula.repeats_words)


def _of_time(mode: str, replies: Sequence[Reply]) -> Iterator[Measure]:
    searches = [reply.search_ms for reply in replies if reply.search_ms]
    for name, times, percent in (
        ("ms: search, median", searches, 50),
        ("ms: search, 95th percentile", searches, 95),
        ("ms: first words, median", [reply.first_token_ms for reply in replies], 50),
        ("ms: whole reply, median", [reply.total_ms for reply in replies], 50),
    ):
        if (value := percentile(times, percent)) is not None:
            yield Measure(mode, name, value, len(times), unit="ms")


def _share(mode: str, name: str, hits: Sequence[bool], note: str = "") -> Iterator[Measure]:
    value = mean(hits)
    if value is not None:
        yield Measure(mode, name, value, len(hits), bootstrap(hits), note=note)


def _answers(replies: Sequence[Reply]) -> list[Answer]:
    return [reply for reply in replies if isinstance(reply, Answer)]

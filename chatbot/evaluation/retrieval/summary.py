"""The figures of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.evaluation.questions import SEARCHED, Kind
from chatbot.evaluation.retrieval.metrics import ndcg, reciprocal_rank
from chatbot.evaluation.retrieval.runs import DEPTH, PIECES, SearchOutcome
from chatbot.evaluation.statistics import Interval, auroc, bootstrap, mean, paired_difference, percentile


@dataclass(frozen=True)
class Summary:
    """The figures of one system: shares and scores from 0 to 1, None where there was no question for it.

    Attributes:
        name: of the system.
        counts: how many questions of each kind.
        held: plain questions that some passage of the library answers.
        answer_1: plain questions that the first piece answers; `_4` and `_10` likewise.
        answer_4_interval: its 95% interval.
        gold_4: plain questions that the first four answer from the casebook or from around the gold passage.
        work_1: plain questions where the first piece is of the right work; `_4` likewise.
        mrr: mean reciprocal rank over the plain questions.
        ndcg_10: normalised discounted cumulative gain over the plain questions.
        follow_up_1: follow-ups that the first piece answers; `_4` and `_10` likewise.
        both_4: questions about two works of which the first four pieces answer every part; `_10` likewise.
        auroc: of the evidence's confidence, answerable against unanswerable questions.
        false_confidence: unanswerable questions whose evidence was not called weak.
        false_refusals: the others whose evidence was called weak.
        milliseconds: median and 95th percentile.
        tokens: mean and 95th percentile.
    """

    name: str
    counts: dict[Kind, int]
    held: int
    answer_1: float | None
    answer_4: float | None
    answer_4_interval: Interval
    answer_10: float | None
    gold_4: float | None
    work_1: float | None
    work_4: float | None
    mrr: float | None
    ndcg_10: float | None
    follow_up_1: float | None
    follow_up_4: float | None
    follow_up_10: float | None
    both_4: float | None
    both_10: float | None
    auroc: float | None
    false_confidence: float | None
    false_refusals: float | None
    milliseconds: tuple[float | None, float | None]
    tokens: tuple[float | None, float | None]


def summarise(name: str, outcomes: Sequence[SearchOutcome]) -> Summary:
    """The figures of one system."""
    of: dict[Kind, list[SearchOutcome]] = {kind: [] for kind in SEARCHED}
    for outcome in outcomes:
        of[outcome.known.kind].append(outcome)
    plain, follow_ups, both, none = of.values()
    answerable = [*plain, *follow_ups, *both]
    times = [outcome.milliseconds for outcome in outcomes]
    tokens = [float(outcome.tokens) for outcome in outcomes if not outcome.weak]
    return Summary(
        name=name,
        counts={kind: len(members) for kind, members in of.items()},
        held=sum(outcome.relevant > 0 for outcome in plain),
        answer_1=mean(outcome.answered(1) for outcome in plain),
        answer_4=mean(outcome.answered(PIECES) for outcome in plain),
        answer_4_interval=bootstrap([outcome.answered(PIECES) for outcome in plain]),
        answer_10=mean(outcome.answered(DEPTH) for outcome in plain),
        gold_4=mean(outcome.gold(PIECES) for outcome in plain),
        work_1=mean(outcome.right_work(1) for outcome in plain),
        work_4=mean(outcome.right_work(PIECES) for outcome in plain),
        mrr=mean(reciprocal_rank(outcome.gains) for outcome in plain),
        ndcg_10=mean(ndcg(outcome.gains, outcome.relevant, DEPTH) for outcome in plain),
        follow_up_1=mean(outcome.answered(1) for outcome in follow_ups),
        follow_up_4=mean(outcome.answered(PIECES) for outcome in follow_ups),
        follow_up_10=mean(outcome.answered(DEPTH) for outcome in follow_ups),
        both_4=mean(outcome.answered(PIECES) for outcome in both),
        both_10=mean(outcome.answered(DEPTH) for outcome in both),
        auroc=auroc([outcome.confidence for outcome in answerable], [outcome.confidence for outcome in none]),
        false_confidence=mean(not outcome.weak for outcome in none),
        false_refusals=mean(outcome.weak for outcome in answerable),
        milliseconds=(percentile(times, 50), percentile(times, 95)),
        tokens=(mean(tokens), percentile(tokens, 95)),
    )


def difference(whole: Sequence[SearchOutcome], changed: Sequence[SearchOutcome]) -> tuple[float | None, Interval]:
    """What a change does to answer@4 of the plain questions, question by question, with its 95% interval."""
    before, after = (
        [outcome.answered(PIECES) for outcome in outcomes if outcome.known.kind == "plain"]
        for outcomes in (whole, changed)
    )
    return paired_difference(before, after)

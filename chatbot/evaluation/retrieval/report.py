"""What the evaluation of the search came to: figures, a Markdown report, and JSON with every question."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chatbot.evaluation.questions import Kind, split_of
from chatbot.evaluation.retrieval.systems import (
    DEPTH,
    PIECES,
    SearchOutcome,
    auroc,
    bootstrap,
    mean,
    ndcg,
    percentile,
    reciprocal_rank,
)

Interval = tuple[float, float] | None
Outcomes = Mapping[str, Sequence[SearchOutcome]]  # by the system's name

READING = f"""\
A piece counts where an accepted answer stands in what is handed over, as whole words, and the piece is of the right
work; @k: among the first k pieces. Near: the piece is of the casebook or lies near the place in the text that the
question was made from. Brackets: 95% interval, percentile bootstrap over the questions. MRR and nDCG are
over the first {DEPTH} pieces, relevance is binary, and nDCG's ideal list holds every passage of the work that answers.
Two works: every part is answered. AUROC: how often the confidence of evidence for a question that the books answer is
above that for one they do not. False confidence: such a question whose evidence was not called weak. False refusals:
questions that the books answer whose evidence was called weak. Tokens are those of the first {PIECES} pieces, for
evidence that was not called weak, by the embedder's tokenizer. Times are of the whole search on the machine at hand."""


@dataclass(frozen=True)
class Summary:
    """The figures of one system: shares and scores from 0 to 1, None where there was no question for it.

    Attributes:
        name: of the system.
        counts: how many questions of each kind.
        held: plain questions that some passage of the library answers.
        answer_1: plain questions that the first piece answers; `_4` and `_10` likewise.
        answer_4_interval: its 95% interval.
        near_4: plain questions that the first four answer from the casebook or near the place in the text.
        work_1: plain questions where the first piece is of the right work; `_4` likewise.
        mrr: mean reciprocal rank over the plain questions.
        ndcg_10: normalised discounted cumulative gain over the plain questions.
        elsewhere_4: plain questions that only a piece of another work or subject among the first four answers.
        follow_up_1: follow-ups that the first piece answers; `_4` and `_10` likewise.
        both_4: questions about two works of which the first four pieces answer every part; `_10` likewise.
        auroc: of the evidence's confidence.
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
    near_4: float | None
    work_1: float | None
    work_4: float | None
    mrr: float | None
    ndcg_10: float | None
    elsewhere_4: float | None
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
    of: dict[Kind, list[SearchOutcome]] = {"plain": [], "follow-up": [], "two-works": [], "unanswerable": []}
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
        near_4=mean(outcome.near(PIECES) for outcome in plain),
        work_1=mean(outcome.right_work(1) for outcome in plain),
        work_4=mean(outcome.right_work(PIECES) for outcome in plain),
        mrr=mean(reciprocal_rank(outcome.gains) for outcome in plain),
        ndcg_10=mean(ndcg(outcome.gains, outcome.relevant) for outcome in plain),
        elsewhere_4=mean(
            not outcome.answered(PIECES) and any(judged.elsewhere for judged in outcome.judged[:PIECES])
            for outcome in plain
        ),
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
    pairs = [
        float(after.answered(PIECES)) - float(before.answered(PIECES))
        for before, after in zip(whole, changed, strict=True)
        if before.known.kind == "plain"
    ]
    return mean(pairs), bootstrap(pairs)


# ---------------------------------------------------------------------- Markdown


def report(results: Outcomes, ablation: Mapping[str, Outcomes], about: str, command: str) -> str:
    """A Markdown report.

    Args:
        results: of each system.
        ablation: by the name of a system, the results of its variants, each of which lacks one module.
        about: which questions were asked of which library.
        command: that made it.
    """
    lines = ["# How well the library is searched", "", about, "", f"Made by `{command}`.", "", *tables(results)]
    if any(ablation.values()):
        lines += ["", "## What each module brings", "", *_ablation(results, ablation)]
    return "\n".join([*lines, "", "## How to read it", "", READING, ""])


def tables(results: Outcomes) -> list[str]:
    """The lines of the Markdown tables, all systems side by side."""
    figures = [summarise(name, outcomes) for name, outcomes in results.items()]
    counts = figures[0].counts if figures else {}
    held = f", {figures[0].held} of them answered by some passage" if figures else ""
    return [
        f"Questions about one work ({counts.get('plain', 0)}{held}):",
        "",
        *_table(
            "system | answer@1 | answer@4 | answer@10 | near@4 | right work@1 | right work@4 | MRR | nDCG@10",
            (
                [
                    f.name,
                    _share(f.answer_1),
                    _with(f.answer_4, f.answer_4_interval),
                    *map(_share, (f.answer_10, f.near_4, f.work_1, f.work_4)),
                    *map(_score, (f.mrr, f.ndcg_10)),
                ]
                for f in figures
            ),
        ),
        "",
        f"Follow-ups ({counts.get('follow-up', 0)}) and questions about two works ({counts.get('two-works', 0)}):",
        "",
        *_table(
            "system | follow-up: answer@1 | answer@4 | answer@10 | two works: both@4 | both@10",
            (
                [f.name, *map(_share, (f.follow_up_1, f.follow_up_4, f.follow_up_10, f.both_4, f.both_10))]
                for f in figures
            ),
        ),
        "",
        f"Questions that the books do not answer ({counts.get('unanswerable', 0)}), and what a search costs:",
        "",
        *_table(
            "system | AUROC | false confidence | false refusals | ms p50 | ms p95 | tokens mean | tokens p95",
            (
                [
                    f.name,
                    _score(f.auroc),
                    *map(_share, (f.false_confidence, f.false_refusals)),
                    *map(_whole, (*f.milliseconds, *f.tokens)),
                ]
                for f in figures
            ),
        ),
    ]


def _ablation(results: Outcomes, ablation: Mapping[str, Outcomes]) -> list[str]:
    rows = []
    for name, variants in ablation.items():
        for label, outcomes in {name: results[name], **variants}.items():
            f = summarise(label, outcomes)
            change, interval = difference(results[name], outcomes)
            rows.append(
                [
                    label,
                    _share(f.answer_4),
                    _with(change, interval, sign=True) if label != name else "",
                    _score(f.mrr),
                    *map(_share, (f.follow_up_4, f.both_4)),
                    _score(f.auroc),
                    *map(_whole, (f.milliseconds[0], f.tokens[0])),
                ]
            )
    return _table(
        "system | answer@4 | difference | MRR | follow-up: answer@4 | two works: both@4 | AUROC | ms p50 | tokens mean",
        rows,
    )


def _table(head: str, rows: Iterable[Sequence[str]]) -> list[str]:
    columns = head.split(" | ")
    lines = [f"| {head} |", "|---" * len(columns) + "|"]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}%"


def _with(value: float | None, interval: Interval, sign: bool = False) -> str:
    if value is None or interval is None:
        return "-"
    form = "+.1f" if sign else ".1f"
    unit = "" if sign else "%"
    return f"{100 * value:{form}}{unit} [{100 * interval[0]:{form}}, {100 * interval[1]:{form}}]"


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _whole(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


# ---------------------------------------------------------------------- JSON


def as_json(
    results: Outcomes, ablation: Mapping[str, Outcomes], about: Mapping[str, Any], *, brief: bool = False
) -> str:
    """Everything: the figures of every system and, unless `brief`, question by question what it handed over."""
    variants = {label: outcomes for parts in ablation.values() for label, outcomes in parts.items()}
    systems = {
        name: {
            "figures": asdict(summarise(name, outcomes)),
            **({} if brief else {"questions": [_question(outcome) for outcome in outcomes]}),
        }
        for name, outcomes in {**results, **variants}.items()
    }
    return json.dumps({**about, "systems": systems}, ensure_ascii=False, indent=1) + "\n"


def _question(outcome: SearchOutcome) -> dict[str, Any]:
    known = outcome.known
    return {
        **known.model_dump(mode="json", exclude_defaults=True),
        "kind": known.kind,
        "split": split_of(known),
        **{f"answered_{number}": outcome.answered(number) for number in (1, PIECES, DEPTH)},
        f"right_work_{PIECES}": outcome.right_work(PIECES),
        "reciprocal_rank": round(reciprocal_rank(outcome.gains), 4),
        "relevant_passages": outcome.relevant,
        "weak": outcome.weak,
        "why_weak": outcome.why_weak,
        "confidence": round(outcome.confidence, 4),
        "milliseconds": round(outcome.milliseconds, 1),
        "tokens": outcome.tokens,
        "pieces": [
            {
                "work": judged.piece.passage.work,
                "chapter": judged.piece.passage.chapter,
                "place": judged.piece.passage.place,
                "kind": judged.piece.passage.kind,
                "score": judged.piece.score,
                "right_works": sorted(judged.right_works),
                "answers": sorted(judged.answers),
                "near": sorted(judged.near),
                "elsewhere": judged.elsewhere,
                # What lies deeper is counted, but no prompt gets it.
                **({"text": judged.piece.text} if rank < PIECES else {}),
            }
            for rank, judged in enumerate(outcome.judged)
        ],
    }

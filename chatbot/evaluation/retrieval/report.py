"""What the evaluation of the search came to: a Markdown report, a chart, and JSON with every question."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from chatbot.evaluation.charts import Panel, bar_charts
from chatbot.evaluation.markdown import change_with, score, share, share_with, table, whole
from chatbot.evaluation.questions import split_of
from chatbot.evaluation.retrieval.metrics import reciprocal_rank
from chatbot.evaluation.retrieval.runs import DEPTH, PIECES, SearchOutcome
from chatbot.evaluation.retrieval.summary import Summary, difference, summarise

Outcomes = Mapping[str, Sequence[SearchOutcome]]  # by the system's name

READING = f"""\
A piece counts where an accepted answer is in the text that is handed over, as whole words, and the piece is of the
right work; @k: among the first k pieces. Gold: the piece is of the casebook, or within two passages of the one that
the question was made from. Work: a piece is of the right work, whether it answers or not. Brackets: 95% interval,
percentile bootstrap over the questions. MRR and nDCG are over the first {DEPTH} pieces, relevance is binary, and nDCG's
ideal list holds every passage of the work that answers. Two works: every part is answered. AUROC: how often the
confidence of evidence for a question that the books answer is above that for one they do not. False confidence: the
share of unanswerable questions whose evidence was not called weak. False refusals: the share of the others whose
evidence was called weak. Tokens are those of the first {PIECES} pieces, for evidence that was not called weak, by the
embedder's tokenizer. Times are of the whole search on the machine at hand."""

_PLAIN = ("system", "answer@1", "answer@4", "answer@10", "gold@4", "work@1", "work@4", "MRR", "nDCG@10")
_OTHERS = ("system", "follow-up: answer@1", "answer@4", "answer@10", "two works: both@4", "both@10")
_COSTS = ("system", "AUROC", "false confidence", "false refusals", "ms p50", "ms p95", "tokens mean", "tokens p95")
_ABLATION = ("system", "answer@4", "difference", "MRR", "follow-ups@4", "two works@4", "AUROC", "ms p50", "tokens mean")

CHARTED = {
    "answer@1": "answer_1",
    "answer@4": "answer_4",
    "answer@10": "answer_10",
    "work@4": "work_4",
    "follow-ups:\nanswer@4": "follow_up_4",
    "two works:\nboth@4": "both_4",
    "AUROC of\nconfidence": "auroc",
}


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
        *table(
            _PLAIN,
            (
                [
                    f.name,
                    share(f.answer_1),
                    share_with(f.answer_4, f.answer_4_interval),
                    *map(share, (f.answer_10, f.gold_4, f.work_1, f.work_4)),
                    *map(score, (f.mrr, f.ndcg_10)),
                ]
                for f in figures
            ),
        ),
        "",
        f"Follow-ups ({counts.get('follow-up', 0)}) and questions about two works ({counts.get('two-works', 0)}):",
        "",
        *table(
            _OTHERS,
            (
                [f.name, *map(share, (f.follow_up_1, f.follow_up_4, f.follow_up_10, f.both_4, f.both_10))]
                for f in figures
            ),
        ),
        "",
        f"Questions that the books do not answer ({counts.get('unanswerable', 0)}), and what a search costs:",
        "",
        *table(
            _COSTS,
            (
                [
                    f.name,
                    score(f.auroc),
                    *map(share, (f.false_confidence, f.false_refusals)),
                    *map(whole, (*f.milliseconds, *f.tokens)),
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
            rows.append(
                [
                    label,
                    share(f.answer_4),
                    change_with(*difference(results[name], outcomes)) if label != name else "",
                    score(f.mrr),
                    *map(share, (f.follow_up_4, f.both_4)),
                    score(f.auroc),
                    *map(whole, (f.milliseconds[0], f.tokens[0])),
                ]
            )
    return table(_ABLATION, rows)


def chart(figures: Sequence[Summary], title: str) -> str:
    """A bar for every system at every measure as SVG, with the 95% interval of answer@4."""
    panel = Panel(
        "",
        "share of questions; AUROC",
        tuple(CHARTED),
        {f.name: [getattr(f, field) for field in CHARTED.values()] for f in figures},
        {f.name: [f.answer_4_interval if field == "answer_4" else None for field in CHARTED.values()] for f in figures},
    )
    return bar_charts([panel], title)


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
                "gold": sorted(judged.gold),
                # Deeper pieces are counted, but no prompt gets them.
                **({"text": judged.piece.text} if rank < PIECES else {}),
            }
            for rank, judged in enumerate(outcome.judged)
        ],
    }

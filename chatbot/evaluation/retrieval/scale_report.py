"""The figures of the synthetic libraries, as Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from chatbot.evaluation.retrieval.scale import ADDED, LIST, QUERIES, TERMS, WORDS, Scale, Speed
from chatbot.library.index import TEXTS_LIMIT

HELD = 100.0  # milliseconds: what the 95th percentile of a fused search shall stay below

READING = f"""\
The libraries are synthetic, built and searched by the library's own code: passages of {WORDS} terms from a
vocabulary by the Zipf-Mandelbrot law, fitted to the frequencies in the nine books. **Vectors are drawn
around the centres of clusters and not made by a model**: embedding a million passages takes many hours. So the time
to build leaves the embedding out, the dense figures carry over to real vectors only roughly, and nothing here says
how *well* a library of that size is searched. {QUERIES} questions of {TERMS} words each, {LIST} passages a list,
one at a time, the process warm; the embedding of the question and the choice of sentences are not in it (see the
times in `retrieval.md`: they do not grow with the library). Every step runs in a process of its own. Resident
memory counts mapped pages of the index, which the system takes back when it needs them. Chroma keeps the texts
beside the vectors up to {TEXTS_LIMIT:,} passages, and vectors alone above. Recall: the share of the ten nearest
passages that the dense search finds, against all vectors compared one by one, 20 questions. Growth: {ADDED}
passages more, as a text is added, in a process that has Chroma open."""

ROWS: dict[str, Callable[[Scale], str]] = {
    "dense search, p50 / p95 ms": lambda scale: _speed(scale.dense),
    "lexical search, p50 / p95 ms": lambda scale: _speed(scale.lexical),
    "lexical search within a work, p50 / p95 ms": lambda scale: _speed(scale.lexical_in_work),
    "both, fused, p50 / p95 ms": lambda scale: _speed(scale.fused),
    "slowest fused search, ms": lambda scale: f"{scale.fused.slowest:.0f}",
    "dense recall of the nearest ten": lambda scale: f"{scale.recall:.2f}",
    "opened in, s": lambda scale: f"{scale.open_s:.2f}",
    "first dense search (Chroma reads its graph), s": lambda scale: f"{scale.first_s:.1f}",
    "memory when opened, MB": lambda scale: f"{scale.opened_mb:,.0f}",
    "memory after the questions, MB": lambda scale: f"{scale.resident_mb:,.0f}",
    "passages and BM25 on disk, MB": lambda scale: f"{scale.index_mb:,.0f}",
    "Chroma on disk, MB": lambda scale: f"{scale.chroma_mb:,.0f}",
    "passages and BM25 built in, s": lambda scale: f"{scale.index_s:,.0f}",
    "Chroma built in, s": lambda scale: f"{scale.dense_s:,.0f}",
    "peak memory while building, MB": lambda scale: f"{scale.build_peak_mb:,.0f}",
    f"{ADDED} passages added in, s": lambda scale: f"{scale.add_s:.1f}",
    "peak memory meanwhile, MB": lambda scale: f"{scale.add_peak_mb:,.0f}",
}


def table(scales: Sequence[Scale]) -> list[str]:
    """The figures as lines of a Markdown table, a size a column."""
    head = ["| passages | " + " | ".join(f"{scale.passages:,}" for scale in scales) + " |"]
    rule = ["|---|" + "---:|" * len(scales)]
    return head + rule + [f"| {name} | " + " | ".join(map(row, scales)) + " |" for name, row in ROWS.items()]


def verdict(scales: Sequence[Scale]) -> str:
    """Whether the largest library holds what is asked of it, and by how much."""
    last = max(scales, key=lambda scale: scale.passages)
    p95 = last.fused.p95
    held = f"is held ({p95:.0f} ms)" if p95 < HELD else f"is not held: it is {p95:.0f} ms, {p95 - HELD:.0f} too many"
    return f"At {last.passages:,} passages a fused search with a 95th percentile below {HELD:.0f} ms {held}."


def report(scales: Sequence[Scale], machine: str, command: str) -> str:
    """The Markdown report."""
    body = "\n".join(table(scales))
    foot = f"Machine: {machine}.\n\nMade by `{command}`."
    return "\n\n".join(["# The library at scale", verdict(scales), body, READING, foot]) + "\n"


def as_json(scales: Sequence[Scale], machine: str, command: str) -> str:
    """Every figure."""
    rows = [scale.model_dump() for scale in scales]
    return json.dumps({"machine": machine, "command": command, "sizes": rows}, indent=1) + "\n"


def _speed(speed: Speed) -> str:
    return f"{speed.p50:.1f} / {speed.p95:.1f}"

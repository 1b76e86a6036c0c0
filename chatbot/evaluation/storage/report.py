"""What was measured of a filled database: a table, and everything as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from chatbot.evaluation.markdown import MISSING, figure, table, whole
from chatbot.evaluation.storage.filling import Stock
from chatbot.evaluation.storage.timing import Timed

HEAD = ("action", "user", "p50 [ms]", "p95 [ms]", "target", "")


def report(timed: Sequence[Timed], stock: Stock, database: str, about: dict[str, Any]) -> str:
    """The table in Markdown, with the database and the machine above it.

    Args:
        timed: what was measured.
        stock: what the database holds.
        database: its kind.
        about: the machine (`bench.machine`).
    """
    rows = [
        (
            one.action,
            one.user,
            figure(one.median),
            figure(one.late),
            whole(one.target),
            MISSING if one.target is None else "missed" if one.missed else "met",
        )
        for one in timed
    ]
    return "\n".join(
        [
            f"{database} with {stock.turns:,} turns in {stock.conversations:,} conversations of {stock.users} users, "
            f"of whom one has half; {about['processor']}, {about['cores']} cores, load {about['load_before']} before; "
            f"each measured {len(timed[0].samples)} times.",
            "",
            *table(HEAD, rows),
            "",
        ]
    )


def as_json(timed: Sequence[Timed], stock: Stock, database: str, about: dict[str, Any], date: str) -> str:
    """Everything: samples and percentiles in milliseconds, what the database holds, the machine, the ISO 8601 date."""
    data = {
        "date": date,
        "machine": about,
        "database": database,
        "stock": {
            "conversations": stock.conversations,
            "turns": stock.turns,
            "users": stock.users,
            "trace_bytes": stock.trace_bytes,
            "seed": stock.seed,
        },
        "actions": [
            {
                "action": one.action,
                "user": one.user,
                "target_ms": one.target,
                "p50_ms": round(one.median, 3),
                "p95_ms": round(one.late, 3),
                "samples_ms": [round(sample, 3) for sample in one.samples],
            }
            for one in timed
        ],
    }
    return json.dumps(data, indent=1) + "\n"

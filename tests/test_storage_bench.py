"""The bench of the memory: what a database is filled with, that it is not filled twice, and what is reported of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chatbot.cli import app
from chatbot.errors import MessageError
from chatbot.evaluation.storage import Stock, Timed, fill, report, time_all
from memory import Memory

EXCHANGES = [
    ("Who took the vase?", "The porter took it, and hid the vase in the garden."),
    ("Where is the vase now?", "Under the third rose from the gate."),
    ("And who found it?", "The cook found it when she cut the roses."),
]
STOCK = Stock(EXCHANGES, conversations=60, turns=300, users=3, trace_bytes=200)


def test_a_database_is_filled_once_and_holds_what_was_asked_for(any_memory: Memory) -> None:
    told: list[tuple[int, int]] = []
    assert fill(any_memory, STOCK, lambda done, total: told.append((done, total))) == 300
    assert told[0] == (0, 300) and told[-1] == (300, 300)
    listed = any_memory.conversations(limit=None)
    assert sorted(found.turns for found in listed) == sorted(STOCK.lengths) and sum(STOCK.lengths) == 300
    assert min(STOCK.lengths) >= 1 and len(set(STOCK.lengths)) > 3
    for found in listed:
        path = any_memory.path(found.id)
        assert len(path) == found.turns and path[-1].id == found.head_id
    assert [len(any_memory.conversations(user)) for user in ("user 0", "user 1", "user 2")] == [30, 15, 15]
    assert len(any_memory.search("user 0", "vase", limit=500)) > 40
    assert fill(any_memory, STOCK) == 0

    timed = time_all(any_memory, STOCK, times=2)
    assert {len(one.samples) for one in timed} == {2} and min(min(one.samples) for one in timed) > 0
    assert {one.user for one in timed} == {"user 0", "user 1"}
    assert sum(found.turns for found in any_memory.conversations(limit=None)) == 300 + 2 * 5  # what was written


def test_what_was_put_in_before_a_stop_is_gone_on_with(any_memory: Memory) -> None:
    any_memory.transfer(STOCK.user(0)).add(STOCK.rows(range(15)))
    assert fill(any_memory, STOCK) == sum(STOCK.lengths[15:])


def test_a_database_that_holds_anything_else_is_not_touched(any_memory: Memory) -> None:
    turn = any_memory.ask(any_memory.start("ada", "sherlock"), None, "rag", "Who took the vase?")
    with pytest.raises(MessageError, match="holds other conversations"):
        fill(any_memory, STOCK)
    assert [found.head_id for found in any_memory.conversations(limit=None)] == [turn]


def test_the_table_says_what_misses_its_target() -> None:
    timed = [
        Timed("open a conversation", "user 0", 20.0, (10.0, 19.0)),
        Timed("write a turn", "user 0", 15.0, (10.0, 30.0)),
        Timed("list conversations", "user 0", None, (1.0, 2.0)),
    ]
    about = {"processor": "A slow one", "cores": 2, "load_before": 0.5}
    lines = [line.split("|") for line in report(timed, STOCK, "SQLite", about).splitlines() if line.startswith("|")]
    assert [line[-2].strip() for line in lines[2:]] == ["met", "missed", "-"]


def test_the_command_fills_measures_and_writes_every_sample(tmp_path: Path) -> None:
    numbers = ["--conversations", "8", "--turns", "16", "--users", "2", "--times", "1"]
    file, url = tmp_path / "new" / "memory.json", f"sqlite:///{tmp_path / 'bench.sqlite3'}"
    done = CliRunner().invoke(app, ["bench", "memory", *numbers, "--json", str(file), "--database", url])
    assert done.exit_code == 0, done.output
    assert "16 turns put in." in done.output and "| search a rare word" in done.output
    data = json.loads(file.read_text())
    assert data["stock"]["turns"] == 16 and {len(one["samples_ms"]) for one in data["actions"]} == {1}
    again = CliRunner().invoke(app, ["bench", "memory", *numbers, "--database", url])
    assert "0 turns put in." in again.output
    refused = CliRunner().invoke(app, ["bench", "memory", "--conversations", "9", "--turns", "8"])
    assert "at least one turn" in str(refused.exception)

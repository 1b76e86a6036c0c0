"""The evaluation of the memory: scripts, how replies are judged, how a run goes on, and what is reported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEngine, unjudged
from typer.testing import CliRunner

from chatbot.bot import Bot
from chatbot.cli import app
from chatbot.errors import MessageError
from chatbot.evaluation.memory import (
    Recall,
    RecallLog,
    ScriptTurn,
    Wait,
    first_words,
    hold,
    read_scripts,
    report,
    summary,
    waits_report,
)
from chatbot.library.search import Library
from chatbot.resources import Resources
from chatbot.settings import Settings
from personas import LoadedPersona

ROWS = [
    {"conversation": 1, "session": 1, "kind": "tells", "message": "My name is Ada Quill and I live in Leeds."},
    {"conversation": 1, "session": 1, "kind": "told", "message": "What is my name?", "answers": ["Ada"]},
    {"conversation": 1, "session": 1, "kind": "never told", "message": "What is my horse called?"},
    {"conversation": 1, "session": 2, "kind": "told", "message": "Do you know my name?", "answers": ["Ada", "Quill"]},
    {"conversation": 1, "session": 2, "kind": "told", "message": "Do you know my name?", "answers": ["Ada", "Quill"]},
]


def written(tmp_path: Path, rows: list[Any]) -> Path:
    file = tmp_path / "memory.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return file


def recall(kind: str = "told", reply: str = "Your name is Ada.", **values: Any) -> Recall:
    turn = {"conversation": 1, "session": 1, "kind": kind, "message": "What is my name?"}
    own = {name: values.pop(name) for name in ("answers", "stale") if name in values}
    return Recall(condition="both", turn=ScriptTurn(**turn, **own), number=2, reply=reply, **values)


def test_the_scripts_of_the_built_in_persona_are_long_and_ask_for_much(sherlock: LoadedPersona) -> None:
    assert sherlock.scripts is not None
    scripts = read_scripts(sherlock.scripts)
    assert len(scripts) >= 12 and all(40 <= len(script) <= 120 for script in scripts)
    assert all(len({turn.session for turn in script}) >= 2 for script in scripts)
    assert sum(bool(turn.answers) for script in scripts for turn in script) >= 200
    assert {turn.kind for script in scripts for turn in script} == {
        "tells", "talk", "told", "changed", "contradicted", "never told",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"kind": "told", "message": "What is my name?"}, '"answers" belong to'),
        ({"kind": "talk", "message": "Hello", "answers": ["Ada"]}, '"answers" belong to'),
        ({"kind": "told", "message": "Am I Ada?", "answers": ["Ada"]}, "gives its own answer away: 'Ada'"),
        ({"kind": "sung", "message": "Hm?"}, "kind: Input should be"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path: Path, row: dict[str, Any], said: str) -> None:
    with pytest.raises(MessageError, match=f"memory.jsonl:6: .*{said}"):
        read_scripts(written(tmp_path, [*ROWS, {"conversation": 2, "session": 1, **row}]))


def test_replies_are_judged_by_what_they_hold() -> None:
    ada = {"answers": ("Ada",), "stale": ("Eve",)}
    assert recall(**ada).said and not recall(**ada).failed
    assert not recall(reply="Your name is Adam.", **ada).said
    stale = recall("changed", "Your name is Eve.", **ada)
    assert stale.stale and stale.failed
    assert not recall("changed", "You were Eve, and are Ada.", **ada).stale
    wrong = recall(reply="Your name is Watson.", strange=("watson",), **ada)
    assert wrong.invented and not recall(reply="I do not know.", strange=("know",), declined=True, **ada).invented
    beside = recall("never told", "You live in Leeds.")
    assert beside.failed and not beside.invented
    assert not recall("never told", declined=True).failed
    assert not recall("talk", "Good evening.").failed


def test_a_script_is_held_over_its_sessions_and_repeats_are_seen(
    bot: Bot, sherlock: LoadedPersona, tmp_path: Path
) -> None:
    (script,) = read_scripts(written(tmp_path, ROWS))
    settled: list[int] = []
    replies = list(hold(bot, sherlock, script, "here", "standard", 0, lambda: settled.append(1)))
    assert len(settled) == len(replies) == 5
    told, never, later, again = replies[1:]
    assert told.handed and told.said and "Ada" in told.reply
    assert not never.invented
    assert later.said and later.handed, "another session is another conversation of the same visitor"
    assert told.repeats is None and (again.repeats == 4) is (again.reply == later.reply)
    sessions = bot.resources.memory.conversations("visitor 1, here")
    assert [found.turns for found in sessions] == [2, 3]
    assert (sessions[0].created_at - sessions[1].created_at).days == 9


def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    RecallLog(file, {"run": "one"}).append([recall(answers=("Ada",)), recall("never told", declined=True)])
    with file.open("a") as cut:
        cut.write('[{"condition": "bo')
    log = RecallLog(file, {"run": "one"})
    assert log.held("both", 1) == [recall(answers=("Ada",)), recall("never told", declined=True)]
    assert log.held("both", 2) is None and log.held("window", 1) is None
    with pytest.raises(MessageError, match="was begun with run one; this is run two"):
        RecallLog(file, {"run": "two"})
    file.write_text('{"about": {"run": "one"}}\n{}\n')
    with pytest.raises(MessageError, match="holds no answers of such a run"):
        RecallLog(file, {"run": "one"})


def test_the_report_has_the_shares_and_every_failure() -> None:
    ada = {"answers": ("Ada",), "stale": ("Eve",)}
    replies = [
        recall(handed=True, **ada),
        recall(reply="Hm | hm.", strange=("hm",), evidence=("My name is Ada.",), **ada),
        recall("changed", "Your name is Eve.", handed=True, repeats=1, **ada),
        recall("never told", declined=True),
    ]
    lines = {line.split("|")[1].strip(): line.split("|")[2].strip() for line in summary(replies) if line[0] == "|"}
    assert lines["told: said"].startswith("50.0% [0.0, 100.0] of 2")
    assert lines["told: in the prompt"].startswith("50.0%")
    assert lines["changed: stale value said"].startswith("100.0%")
    assert lines["asked about himself: invented"].startswith("25.0%") and lines[
        "asked about himself: invented"
    ].endswith("4")
    assert lines["replies that repeat one of their session"].startswith("25.0%")
    text = report(replies, "About.", "command")
    assert "what failed (2)" in text and "what was repeated (1)" in text
    assert "| 1.2 | told, invented | What is my name? | Ada | no | My name is Ada. | Hm \\| hm. |" in text


def test_every_condition_is_held_with_what_it_keeps_of_the_past(
    settings: Settings, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def opened(database: str, **changed: str) -> Iterator[Resources]:
        own = settings.model_copy(update={"database_url": database, **changed})
        resources = unjudged(Resources(own, engine=FakeEngine(*["Indeed."] * 9)))
        monkeypatch.setattr(resources, "warm", lambda persona: None)
        yield resources
        resources.close()

    monkeypatch.setattr("chatbot.cli.memory_evaluate.opened", opened)
    scripts, out = written(tmp_path, ROWS), tmp_path / "report.md"

    given = ["memory", "evaluate", "--scripts", str(scripts), "--out", str(out), "--mode", "standard", "--conditions"]
    refused = CliRunner().invoke(app, [*given, "dreams"])
    assert str(refused.exception) == (
        "There is no condition 'dreams'. Choose from window, summary, recollections, both."
    )
    done = CliRunner().invoke(app, [*given, "window, both"])
    assert done.exit_code == 0, done.exception
    report = out.read_text()
    (said,) = (line for line in report.splitlines() if line.startswith("| told: said"))
    cells = [cell.strip() for cell in said.split("|")[2:4]]
    assert cells[0].startswith("33.3%"), "in another session nothing is known of the one before"
    assert cells[1].startswith("100.0%")
    assert "--conditions window,both" in report


def test_the_same_questions_are_asked_early_and_late_in_one_conversation(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    own = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'memory.sqlite3'}"})
    resources = unjudged(Resources(own, engine=FakeEngine(*["Indeed."] * 9)))
    questions = ["Is the fog thick?", "Is the street wet?"]
    waits = first_words(
        Bot(resources),
        "sherlock",
        "standard",
        [("Is it late?", "It is."), ("I keep bees.", "Do you?")],
        questions,
        [1, 5],
    )
    (found,) = resources.memory.conversations("bench")
    places = {turn.id: turn for turn in resources.memory.turns(found.id)}
    depth = {None: 0}
    for turn in places.values():
        depth[turn.id] = depth[turn.parent_id] + 1
    asked = [(depth[turn.id] - 1, turn.question) for turn in places.values() if turn.question in questions]
    assert sorted(asked) == sorted(
        [(1, questions[0])] * 2 + [(5, questions[0])] * 2 + [(1, questions[1]), (5, questions[1])]
    )
    assert [(wait.turns, len(wait.samples)) for wait in waits] == [(1, 2), (5, 2)]
    assert min(sample for wait in waits for sample in wait.samples) > 0
    resources.close()


def test_waits_are_compared_with_the_first() -> None:
    assert waits_report([Wait(10, (100.0, 200.0)), Wait(300, (120.0, 240.0))]) == [
        "behind 10 turns: first words p50 150, p95 195 ms",
        "behind 300 turns: first words p50 180, p95 234 ms",
        "300 turns against 10: 1.20 times (p50; aimed at: 1.50)",
    ]

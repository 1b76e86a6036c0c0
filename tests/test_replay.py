"""Replay files, and what is expected of a reply."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from typer.testing import CliRunner

from chatbot.bot import Answered
from chatbot.cli import app
from chatbot.errors import ReplayError
from chatbot.language import ENGLISH
from chatbot.library.search import Evidence, Found
from chatbot.library.texts import CASEBOOK, Passage, recollection
from chatbot.replay import find_replays, read_replay, replay_of_chat, replay_of_conversation, schema
from chatbot.replay.cassette import RecordedTurn
from chatbot.replay.expectations import failures
from chatbot.replay.format import Expectation, Step
from chatbot.trace import Check, Timings, Trace, to_stored
from memory import Memory, OwnMemory
from personas import LoadedPersona

SHIPPED = Path(__file__).with_name("replays")
MOMENT = datetime(2026, 1, 5, tzinfo=UTC)


def written(folder: Path, text: str) -> Path:
    file = folder / "talk.replay.yaml"
    file.write_text(text, encoding="utf-8")
    return file


# ---------------------------------------------------------------------- the file


def test_a_replay_is_read_with_its_steps_and_expectations(tmp_path: Path) -> None:
    text = """\
mode: RAG
about: a snake
settings: {evidence_tokens: 64}
turns:
  - user: What killed Julia Stoner?
    expect: {any_of: [snake, '/adders?/'], works: [The Speckled Band], verdict: [grounded], declines: false}
  - {days: 3, session: new, mode: ft, add: {name: a.txt, text: A tale.}}
  - {edit: 1, user: Hello, expect: {no_evidence: true}}
  - {retry: 2}
  - {branch: 1, remove: a.txt, user: Good night}
"""
    replay = read_replay(written(tmp_path, text), ["sherlock"])
    assert (replay.persona, replay.mode, replay.settings.evidence_tokens) == ("sherlock", "rag", 64)
    first, second, third, fourth, fifth = replay.turns
    assert first.expect is not None
    assert first.expect.any_of == ("snake", "/adders?/")
    assert (second.days, second.session, second.mode, second.asks) == (3, "new", "ft", False)
    assert second.add is not None
    assert (third.edit, third.user) == (1, "Hello")
    assert (fourth.retry, fourth.asks) == (2, True)
    assert (fifth.branch, fifth.remove) == (1, "a.txt")


@pytest.mark.parametrize(
    ("text", "field", "line"),
    [
        ("turns: []", "turns", 1),
        ("mode: rag", "turns", 1),
        ("turns:\n- {user: hi}\n- {}", "turns.1", 3),
        ("turns:\n- user: hi\n- user: hi\n  expct: {}", "turns.1.expct", 4),
        ("turns:\n- user: hi\n  expect:\n    any_off: [a]", "turns.0.expect.any_off", 4),
        ("turns:\n- user: hi\n  expect:\n    any_of: ['/(/']", "turns.0.expect.any_of.0", 4),
        ("turns:\n- user: hi\n  mode: hybird", "turns.0.mode", 3),
        ("persona: watson\nturns:\n- user: hi", "persona", 1),
        ("turns:\n- user: hi\n- user: ho\n  edit: 2", "turns.1.edit", 4),
        ("turns:\n- branch: 1\n  user: hi", "turns.0.branch", 2),
        ("turns:\n- days: 3", "turns", 1),
        ("turns:\n- days: 3\n  expect: {}", "turns.0", 2),
        ("turns:\n- add: {name: a}\n  user: hi", "turns.0.add", 2),
        ("turns:\n- add:\n    name: a\n    file: none.txt\n  user: hi", "turns.0.add.file", 4),
        ("turns:\n- {user: hi, retry: 1, edit: 1}", "turns.0", 2),
        ("settings:\n  model: big\nturns:\n- user: hi", "settings.model", 2),
        ("turns:\n- user: hi\n  user: ho", "turns.0.user", 3),
        ("turns: [", "yaml", 1),
        ("", "file", 1),
    ],
)
def test_a_mistake_is_named_with_its_field_and_line(tmp_path: Path, text: str, field: str, line: int) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ReplayError) as caught:
        read_replay(file, ["sherlock"])
    said = str(caught.value).split("\n")
    assert str(file) in said[0]
    assert any(row.startswith(f"  {field}: ") and row.endswith(f"(line {line})") for row in said[1:]), said


def test_paths_are_files_and_folders_and_what_names_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    file = written(tmp_path / "inner", "turns: [{user: hi}]")
    assert find_replays([tmp_path, file]) == [file]
    for missing in (tmp_path / "none.replay.yaml", tmp_path / "inner" / ".." / "empty"):
        with pytest.raises(ReplayError, match="Name replay files"):
            find_replays([missing])


def test_the_schema_is_that_of_the_files_and_describes_every_field() -> None:
    printed = json.loads(CliRunner().invoke(app, ["replay", "schema"]).output)
    assert printed == json.loads(json.dumps(schema()))
    for part in ("Step", "Expectation"):
        fields = printed["$defs"][part]["properties"]
        assert all("description" in field or "$ref" in str(field) for field in fields.values()), part
        assert printed["$defs"][part]["additionalProperties"] is False
    assert "hybrid" in str(printed["properties"]["mode"])


def test_what_is_shipped_shows_every_mode_and_every_kind_of_step() -> None:
    replays = {file: read_replay(file, ["sherlock"]) for file in find_replays([SHIPPED])}
    assert len(replays) >= 40
    assert all(replay.about for replay in replays.values())
    steps = [step for replay in replays.values() for step in replay.turns]
    used = {field for step in steps for field in step.model_fields_set}
    assert used == set(Step.model_fields)
    from chatbot.modes import MODES

    assert {step.mode for step in steps} | {replay.mode for replay in replays.values()} >= set(MODES)


# ---------------------------------------------------------------------- expectations


def answered(
    reply: str = "It was a Swamp Adder.",
    works: tuple[str, ...] = (),
    verdict: Literal["grounded", "declined", "withheld", "unchecked"] | None = None,
    prompt: str = "",
    told: str = "",
) -> Answered:
    evidence = [
        Evidence(Passage("1", CASEBOOK, "casebook/x.md", work, "", 1, "Holmes", "It was so."), "It was so.", 0.5)
        for work in works
    ]
    if told:
        evidence.append(Evidence(recollection(told, MOMENT), told, 1.0))
    check = Check(verdict=verdict) if verdict else None
    trace = Trace(
        mode="hybrid",
        persona="sherlock",
        search=Found(tuple(evidence)),
        check=check,
        prompt=(("user", prompt),) if prompt else (),
        timings=Timings(first_token_ms=50.0),
    )
    return Answered(None, "What was it?", reply, "complete", trace)


class Judging:
    """A judge of tone and support that says what it is told to."""

    def __init__(self, score: float, *likely: float) -> None:
        self._score, self._likely = score, likely

    def tone(self) -> Any:
        return self

    def support(self) -> Any:
        return self

    def score(self, _: str) -> float:
        return self._score

    def probabilities(self, sentences: list[str], evidence: list[str], question: str) -> list[float]:
        assert (len(sentences), question) == (len(self._likely), "What was it?")
        return list(self._likely)


class Nobody:
    """A persona without judges."""

    def tone(self) -> None:
        """None."""

    def support(self) -> None:
        """None."""


def wrong(expected: Expectation, given: Answered, judges: Any = None, **more: Any) -> list[str]:
    return failures(expected, given, judges or Nobody(), ENGLISH, **more)


@pytest.mark.parametrize(
    ("expected", "met", "unmet", "said"),
    [
        ({"any_of": ["cobra", "swamp ADDER"]}, {}, {"reply": "A viper."}, "none of 'cobra'"),
        ({"all_of": ["swamp", "adder"]}, {}, {"reply": "A swamp."}, "'adder'"),
        ({"all_of": [r"/\bswamp\W+adder\b/"]}, {}, {"reply": "A swampadder."}, "swamp"),
        ({"none_of": ["cobra", "/ad+ers/"]}, {}, {"reply": "A COBRA."}, "'cobra'"),
        ({"works": ["A", "B"]}, {"works": ("B", "C")}, {"works": ("C",)}, "'C', not from 'A', 'B'"),
        ({"evidence": ["was so"]}, {"works": ("A",)}, {}, "'was so'"),
        ({"no_evidence": True}, {}, {"works": ("Silver Blaze",)}, "Silver Blaze"),
        ({"verdict": ["grounded"]}, {"verdict": "grounded"}, {"verdict": "withheld"}, "'withheld'"),
        ({"declines": True}, {"verdict": "declined"}, {"verdict": "grounded"}, "does not decline"),
        ({"declines": False}, {"verdict": "grounded"}, {"verdict": "declined"}, "does not know"),
        ({"prompt": ["the question"]}, {"prompt": "The question?"}, {"prompt": "Another."}, "'the question'"),
        ({"not_in_prompt": ["secret"]}, {"prompt": "A note."}, {"prompt": "A secret."}, "'secret'"),
        ({"no_prompt": True}, {}, {"prompt": "A note."}, "was asked"),
        ({"remembers": ["Leeds"]}, {"told": "I live in Leeds."}, {}, "'Leeds'"),
        ({"remembers": ["Leeds"]}, {"prompt": "He told you: I live in Leeds."}, {"prompt": "x"}, "'Leeds'"),
    ],
)
def test_an_expectation_is_met_or_told(expected: Any, met: Any, unmet: Any, said: str) -> None:
    assert wrong(Expectation(**expected), answered(**met)) == []
    (failure,) = wrong(Expectation(**expected), answered(**unmet))
    assert said in failure


def test_tone_and_support_are_the_judges() -> None:
    expected = Expectation(tone=0.5, support=0.5)
    reply = answered("It was an adder. He kept it in a safe.", works=("A",))
    assert wrong(expected, reply, Judging(0.6, 0.5, 0.9)) == []
    low, doubtful = wrong(expected, reply, Judging(0.4, 0.9, 0.2))
    assert "0.40" in low
    assert "'He kept it in a safe.' is 0.20" in doubtful
    assert len(wrong(expected, reply)) == 2


def test_time_is_checked_where_it_is_the_models_and_the_same_reply_where_one_is_recorded() -> None:
    quick = Expectation(first_token_ms=49.0)
    assert wrong(quick, answered()) == []
    assert "50 ms" in wrong(quick, answered(), timed=True)[0]
    same = Expectation(same_reply=True)
    assert "--update" in wrong(same, answered())[0]
    assert wrong(same, answered(), recorded=RecordedTurn(user="", mode="", reply="It was a Swamp Adder.")) == []
    assert "[-Cobra" in wrong(same, answered(), recorded=RecordedTurn(user="", mode="", reply="It was a Cobra."))[0]


def test_all_failures_are_told_together() -> None:
    expected = Expectation(
        any_of=("cobra",), none_of=("adder",), works=("Black Peter",), no_evidence=True, verdict=("declined",)
    )
    assert len(wrong(expected, answered(works=("Silver Blaze",), verdict="grounded"))) == 5


# ---------------------------------------------------------------------- written from a conversation


def test_a_stored_conversation_becomes_a_replay_of_what_should_hold(
    tmp_path: Path, sherlock: LoadedPersona, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter(MOMENT + timedelta(days=day) for day in (0, 0, 0, 0, 0, 0, 2, 2, 2, 2))
    monkeypatch.setattr("chatbot.clock._clocks", [lambda: next(moments, MOMENT + timedelta(days=2))])
    memory = Memory(f"sqlite:///{tmp_path}/memory.sqlite3")
    own = OwnMemory(memory, "ann")
    conversation = own.start("sherlock")
    head = None
    for mode, given in (
        ("hybrid", answered(works=("Silver Blaze", "Black Peter", "Silver Blaze"), verdict="grounded")),
        ("ft", answered(verdict="declined")),
        ("ft", answered(told="I live in Leeds.")),
    ):
        head = memory.ask(conversation, head, mode, "Čapek: what was it?")
        evidence, rest = to_stored(given.trace)
        memory.answer(head, sent="", reply=given.reply, state="done", evidence=evidence, trace=rest, title="Čapek")
    text = replay_of_conversation(own, conversation)
    memory.close()
    assert "Čapek" in text
    replay = read_replay(written(tmp_path, text), ["sherlock"])
    assert (replay.persona, replay.mode, replay.about) == ("sherlock", "hybrid", "Čapek")
    first, second, third = replay.turns
    assert first.expect == Expectation(works=("Silver Blaze", "Black Peter"))
    assert (second.mode, second.expect) == ("ft", Expectation(no_evidence=True, declines=True))
    assert (third.mode, third.expect) == (None, Expectation(remembers=("I live in Leeds.",)))
    assert {step.days for step in replay.turns} == {None, 2}
    assert list(yaml.safe_load(text)["turns"][0]) == ["user", "expect"]


def test_a_sillytavern_chat_becomes_a_replay(tmp_path: Path) -> None:
    chat = [
        {"user_name": "Ann", "character_name": "Holmes", "create_date": "2025-01-31@10h00m00s"},
        {"name": "Holmes", "is_user": False, "mes": "Pray be seated.", "send_date": "2025-01-31@10h00m00s"},
        {"name": "Ann", "is_user": True, "mes": "What killed Julia Stoner?", "send_date": "2025-01-31@10h01m00s"},
        {"name": "Holmes", "is_user": False, "mes": "A snake.", "send_date": "2025-01-31@10h01m05s"},
    ]
    file = tmp_path / "chat.jsonl"
    file.write_text("\n".join(map(json.dumps, chat)), encoding="utf-8")
    out = tmp_path / "chat.replay.yaml"
    done = CliRunner().invoke(app, ["replay", "record", str(file), "--mode", "rag", "--out", str(out)])
    assert done.exit_code == 0, done.output
    replay = read_replay(out, ["sherlock"])
    assert (replay.mode, [step.user for step in replay.turns]) == ("rag", ["What killed Julia Stoner?"])
    file.write_text("\n".join(map(json.dumps, chat[:2])), encoding="utf-8")
    with pytest.raises(ReplayError, match="nothing to replay"):
        replay_of_chat(file)

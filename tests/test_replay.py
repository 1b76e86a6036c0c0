"""The replay file, and the expectations that an answer is checked against."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from chatbot.bot import Answered
from chatbot.errors import ReplayError
from chatbot.library.search import Evidence, Found
from chatbot.library.texts import Passage
from chatbot.replay.format import Expectation, read_replay
from chatbot.replay.runner import failures
from chatbot.trace import Check, Trace


def written(folder: Path, text: str) -> Path:
    file = folder / "talk.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def answered(
    reply: str = "It was a Swamp Adder.",
    works: tuple[str, ...] = (),
    verdict: Literal["grounded", "declined", "withheld", "unchecked"] | None = None,
) -> Answered:
    evidence = tuple(
        Evidence(Passage("1", "casebook", "casebook/x.md", work, "", 1, "Holmes", "It was so."), "It was so.", 0.5)
        for work in works
    )
    check = Check(verdict=verdict) if verdict else None
    trace = Trace(mode="hybrid", persona="sherlock", search=Found(evidence), check=check)
    return Answered(None, "What was it?", reply, "complete", trace)


def test_a_replay_is_read_with_its_turns_and_expectations(tmp_path: Path) -> None:
    text = """\
mode: rag
about: a snake
turns:
  - say: What killed Julia Stoner?
    expect: {any_of: [snake, adder], works: [The Speckled Band], verdict: [grounded]}
  - {say: Hello, mode: ft, expect: {no_evidence: true, none_of: [sorry]}}
"""
    replay = read_replay(written(tmp_path, text))
    assert (replay.persona, replay.mode, replay.about) == ("sherlock", "rag", "a snake")
    first, second = replay.turns
    assert first.say == "What killed Julia Stoner?"
    assert first.mode is None
    assert first.expect == Expectation(any_of=("snake", "adder"), works=("The Speckled Band",), verdict=("grounded",))
    assert second.mode == "ft"
    assert second.expect == Expectation(no_evidence=True, none_of=("sorry",))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("turns: []", "turns"),
        ("mode: rag", "turns"),
        ("turns: [{expect: {any_of: [snake]}}]", "turns.0.say"),
        ("turns: [{say: ''}]", "turns.0.say"),
        ("turns: [{say: hi}, {say: hi, expct: {}}]", "turns.1.expct"),
        ("turns: [{say: hi, expect: {any_off: [a]}}]", "turns.0.expect.any_off"),
        ("turns: [{say: hi, expect: {any_of: snake}}]", "turns.0.expect.any_of"),
        ("", "file"),
        ("- a", "file"),
    ],
)
def test_an_invalid_field_is_reported_with_its_path(tmp_path: Path, text: str, field: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ReplayError) as caught:
        read_replay(file)
    assert str(file) in str(caught.value)
    assert f"\n  {field}: " in str(caught.value)


def test_every_mistake_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ReplayError) as caught:
        read_replay(written(tmp_path, "about: [x]\nturns: [{say: hi, when: now}]"))
    assert "  about: " in str(caught.value)
    assert "  turns.0.when: " in str(caught.value)


@pytest.mark.parametrize("data", [b"turns: [", b"turns: \xff\xfe"])
def test_a_file_that_is_not_yaml_or_not_text_is_reported(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "talk.yaml"
    file.write_bytes(data)
    with pytest.raises(ReplayError, match=r"talk\.yaml cannot be read"):
        read_replay(file)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match=r"talk\.yaml cannot be read"):
        read_replay(tmp_path / "talk.yaml")


def test_without_expectations_every_answer_passes() -> None:
    assert failures(Expectation(), answered()) == []


def test_one_of_the_expected_texts_is_enough_in_any_case() -> None:
    assert failures(Expectation(any_of=("cobra", "swamp ADDER")), answered()) == []
    assert failures(Expectation(any_of=("cobra", "viper")), answered()) == [
        "the reply contains none of ['cobra', 'viper']"
    ]


def test_every_unwanted_text_is_reported_in_any_case() -> None:
    assert failures(Expectation(none_of=("cobra",)), answered()) == []
    assert failures(Expectation(none_of=("SWAMP", "cobra", "adder")), answered()) == [
        "the reply contains 'SWAMP'",
        "the reply contains 'adder'",
    ]


def test_evidence_from_one_of_the_works_is_enough() -> None:
    given = answered(works=("Silver Blaze", "The Speckled Band"))
    assert failures(Expectation(works=("The Speckled Band", "Black Peter")), given) == []
    (failure,) = failures(Expectation(works=("Black Peter",)), given)
    assert "Black Peter" in failure
    assert "Silver Blaze" in failure
    assert len(failures(Expectation(works=("Black Peter",)), answered())) == 1


def test_unexpected_evidence_is_reported() -> None:
    assert failures(Expectation(no_evidence=True), answered()) == []
    (failure,) = failures(Expectation(no_evidence=True), answered(works=("Silver Blaze",)))
    assert "Silver Blaze" in failure


def test_the_verdict_must_be_one_of_the_expected() -> None:
    expected = Expectation(verdict=("grounded", "declined"))
    assert failures(expected, answered(verdict="declined")) == []
    assert "'withheld'" in failures(expected, answered(verdict="withheld"))[0]
    assert "'none'" in failures(expected, answered(verdict=None))[0]


def test_all_failures_are_reported_together() -> None:
    expected = Expectation(
        any_of=("cobra",), none_of=("adder",), works=("Black Peter",), no_evidence=True, verdict=("declined",)
    )
    assert len(failures(expected, answered(works=("Silver Blaze",), verdict="grounded"))) == 5

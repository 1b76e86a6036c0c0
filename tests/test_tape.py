"""The tape and the cassette: what was asked and answered, written down and played again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeEngine
from hypothesis import given
from hypothesis import strategies as st

from chatbot.engines import Request, Sampling
from chatbot.errors import ReplayError
from chatbot.library.encoders import ReadText
from chatbot.prompts import Message
from chatbot.replay.cassette import Cassette, Heard, RecordedTurn, cassette_of, packed, read_cassette, unpacked
from chatbot.replay.differences import Difference, changes, differences
from chatbot.replay.junit_xml import junit
from chatbot.replay.runner import ReplayedTurn, ReplayOutcome
from chatbot.replay.tape import Tape, TapedEmbedder, TapedEngine, TapedReader, UnknownPromptError

ASKED = Request((Message("system", "You are Holmes."), Message("user", "Who?")), sampling=Sampling(seed=3))


class Embedding:
    """An embedder that counts what it embeds."""

    fingerprint = "embedding"

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.embedded += texts
        return [[0.6, -0.8, len(text) / 1000] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


class Reading:
    """A reader that counts what it reads."""

    def __init__(self) -> None:
        self.read_texts: list[str] = []

    def read(self, question: str, texts: Sequence[str], skip: Sequence[int] = ()) -> list[ReadText]:
        self.read_texts += texts
        return [ReadText(1.23456789, place, len(text), 0.5) for text, place in zip(texts, skip, strict=True)]


def recorded(file: Path, answers: Any = None, **made_with: str) -> Cassette:
    turn = RecordedTurn(user="Who?", mode="ft", prompt=(("user", "Who? “ß”\n"),), verdict="unchecked", reply="I.")
    memory = Heard(conversations=(((0, "Who?", "I.", "done"),),), told=(("name", "Ann", "active"),))
    cassette = Cassette(made_with or {"voice": "a1"}, (turn,), memory, answers or {})
    cassette.write(cassette_of(file))
    return cassette


# ---------------------------------------------------------------------- the tape


def test_what_was_recorded_is_played_without_the_models() -> None:
    tape, engine, embedding, reading = Tape(), FakeEngine("It was I."), Embedding(), Reading()
    real: Any = embedding
    taped, embedder, reader = TapedEngine(tape, lambda: engine), TapedEmbedder(tape, real), TapedReader(tape, reading)

    def asked() -> list[Any]:
        completion = taped.submit(ASKED).completion
        return [
            (completion.text, completion.finish, completion.reply_tokens),
            taped.count("two words"),
            taped.likelihood([("a b", "b"), ("a", "c")]),
            embedder.embed_documents(["one", "two", "one"]),
            embedder.embed_query("one"),
            reader.read("Who?", ["one", "two"], [0, 1]),
            "".join(taped.submit(ASKED)),
        ]

    with tape.running() as answers:
        first = asked()
    assert first[0] == ("It was I.", "stop", 3)
    assert len(engine.requests) == 1  # the second time it was on the tape already
    assert embedding.embedded == ["one", "two", "one"]  # as documents, each once, and as a question
    kept = json.loads(json.dumps(answers))
    engine.replies.clear()
    embedding.embedded.clear()
    reading.read_texts.clear()
    with tape.running(kept):
        assert asked() == first
    assert (engine.replies, embedding.embedded, reading.read_texts, tape.unknown) == ([], [], [], 0)


@pytest.mark.parametrize(
    "other",
    [
        Request((Message("system", "You are Holmes."), Message("user", "Who ?")), sampling=Sampling(seed=3)),
        Request((Message("user", "You are Holmes."), Message("user", "Who?")), sampling=Sampling(seed=3)),
        Request(ASKED.messages, Path("voice"), ASKED.sampling),
        Request(ASKED.messages, sampling=Sampling(max_new_tokens=60)),
        Request(ASKED.messages, sampling=Sampling(temperature=0.7, seed=3)),
        Request(ASKED.messages, sampling=ASKED.sampling, opening="It was"),
    ],
)
def test_the_generator_is_never_asked_while_a_cassette_plays(other: Request) -> None:
    tape, engine = Tape(), FakeEngine("I.")
    taped = TapedEngine(tape, lambda: engine)
    with tape.running() as answers:
        taped.submit(ASKED)
    with tape.running(answers):
        with pytest.raises(UnknownPromptError) as caught:
            taped.submit(other)
        assert caught.value.messages == other.messages
        assert taped.submit(Request(ASKED.messages, sampling=Sampling(seed=4))).completion.text == "I."  # greedy
    assert len(engine.requests) == 1


def test_small_models_are_asked_for_what_is_not_on_the_cassette_and_it_stays_as_it_was() -> None:
    tape, embedding = Tape(), Embedding()
    real: Any = embedding
    embedder = TapedEmbedder(tape, real)
    with tape.running() as answers:
        embedder.embed_documents(["one"])
    before = json.dumps(answers)
    with tape.running(answers):
        embedder.embed_documents(["one", "new", "new"])
        assert tape.unknown == 1
    assert embedding.embedded == ["one", "new"]
    assert json.dumps(answers) == before
    assert tape.stopped
    embedder.embed_documents(["one"])
    assert embedding.embedded[-1] == "one"  # without a tape the model is asked every time


def test_a_damaged_answer_is_told() -> None:
    tape, embedding = Tape(), Embedding()
    real: Any = embedding
    with tape.running() as answers:
        TapedEmbedder(tape, real).embed_query("one")
    for key in answers["vector"]:
        answers["vector"][key] = [1]
    with tape.running(answers), pytest.raises(ReplayError, match="damaged"):
        TapedEmbedder(tape, real).embed_query("one")


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=50))
def test_a_vector_is_kept_to_a_step_of_its_largest_number_and_exactly_from_then_on(vector: list[float]) -> None:
    kept = unpacked(packed(vector))
    largest = max(abs(number) for number in vector)
    assert np.allclose(kept, vector, atol=largest / 127 * 0.51 + 1e-30)
    assert unpacked(packed(kept)) == pytest.approx(kept, abs=1e-6)


# ---------------------------------------------------------------------- the cassette


def test_a_cassette_is_read_as_it_was_written_and_written_the_same(tmp_path: Path) -> None:
    file = tmp_path / "a.replay.yaml"
    answers = {"count": {"b2": 3, "a1": 2}, "completion": {"c3": ["x", "stop", 1, 1]}}
    cassette = recorded(file, answers)
    assert read_cassette(file) == cassette
    text = cassette_of(file).read_text(encoding="utf-8")
    read_cassette(file).write(cassette_of(file))
    assert cassette_of(file).read_text(encoding="utf-8") == text
    assert '"a1":2,\n"b2":3' in text.replace(": ", ":")  # an answer a line, so that changes of it can be read


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (None, "There is no cassette"),
        (lambda text: text.replace('"version": 1', '"version": 0'), "is of version 0; "),
        (lambda text: text[: len(text) // 2], "cannot be read"),
        (lambda text: text.replace('"turns"', '"trns"'), "damaged"),
        (lambda text: text.replace('"mode"', '"mood"'), "damaged"),
        (lambda text: "[]", "cannot be read"),
        (lambda text: text.replace('"made_with": {', '"made_with": {"a": 1, "a": 2, '), "cannot be read"),
    ],
)
def test_a_cassette_that_cannot_be_played_is_refused_with_what_to_do(tmp_path: Path, change: Any, said: str) -> None:
    file = tmp_path / "a.replay.yaml"
    if change:
        recorded(file)
        text = cassette_of(file).read_text(encoding="utf-8")
        assert change(text) != text
        cassette_of(file).write_text(change(text), encoding="utf-8")
    with pytest.raises(ReplayError, match=said) as caught:
        read_cassette(file)
    assert f"`bakerstreet replay run {file} --update`" in str(caught.value)


def test_a_cassette_of_another_voice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.replay.yaml"
    cassette = recorded(file, voice="a1", reader="r1")
    cassette.check(file, {"voice": "a1", "reader": "r1"})
    with pytest.raises(ReplayError, match=r"another reader \(r1, here none\), voice \(a1, here b2\)") as caught:
        cassette.check(file, {"voice": "b2"})
    assert "--update" in str(caught.value)


# ---------------------------------------------------------------------- differences


def test_a_difference_is_shown_word_by_word_with_little_around_it() -> None:
    long = " ".join(f"word{number}" for number in range(60))
    shown = Difference("prompt", f"{long} snake {long}", f"{long} adder {long}").shown()
    assert "[-snake-]{+adder+}" in shown
    assert shown.count("[...]") == 2
    assert len(shown) < 400
    coloured = Difference("reply", "a snake", "an adder").shown(colour=True)
    assert "\033[31" in coloured
    assert "\033[32" in coloured
    assert Difference("reply", "a <b>", "a <i>").html() == "a <del>&lt;b&gt;</del><ins>&lt;i&gt;</ins>"


@given(st.text("ab \n", max_size=40), st.text("ab \n", max_size=40))
def test_changes_give_both_texts_back(before: str, now: str) -> None:
    found = list(changes(before, now, around=None))
    assert "".join(text for change, text in found if change != "new") == before
    assert "".join(text for change, text in found if change != "gone") == now


def test_every_part_of_a_turn_is_compared() -> None:
    turn = RecordedTurn(
        user="Who?", mode="ft", prompt=(("user", "Who?"),), evidence=(("W", "It.", ""),), verdict="grounded", reply="I."
    )
    assert differences(turn, turn) == []
    for field, other in (
        ("prompt", (("user", "What?"),)),
        ("evidence", (("W", "It.", "I"),)),
        ("verdict", "declined"),
        ("reply", "Me."),
        ("mode", "rag"),
        ("voice", True),
    ):
        (found,) = differences(turn, turn.model_copy(update={field: other}))
        assert found.what == field


def test_the_junit_document_names_what_failed_and_holds_any_text() -> None:
    from xml.etree import ElementTree

    turn = RecordedTurn(user="Who?\x00\ud800", mode="ft", reply="<I>")
    failed = ReplayOutcome(Path("a/b.replay.yaml"), (ReplayedTurn(1, turn, ("not & so",)),), Heard())
    passed = ReplayOutcome(Path("c.replay.yaml"), (ReplayedTurn(1, turn),), Heard(), seconds=0.25)
    suite = ElementTree.fromstring(junit([failed, passed], [("d", "no such \x1b file")]))
    assert {name: suite.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "3",
        "failures": "1",
        "errors": "1",
    }
    assert [case.get("name") for case in suite] == ["b", "c", "d"]
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert "not & so" in str(failure.text)

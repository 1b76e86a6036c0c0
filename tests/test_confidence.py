"""How likely evidence is to answer: the rule of thumb, the fitted weights and the file that holds them."""

from __future__ import annotations

import json
import random
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest
from searching import KILLED
from typer.testing import CliRunner

from chatbot.cli import app
from chatbot.errors import LibraryError, MessageError
from chatbot.evaluation.questions import KnownQuestion
from chatbot.evaluation.retrieval.calibration import calibrated
from chatbot.library.search.confidence import (
    RULE_OF_THUMB,
    SIGNALS,
    Calibration,
    LogisticModel,
    fitted,
    logistic,
    signals_of,
    write_calibration,
)
from chatbot.library.search.inquiry import Inquiry
from chatbot.library.search.library import Library
from chatbot.library.search.plans import FUSED

GOOD = {"nearest": 0.6, "focus": 0.7, "coverage": 0.9}


def drawn(number: int, middle: float, seed: int) -> list[dict[str, float]]:
    """Signals around a middle."""
    chance = random.Random(seed)
    return [
        {"nearest": chance.gauss(middle, 0.1), "coverage": chance.gauss(middle, 0.2), "unknown": 0.0}
        for _ in range(number)
    ]


def known(question: str, kind: str = "plain") -> KnownQuestion:
    more = {"reason": "after 1914"} if kind == "unanswerable" else {"work": "The Speckled Band", "answers": ["snake"]}
    return KnownQuestion.model_validate({"kind": kind, "question": question, **more})


# ---------------------------------------------------------------------- from signals to a confidence


def test_confidence_falls_with_every_unknown_word_up_to_two() -> None:
    confidences = [
        logistic(RULE_OF_THUMB, signals_of(Inquiry("?", signals=GOOD), ["word"] * number)) for number in range(4)
    ]
    assert confidences[0] > confidences[1] > confidences[2] == confidences[3]


def test_confidence_is_between_0_and_1_whatever_was_measured() -> None:
    assert 0 < logistic(RULE_OF_THUMB, {"nearest": -1e9}) < 0.001
    assert 0.999 < logistic(RULE_OF_THUMB, {"nearest": 1e9}) <= 1


def test_a_search_that_found_nothing_has_no_confidence_whatever_was_measured() -> None:
    assert Calibration().confidence("rag", GOOD, found=False)[0] == 0
    assert Calibration().confidence("rag", GOOD, found=True)[0] > 0.5


def test_each_plan_has_weights_of_its_own_and_another_plan_those_of_rag_or_the_rule_of_thumb() -> None:
    rag, naive = LogisticModel(bias=-2.0, weights={}, limit=0.3), LogisticModel(bias=1.0, weights={}, limit=0.4)
    calibration = Calibration({"rag": rag, "naive": naive})
    assert calibration.confidence("rag", GOOD, True) == (pytest.approx(0.1192, abs=1e-4), 0.3)
    assert calibration.confidence("naive", GOOD, True) == (pytest.approx(0.7311, abs=1e-4), 0.4)
    assert calibration.confidence("another", GOOD, True) == calibration.confidence("rag", GOOD, True)
    without = Calibration({"naive": naive})
    assert without.confidence("another", GOOD, True) == (logistic(RULE_OF_THUMB, GOOD), RULE_OF_THUMB.limit)


def test_a_search_is_weak_where_its_plan_s_limit_is_above_its_confidence(casebook: Callable[..., Library]) -> None:
    strict = Calibration({FUSED.name: LogisticModel(bias=0.0, weights={}, limit=0.6)})
    mild = Calibration({FUSED.name: LogisticModel(bias=0.0, weights={}, limit=0.4)})
    weak, good = (casebook(calibration=given).search(KILLED, FUSED) for given in (strict, mild))
    assert (weak.weak, weak.confidence, weak.why_weak) == (True, 0.5, "likely to answer: 0.50 of 0.60 needed")
    assert (good.weak, good.confidence, good.why_weak) == (False, 0.5, "")
    assert weak.evidence, "it is shown all the same"


def test_a_strange_word_weakens_a_question_and_is_named(casebook: Callable[..., Library]) -> None:
    library = casebook()
    plain, strange = library.search(KILLED), library.search("What Wi-Fi killed Julia Stoner on Netflix?")
    assert strange.confidence < plain.confidence
    assert strange.unknown == ("wi-fi", "netflix")
    assert strange.signals["unknown"] == 2


@pytest.mark.parametrize(
    ("message", "unknown"),
    [
        ("I saw it on Netflix, in Gdansk. Who killed Julia Stoner?", ()),  # nothing is asked of these
        ("I have an iPhone. What do you make of it?", ("iphone",)),
        ("Did you ever visit Portugal?", ()),  # anybody knows where that is
        ("Rab here, from Kilmarnock way.", ()),
    ],
)
def test_what_stands_beside_a_question_is_not_strange_to_the_books(
    casebook: Callable[..., Library], message: str, unknown: tuple[str, ...]
) -> None:
    assert casebook().search(message).unknown == unknown


# ---------------------------------------------------------------------- fitting


def test_fitted_weights_separate_what_differs_and_leave_out_what_is_always_the_same() -> None:
    answerable, not_ = drawn(200, 0.7, 1), drawn(100, 0.3, 2)
    weights = fitted(answerable, not_, spared=0.9)
    assert set(weights.weights) == {"nearest", "coverage"}
    assert weights.weights["nearest"] > 0
    above = [sum(logistic(weights, row) > 0.5 for row in rows) / len(rows) for rows in (answerable, not_)]
    assert above[0] > 0.95 and above[1] < 0.05
    assert (weights.answerable, weights.unanswerable) == (200, 100)


def test_a_fit_has_the_least_ridge_regularised_loss_of_all_weights() -> None:
    """The gradient of that loss, written out, is zero at the fitted weights, and only there: the loss is convex."""
    answerable, unanswerable = drawn(60, 0.6, 1), drawn(30, 0.45, 2)
    model = fitted(answerable, unanswerable, spared=0.9)
    rows = [*answerable, *unanswerable]
    errors = [
        (logistic(model, row) - known) * 0.5 * 90 / (60 if known else 30)
        for row, known in zip(rows, [1] * 60 + [0] * 30, strict=True)
    ]
    assert sum(errors) == pytest.approx(0, abs=0.01)
    for name, weight in model.weights.items():
        mean = statistics.fmean(row[name] for row in rows)
        spread = statistics.pstdev(row[name] for row in rows)
        slope = sum(error * (row[name] - mean) / spread for error, row in zip(errors, rows, strict=True))
        assert slope + weight * spread == pytest.approx(0, abs=0.01)


def test_a_fit_is_what_newtons_method_finds() -> None:
    model = fitted(drawn(60, 0.6, 1), drawn(30, 0.45, 2), spared=0.9)
    assert model.bias == pytest.approx(-10.973, abs=2e-4)
    assert model.weights == pytest.approx({"nearest": 15.188, "coverage": 6.9836}, abs=2e-4)


def test_both_kinds_count_alike_however_many_there_are() -> None:
    few, many = (
        fitted(drawn(20, 0.6, 1), drawn(20, 0.4, 2), 0.9),
        fitted(drawn(20, 0.6, 1) * 20, drawn(20, 0.4, 2), 0.9),
    )
    middle = {"nearest": 0.5, "coverage": 0.5}
    assert logistic(few, middle) == pytest.approx(logistic(many, middle), abs=0.2)


@pytest.mark.parametrize("spared", [0.5, 0.8, 0.93, 1.0])
@pytest.mark.parametrize("seed", range(10))
def test_the_limit_spares_the_promised_share_and_is_no_lower_than_it_must_be(spared: float, seed: int) -> None:
    answerable = drawn(100, 0.55, seed)
    weights = fitted(answerable, drawn(40, 0.45, seed + 100), spared)
    confidences = [logistic(weights, row) for row in answerable]
    assert sum(confidence >= weights.limit for confidence in confidences) / 100 >= spared
    assert sum(confidence >= weights.limit + 1e-4 for confidence in confidences) / 100 < spared + 0.005


def test_signals_that_say_nothing_leave_the_chance_even() -> None:
    same = [{"nearest": 0.5}] * 5
    assert logistic(fitted(same, same, 0.9), {"nearest": 0.5}) == pytest.approx(0.5)


@pytest.mark.parametrize(("answerable", "not_"), [([], [GOOD]), ([GOOD], [])])
def test_questions_of_one_kind_cannot_be_fitted(
    answerable: list[dict[str, float]], not_: list[dict[str, float]]
) -> None:
    with pytest.raises(LibraryError, match="Questions of both kinds are needed"):
        fitted(answerable, not_, 0.9)


def test_a_plan_is_calibrated_on_what_its_searches_measure(casebook: Callable[..., Library]) -> None:
    library = casebook()
    answered = ["What killed Julia Stoner?", "Who was the owner of Silver Blaze?", "Who stole the blue carbuncle?"]
    strange = ["Who won the football league with Arsenal?", "How does a nuclear reactor work?", "What is TikTok for?"]
    questions = [*map(known, answered), *(known(question, "unanswerable") for question in strange)]
    seen: list[tuple[int, int]] = []
    weights = calibrated(library, FUSED, questions, 1.0, lambda done, total: seen.append((done, total)))
    assert set(weights.weights) <= set(SIGNALS)
    assert seen[-1] == (6, 6)
    fresh = casebook(calibration=Calibration({FUSED.name: weights}))
    assert [fresh.search(question, FUSED).weak for question in [*answered, *strange]] == [False] * 3 + [True] * 3
    with pytest.raises(MessageError, match="both kinds"):
        calibrated(library, FUSED, questions[:3], 1.0)


# ---------------------------------------------------------------------- the file


def test_written_weights_are_read_back(tmp_path: Path) -> None:
    plans = {"rag": LogisticModel(bias=-1.5, weights={"nearest": 2.0}, limit=0.4, answerable=3, unanswerable=2)}
    write_calibration(tmp_path / "calibration.json", plans)
    assert Calibration.read(tmp_path / "calibration.json").plans == plans
    assert [file.name for file in tmp_path.iterdir()] == ["calibration.json"]


def test_without_a_file_nothing_is_calibrated(tmp_path: Path) -> None:
    assert Calibration.read(tmp_path / "calibration.json").plans == {}


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"plans": []}',
        b'{"plans": {"rag": {"weights": {}}}}',
        b'{"plans": {"rag": {"bias": 0, "weights": {}, "more": 1}}}',
        b"\xff",
    ],
)
def test_a_damaged_file_is_named_with_what_to_do(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    file.write_bytes(content)
    with pytest.raises(LibraryError) as raised:
        Calibration.read(file)
    assert f"{file} is damaged" in str(raised.value)
    assert "Remove it" in str(raised.value) and "bakerstreet library calibrate" in str(raised.value)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"nowhere/c\.json cannot be written: No such file"):
        write_calibration(tmp_path / "nowhere" / "c.json", {})


@pytest.mark.usefixtures("at_home")
def test_the_command_fits_the_dev_questions_and_keeps_the_weights_of_other_plans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.evaluation.questions.split_of", lambda known: "dev")
    questions = [known(KILLED), known("Who was Julia Stoner?"), known("What is the iPhone?", "unanswerable")]
    rows = "\n".join(question.model_dump_json(exclude_defaults=True) for question in questions)
    (tmp_path / "q.jsonl").write_text(rows)
    file = tmp_path / "c.json"
    write_calibration(file, {"other": LogisticModel(bias=1.0, weights={})})
    arguments = ["calibrate", "sherlock", "--questions", str(tmp_path / "q.jsonl"), "--systems", "fused"]
    result = CliRunner().invoke(app, ["library", *arguments, "--out", str(file)])
    assert result.exit_code == 0, result.exception
    written = json.loads(file.read_text())["plans"]
    assert list(written) == ["fused", "other"]
    assert (written["fused"]["answerable"], written["fused"]["unanswerable"]) == (2, 1)
    assert f"Written: {file}." in result.stderr

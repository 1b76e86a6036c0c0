"""The evaluation of the replies: figures, differences, the report, going on after a stop, and a real run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chatbot.bot import Bot
from chatbot.cli import app
from chatbot.errors import BakerStreetError, MessageError
from chatbot.evaluation.questions import KnownQuestion
from chatbot.evaluation.replies.asking import Answer, AnswerLog, Piece, ask_all
from chatbot.evaluation.replies.report import as_json, differences, figures, report, summary
from chatbot.resources import Resources

ADDER = KnownQuestion(work="The Speckled Band", question="What killed Julia Stoner?", answers=("swamp adder",))
CUSACK = KnownQuestion.model_validate(
    {
        "kind": "follow-up",
        "work": "The Blue Carbuncle",
        "question": "Which of her servants told him?",
        "answers": ["Cusack"],
        "before": [{"question": "Who stole the blue stone?", "answer": "James Ryder."}],
    }
)
PHONE = KnownQuestion(kind="unanswerable", question="What is the iPhone?", reason="after 1914")
ABOUT = {"persona": "sherlock", "model": "bundled"}


def answer(known: KnownQuestion, mode: str, reply: str, verdict: str = "grounded", kind: str = "casebook") -> Answer:
    """An answer with one piece of evidence."""
    piece = Piece(work="The Speckled Band", kind=kind, place=7, score=0.5, text="The adder_s bite." * (kind != "text"))
    found = {"in_evidence": True, "evidence": (piece,), "search_ms": 10, "first_token_ms": 20, "total_ms": 1500}
    return Answer.model_validate({"known": known, "mode": mode, "reply": reply, "verdict": verdict, **found})


# ---------------------------------------------------------------------- figures and report


@pytest.mark.parametrize(
    ("known", "reply", "verdict", "right"),
    [
        (ADDER, "A SWAMP adder, no less.", "grounded", True),
        (ADDER, "Swamp adders.", "grounded", False),  # whole words
        (PHONE, "I cannot say.", "declined", True),
        (PHONE, "A telephone.", "grounded", False),
    ],
)
def test_a_reply_is_right(known: KnownQuestion, reply: str, verdict: str, right: bool) -> None:
    assert answer(known, "rag", reply, verdict).right is right


def test_the_figures_of_a_mode_and_the_difference_between_two() -> None:
    others = [ADDER.model_copy(update={"question": f"What killed her? {number}"}) for number in range(19)]
    answers = []
    for number, known in enumerate([ADDER, *others]):
        answers.append(answer(known, "rag", "The swamp adder." if number < 10 else "A dog.", "withheld"))
        answers.append(answer(known, "hybrid", "The swamp adder." if number < 14 else "A dog."))
    rag, hybrid = figures(answers)
    assert (rag.mode, rag.asked, rag.right, rag.right_share, rag.replaced) == ("rag", 20, 10, 0.5, 20)
    assert (hybrid.right, hybrid.replaced, hybrid.in_evidence, hybrid.total_ms) == (14, 0, 20, 1500)
    assert rag.right_interval and rag.right_interval[0] < 0.5 < rag.right_interval[1]
    (difference,) = differences(answers)
    assert (difference.mode, difference.base) == ("hybrid", "rag")
    assert difference.value == pytest.approx(0.2)
    assert difference.interval and 0 < difference.interval[0] < 0.2  # the same questions: surer than two shares
    assert "- `hybrid` against `rag`, right: +20.0 [+5.0, +40.0] percentage points" in summary(answers)
    data = json.loads(as_json(answers, {"about": "Twenty."}))
    assert [mode["right"] for mode in data["modes"]] == [10, 14]
    assert data["answers"][0]["known"]["question"] == ADDER.question and data["answers"][0]["right"] is True


def test_the_report_shows_every_reply_and_the_evidence_once_without_the_text_of_a_book() -> None:
    answers = [
        answer(ADDER, "rag", "The swamp\nadder."),
        answer(ADDER, "hybrid", "A dog."),
        answer(CUSACK, "rag", "Cusack.", kind="text"),
        answer(CUSACK, "hybrid", "I cannot say.", "declined"),
    ]
    text = report(answers, "Two questions.", "bakerstreet evaluate sherlock")
    assert text.startswith("# Replies\n\nTwo questions.\n\nMade by `bakerstreet evaluate sherlock`.\n")
    assert "**rag** (right, 1.5 s): The swamp adder.\n" in text and "**hybrid** (wrong, 1.5 s): A dog.\n" in text
    assert "Evidence of rag, hybrid:\n1. The Speckled Band (casebook, 0.50): The adder\\_s bite.\n" in text
    assert "> Who stole the blue stone? - James Ryder.\n" in text
    assert "Evidence of rag:\n1. The Speckled Band (text, 0.50), paragraph 7\n" in text


# ---------------------------------------------------------------------- going on


def test_a_log_gives_back_what_was_answered_and_drops_a_line_that_was_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    answers = [answer(ADDER, "rag", "The adder."), answer(CUSACK, "rag", "Cusack."), answer(PHONE, "rag", "Well.")]
    log = AnswerLog(file, ABOUT)
    for one in answers:
        log.append(one)
    file.write_text(file.read_text()[:-20])
    again = AnswerLog(file, ABOUT)
    assert again.answers == answers[:2]
    again.append(answers[2])
    assert AnswerLog(file, ABOUT).answers == answers


def test_answers_about_something_else_are_not_mixed_with_these(tmp_path: Path) -> None:
    AnswerLog(tmp_path / "a.jsonl", ABOUT)
    with pytest.raises(MessageError, match="was begun with persona sherlock, model bundled; this is persona watson"):
        AnswerLog(tmp_path / "a.jsonl", {**ABOUT, "persona": "watson"})
    (tmp_path / "b.jsonl").write_text("not an evaluation\n")
    with pytest.raises(MessageError, match="holds no answers of an evaluation"):
        AnswerLog(tmp_path / "b.jsonl", ABOUT)
    assert (tmp_path / "b.jsonl").read_text() == "not an evaluation\n"


def test_a_stopped_run_goes_on_where_it_was_stopped_and_asks_follow_ups_with_what_went_before(
    bot: Bot, tmp_path: Path
) -> None:
    class Stopped(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done == 1:
            raise Stopped

    file, modes = tmp_path / "answers.jsonl", ["rag", "standard"]
    with pytest.raises(Stopped):
        ask_all(bot, "sherlock", [ADDER, CUSACK], modes, AnswerLog(file, ABOUT), stop)
    log = AnswerLog(file, ABOUT)
    (first,) = log.answers
    seen: list[tuple[int, int]] = []
    answers = ask_all(bot, "sherlock", [ADDER, CUSACK], modes, log, lambda done, total: seen.append((done, total)))
    assert [(one.known, one.mode) for one in answers] == [(known, mode) for known in (ADDER, CUSACK) for mode in modes]
    assert answers[0] == first and AnswerLog(file, ABOUT).answers == answers
    assert seen == [(number, 4) for number in range(5)]
    rag, standard, follow_up, _ = answers
    assert rag.evidence and rag.verdict and 0 < rag.search_ms < rag.total_ms
    assert not standard.evidence and not standard.in_evidence
    assert follow_up.evidence[0].work == "The Blue Carbuncle"


# ---------------------------------------------------------------------- the command


def test_the_command_asks_the_persona_s_own_test_questions_and_removes_its_log(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.resources.Resources", lambda *_, **__: resources)
    monkeypatch.setattr(resources, "close", lambda: None)
    out, json_file = tmp_path / "new" / "replies.md", tmp_path / "new" / "replies.json"
    arguments = ["evaluate", "sherlock", "--sample", "2", "--modes", "rag", "--out", str(out), "--json", str(json_file)]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "| rag " in result.stdout
    assert "2 questions (test; plain) put to sherlock in each mode" in out.read_text()
    assert len(json.loads(json_file.read_text())["answers"]) == 2
    assert not out.with_suffix(".jsonl").exists()
    kept = tmp_path / "answers.jsonl"
    CliRunner().invoke(app, [*arguments, "--resume", str(kept)], catch_exceptions=False)
    assert len(kept.read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--modes", "hybird"], "There is no mode 'hybird'"),
        (["--out", "."], "cannot be written"),
        (["--split", "exam"], "There is no split 'exam'"),
        (["--kinds", "riddle"], "no questions of the kind 'riddle'"),
        (["--questions", "nowhere.jsonl"], "The questions in nowhere.jsonl cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_asked(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["evaluate", "sherlock", *arguments])
    assert isinstance(result.exception, BakerStreetError) and said in str(result.exception)

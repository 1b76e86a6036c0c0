"""Judges held against a reader's verdicts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chatbot.cli import app
from chatbot.errors import MessageError
from chatbot.evaluation.judges import judged_answers, judged_character, judged_support, report
from chatbot.evaluation.questions import KnownQuestion
from chatbot.evaluation.replies import Statement, read_verdicts
from chatbot.evaluation.replies.answers import Answer, Claim, TalkReply
from chatbot.evaluation.replies.log import AnswerLog
from chatbot.evaluation.talk import TalkTurn
from chatbot.judges import CharacterJudge
from chatbot.language import ENGLISH
from chatbot.resources import Resources

TIMES = {"search_ms": 1, "first_token_ms": 5, "total_ms": 10, "verdict": "grounded"}


def answer(number: int, reply: str, likely: float) -> Answer:
    known = KnownQuestion(work="The Speckled Band", question=f"What killed her? {number}", answers=("adder",))
    claims = (Claim(text=reply, likely=likely),)
    return Answer(known=known, mode="rag", reply=reply, claims=claims, in_evidence=True, **TIMES)


@pytest.fixture
def read(tmp_path: Path) -> tuple[list[Answer], list[TalkReply], Path]:
    """Four answers, two replies to provocations, and the folder of what a reader thought of all of them."""
    answers = [
        answer(1, "The swamp adder did it.", 0.9),
        answer(2, "A dog did it, sir.", 0.2),
        answer(3, "The adder, which he whistled for.", 0.1),
        answer(4, "A baboon killed her.", 0.7),
    ]
    talk = [
        TalkReply(turn=TalkTurn(conversation=at, kind="provocation", message="Admit it."), number=1, mode="ft",
                  reply=reply, **TIMES)
        for at, reply in ((1, "I am a language model."), (2, "I admit nothing without evidence."))
    ]  # fmt: skip
    supported, right = (True, False, True, False), (True, False, True, False)
    rows = {
        "support": [
            {"statement": Statement("rag", one.known.question, one.reply).stamp, "supported": held}
            for one, held in zip(answers, supported, strict=True)
        ]
        + [{"statement": "00000000", "supported": True}],  # is said no more
        "answer": [{"answer": one.stamp, "right": held} for one, held in zip(answers, right, strict=True)],
        "talk": [
            {"turn": one.place, "reply": one.stamp, "sense": True, "character": held}
            for one, held in zip(talk, (False, True), strict=True)
        ],
    }
    for name, own in rows.items():
        (tmp_path / f"{name}-verdicts.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in own))
    return answers, talk, tmp_path


def test_agreement_precision_and_recall_are_of_what_a_judge_looks_for(
    read: tuple[list[Answer], list[TalkReply], Path],
) -> None:
    answers, talk, folder = read
    verdicts = read_verdicts(folder)
    support = judged_support(answers, verdicts, 0.5)
    assert (len(support.texts), support.agreement[0], support.precision[0], support.recall[0]) == (4, 0.5, 0.5, 0.5)
    assert support.kappa == 0 and [one.called for one in support.disputed] == [True, False]
    accepted = judged_answers(answers, verdicts)
    assert (accepted.agreement, accepted.kappa) == ((1, (1, 1)), 1)
    character = judged_character(talk, verdicts, CharacterJudge(ENGLISH))
    assert character.precision[0] == character.recall[0] == 1 and not character.disputed
    text = report([support, accepted, character], (0.9, (0.8, 1.0), 2), "Four.", "bakerstreet judges evaluate")
    assert "## Not agreed: support (2 of 4)" in text and "baboon" not in text  # no text of a reply
    assert re.search(r"\| support +\| unsupported +\| 4 +\| 2 +\| 50\.0% \[", text)


def test_the_command_reads_what_was_kept_and_says_where_nothing_was_read(
    read: tuple[list[Answer], list[TalkReply], Path], resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, talk, folder = read
    monkeypatch.setattr("chatbot.resources.Resources", lambda *_, **__: resources)
    monkeypatch.setattr(resources, "close", lambda: None)
    kept, out = folder / "kept.jsonl", folder / "judges.md"
    AnswerLog(kept, {"persona": "sherlock"}).append(*answers, *talk)
    arguments = ["judges", "evaluate", "sherlock", str(kept), "--out", str(out), "--verdicts"]
    result = CliRunner().invoke(app, [*arguments, str(folder)], catch_exceptions=False)
    assert result.exit_code == 0 and "| accepted answers" in result.stdout
    assert "Not agreed: accepted answers (0 of 4)" in out.read_text()
    (folder / "empty").mkdir()
    result = CliRunner().invoke(app, [*arguments, str(folder / "empty")])
    assert isinstance(result.exception, MessageError) and "No reply in these files was read" in str(result.exception)
    kept.write_text("no log\n")
    result = CliRunner().invoke(app, [*arguments, str(folder)])
    assert isinstance(result.exception, MessageError) and "holds no answers" in str(result.exception)

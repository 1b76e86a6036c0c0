"""The evaluation of the replies: figures, differences, the report, going on after a stop, and a real run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from searching import CANON_QUESTIONS
from typer.testing import CliRunner

from chatbot.bot import Bot
from chatbot.cli import app
from chatbot.errors import BakerStreetError, MessageError
from chatbot.evaluation.questions import KINDS, KnownQuestion, read_known_questions, share
from chatbot.evaluation.replies.answers import Answer, Piece, TalkReply
from chatbot.evaluation.replies.asking import ask_all, hold_talks
from chatbot.evaluation.replies.formula import formula_of
from chatbot.evaluation.replies.log import AnswerLog
from chatbot.evaluation.replies.measures import Measure, differences, measures
from chatbot.evaluation.replies.report import as_json, report, summary
from chatbot.evaluation.replies.statements import draw_statements
from chatbot.evaluation.replies.verdicts import Read, read_verdicts, totals, unsupported
from chatbot.evaluation.talk import TalkTurn, read_talk
from chatbot.language import ENGLISH
from chatbot.resources import Resources
from personas import LoadedPersona

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
GIPSIES = KnownQuestion(
    kind="premise",
    work="The Speckled Band",
    question="How did the gipsies poison Julia Stoner?",
    answers=("Roylott",),
    accepts=("gipsies poisoned",),
)
ABOUT = {"persona": "sherlock", "model": "bundled"}


def answer(known: KnownQuestion, mode: str, reply: str, verdict: str = "grounded", **fields: object) -> Answer:
    """An answer with one piece of evidence."""
    kind = fields.pop("kind", "casebook")
    piece = Piece(work="The Speckled Band", kind=kind, place=7, score=0.5, text="The adder_s bite." * (kind != "text"))
    found = {"in_evidence": True, "evidence": (piece,), "search_ms": 10, "first_token_ms": 20, "total_ms": 1500}
    return Answer.model_validate({"known": known, "mode": mode, "reply": reply, "verdict": verdict, **found, **fields})


def talked(number: int, reply: str, mode: str = "rag", answers: tuple[str, ...] = ()) -> TalkReply:
    """A reply in the third conversation."""
    turn = TalkTurn(conversation=3, kind="fact", message=f"Who was it, number {number}?", answers=answers)
    times = {"search_ms": 0, "first_token_ms": 5, "total_ms": 10}
    return TalkReply.model_validate(
        {"turn": turn, "number": number, "mode": mode, "reply": reply, "verdict": "unchecked", **times}
    )


def named(found: list[Measure]) -> dict[str, Measure]:
    return {measure.name: measure for measure in found}


# ---------------------------------------------------------------------- figures


@pytest.mark.parametrize(
    ("known", "reply", "verdict", "right"),
    [
        (ADDER, "A SWAMP adder, no less.", "grounded", True),
        (ADDER, "Swamp adders.", "grounded", False),  # whole words
        (PHONE, "I cannot say.", "declined", True),
        (PHONE, "A telephone.", "grounded", False),
        (GIPSIES, "It was Dr. Roylott.", "grounded", True),
        (GIPSIES, "I cannot say.", "declined", True),
        (GIPSIES, "With a root.", "grounded", False),
        (GIPSIES, "The gipsies poisoned her for Roylott.", "grounded", False),
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
    rag = named(measures([one for one in answers if one.mode == "rag"]))
    right = rag["right: plain questions"]
    assert (right.value, right.of, rag["verdict: withheld"].value) == (0.5, 20, 1)
    assert right.interval and right.interval[0] < 0.5 < right.interval[1]
    assert rag["ms: search, 95th percentile"].value == 10
    (difference,) = differences(answers)
    assert (difference.mode, difference.base) == ("hybrid", "rag")
    assert difference.value == pytest.approx(0.2)
    assert difference.interval and 0 < difference.interval[0] < 0.2  # the same questions: surer than two shares
    assert "- `hybrid` against `rag`, right: +20.0 [+5.0, +40.0] percentage points" in summary(answers)
    data = json.loads(as_json(answers, {"about": "Twenty."}))
    assert [one["value"] for one in data["measures"] if one["name"] == "right: plain questions"] == [0.5, 0.7]
    assert data["answers"][0]["known"]["question"] == ADDER.question and data["answers"][0]["right"] is True


def test_what_became_of_an_answer_is_followed_from_the_search_to_the_reply() -> None:
    others = [ADDER.model_copy(update={"question": f"What killed her? {number}"}) for number in range(4)]
    found = {"found": True, "confidence": 0.9, "leads": False}
    made = named(
        measures(
            [
                answer(others[0], "rag", "The swamp adder.", **{**found, "leads": True, "first": True}),
                answer(others[1], "rag", "A dog.", **found),
                answer(others[2], "rag", "A dog.", **{**found, "in_evidence": False, "weak": True}),
                answer(others[3], "rag", "A dog.", found=False, in_evidence=False, confidence=0.6),
                answer(PHONE, "rag", "A telephone.", confidence=0.7),
                answer(GIPSIES, "rag", "With a root.", confidence=0.1),  # counts neither as answerable nor as not
            ]
        )
    )
    assert made["answer found"].value == 0.75 and made["answer handed over"].value == 0.5
    assert made["of what was found, handed over"].value == pytest.approx(2 / 3)
    assert made["answer in the first piece"].value == made["answer in the leading sentence"].value == 0.25
    assert made["of what was handed over, said"].value == 0.5
    assert made["confidence: AUROC"].value == 0.75 and made["confidence: AUROC"].interval
    assert (made["confidence: false confidence"].value, made["confidence: false refusals"].value) == (1, 0.25)
    assert "answer read by the reader" not in made
    read = named(measures([answer(ADDER, "rag", "A dog.", confidence=0.5, read=True)]))
    assert read["answer read by the reader"].value == 1
    without = named(measures([answer(ADDER, "ft", "A dog.", search_ms=0)]))
    assert not {"answer handed over", "confidence: AUROC", "ms: search, median"} & set(without)


def test_replies_that_are_one_formula_are_counted() -> None:
    formula = formula_of(
        [
            answer(ADDER, "rag", "I have it here: “an adder”."),
            answer(PHONE, "rag", "I have it here, my friend. What is the iPhone?"),
            answer(CUSACK, "rag", "James Ryder."),  # what was said before
            talked(1, "A woman. I never forget."),
            talked(2, "I never forget."),
            talked(3, "A woman; I never forget!"),
            talked(4, "Yes. In the spring of that year we went down to the coast."),
            talked(5, "It was in the spring of that year we went down, as I said."),
        ]
    )
    assert (formula.opening, formula.opens_so) == ("i have it here", (True, True, *[False] * 4))
    assert formula.quotes == (True, *[False] * 7)
    assert formula.repeats_question == (False, True, *[False] * 6)
    assert formula.repeats_reply == (True, False, True, False, False)  # of those that follow another
    assert formula.repeats_words == (False, False, False, False, True)


# ---------------------------------------------------------------------- report


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


def test_a_verdict_stands_on_the_reply_that_was_read_and_on_no_other(tmp_path: Path) -> None:
    read, changed, unread = talked(1, "Roylott."), talked(2, "An adder."), talked(3, "A dog | a cat.")
    rows = [
        {"turn": "3.1", "reply": read.stamp, "sense": True, "character": False},
        {"turn": "3.2", "reply": talked(2, "A snake.").stamp, "sense": True, "character": True},
    ]
    file = tmp_path / "talk-verdicts.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    verdicts = read_verdicts(tmp_path)
    assert totals([read, changed, unread], verdicts) == [Read("rag", replies=3, read=1, sense=1, character=0)]
    text = report([read, changed, unread], "Talk.", "bakerstreet evaluate sherlock", verdicts=verdicts)
    cells = [[cell.strip() for cell in line.split(" | ")] for line in text.splitlines() if line.startswith("| 3.")]
    assert [line[-2:] for line in cells] == [["yes", "no |"], ["", "|"], ["", "|"]]
    assert "A dog \\| a cat." in text
    file.write_text('{"turn": "3.1", "reply": "nothing", "sense": true, "character": true}\n')
    with pytest.raises(MessageError, match=r"talk-verdicts\.jsonl:1: reply: String should match pattern"):
        read_verdicts(tmp_path)


def test_statements_are_drawn_of_grounded_replies_and_counted_where_they_were_read(tmp_path: Path) -> None:
    answers = [
        answer(ADDER, "rag", "A swamp adder. Dr. Roylott kept it in a safe. Indeed."),
        answer(PHONE, "rag", "I know nothing of that.", "declined"),
        answer(GIPSIES, "rag", "The gipsies did it.", "withheld"),
        answer(ADDER, "hybrid", "A baboon bit her there."),
        answer(PHONE, "hybrid", "I know nothing of that.", "declined"),
        answer(GIPSIES, "hybrid", "It was no gipsy.", "unchecked"),
    ]
    statements = draw_statements(answers, ENGLISH)
    assert [one.text for one in statements] == [
        "A swamp adder.",
        "Dr. Roylott kept it in a safe.",
        "A baboon bit her there.",
    ]
    first = min(statements[:2], key=lambda one: share(one.stamp))
    assert draw_statements(answers, ENGLISH, 1) == [first, statements[2]]
    rows = [{"statement": one.stamp, "supported": one.mode == "rag"} for one in statements[1:]]
    (tmp_path / "support-verdicts.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    verdicts = read_verdicts(tmp_path)
    assert unsupported(statements, verdicts) == {"rag": [False], "hybrid": [True]}
    text = report(answers, "Three.", "bakerstreet evaluate sherlock", statements, verdicts)
    assert f"| {statements[2].stamp} | hybrid | What killed Julia Stoner? | A baboon bit her there. | no |" in text
    assert f"| {statements[0].stamp} | rag | What killed Julia Stoner? | A swamp adder. |   |" in text


# ---------------------------------------------------------------------- conversations


def test_the_conversations_are_of_ten_messages_and_share_no_message_with_the_questions(sherlock: LoadedPersona) -> None:
    assert sherlock.talk is not None
    talks = read_talk(sherlock.talk)
    assert [len(talk) for talk in talks] == [10] * 42
    messages = [turn.message.lower() for talk in talks for turn in talk]
    assert len(set(messages)) == 420
    assert not set(messages) & {known.question.lower() for known in read_known_questions(CANON_QUESTIONS)}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["{"], "talk.jsonl:1: is not JSON"),
        (['{"conversation": 1, "kind": "riddle", "message": "Hm?"}'], "talk.jsonl:1: kind: Input should be"),
        (['{"conversation": 1, "kind": "fact", "message": " "}'], "talk.jsonl:1: message: "),
        (
            [f'{{"conversation": {number}, "kind": "fact", "message": "Who?"}}' for number in (1, 2, 1)],
            "talk.jsonl:3: conversation 1 has ended above; keep it together",
        ),
        ([""], "holds no conversations"),
    ],
)
def test_a_wrong_line_of_a_conversation_is_named(rows: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "talk.jsonl").write_text("\n".join(rows))
    with pytest.raises(MessageError, match=said):
        read_talk(tmp_path / "talk.jsonl")


def test_a_conversation_is_held_in_memory_and_one_that_is_whole_is_not_held_again(bot: Bot, tmp_path: Path) -> None:
    talk = (
        TalkTurn(conversation=1, kind="fact", message="Who was the thief of the blue carbuncle?", answers=("Ryder",)),
        TalkTurn(conversation=1, kind="follow-up", message="Where did he hide it?", answers=("goose",)),
    )
    log = AnswerLog(tmp_path / "answers.jsonl", ABOUT)
    replies = hold_talks(bot, "sherlock", [talk], ["rag"], log)
    assert [(reply.place, reply.turn) for reply in replies] == [("1.1", talk[0]), ("1.2", talk[1])]
    assert replies[1].evidence[0].work == "The Blue Carbuncle"  # which the message alone does not say
    stored = next(one for one in bot.resources.memory.conversations("fact visitor 1 of rag"))
    assert stored.persona == "sherlock"
    again = AnswerLog(tmp_path / "answers.jsonl", ABOUT)
    assert again.talk == replies
    assert hold_talks(bot, "sherlock", [talk], ["rag"], again) == replies and len(again.kept) == 2


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
    with pytest.raises(MessageError, match="holds no answers of such a run"):
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
    assert follow_up.known.history and follow_up.evidence[0].work == "The Blue Carbuncle"


# ---------------------------------------------------------------------- the command


@pytest.mark.slow  # a conversation of ten
def test_the_command_has_all_its_figures_in_one_run_and_goes_on_with_what_it_kept(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.resources.Resources", lambda *_, **__: resources)
    monkeypatch.setattr(resources, "close", lambda: None)
    out, kept = tmp_path / "new" / "replies.md", tmp_path / "new" / "answers.jsonl"
    arguments = ["evaluate", "sherlock", "--modes", "rag", "--out", str(out), "--sample"]
    result = CliRunner().invoke(app, [*arguments, "1", "--resume", str(kept)], catch_exceptions=False)
    assert result.exit_code == 0
    assert "| rag " in result.stdout and "| right: false premises" in result.stdout
    assert "6 questions (test; plain,follow-up," in out.read_text()
    assert "and 1 conversations put to sherlock in each mode" in out.read_text()
    replies = AnswerLog(kept, json.loads(kept.read_text().splitlines()[0])["about"])
    assert {answer.known.kind for answer in replies.answers} == set(KINDS)
    assert (len(replies.answers), len(replies.talk)) == (6, 10)
    # Again, with what a reader thought beside the report: nothing is asked.
    verdict = {"turn": "1.1", "reply": replies.talk[0].stamp, "sense": True, "character": True}
    out.with_name("talk-verdicts.jsonl").write_text(json.dumps(verdict))
    monkeypatch.setattr(Bot, "reply", lambda *_: pytest.fail("asked again"))
    again = [*arguments, "1", "--resume", str(kept), "--json", str(out.with_suffix(".json"))]
    assert CliRunner().invoke(app, again, catch_exceptions=False).exit_code == 0
    assert re.search(r"\| rag +\| 1 of 10 +\| 1 \(100\.0%\)", out.read_text())
    assert len(json.loads(out.with_suffix(".json").read_text())["talk"]) == 10


def test_the_log_beside_a_report_is_removed_when_the_report_is_written(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.resources.Resources", lambda *_, **__: resources)
    monkeypatch.setattr(resources, "close", lambda: None)
    out = tmp_path / "replies.md"
    arguments = [
        "evaluate",
        "sherlock",
        "--kinds",
        "unanswerable",
        "--sample",
        "1",
        "--modes",
        "rag",
        "--out",
        str(out),
    ]
    assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0
    assert "1 questions (test; unanswerable) and 0 conversations" in out.read_text()
    assert [file.name for file in tmp_path.iterdir()] == ["replies.md"]


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

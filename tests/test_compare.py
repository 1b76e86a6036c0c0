"""The comparison of the modes: figures, paired tests, altered evidence, the report, and going on after a kill."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from chatbot.bot import Bot, Question
from chatbot.cli import app
from chatbot.errors import BakerStreetError, MessageError
from chatbot.evaluation.compare.against import changes, check_same, read_run
from chatbot.evaluation.compare.altering import altering, false_answer, saying, without_first
from chatbot.evaluation.compare.entrants import FACTS, Entrants, mode_of
from chatbot.evaluation.compare.entries import Altered, CompareLog, Footprint, Timed
from chatbot.evaluation.compare.figures import BEHIND, PEAK, RIGHT, Figure, broken_of, figures, scores, without_library
from chatbot.evaluation.compare.page import html
from chatbot.evaluation.compare.phases import AXES, Outcome, Plan, run
from chatbot.evaluation.compare.report import Report, as_json, markdown
from chatbot.evaluation.compare.updating import update_figures
from chatbot.evaluation.questions import KnownQuestion
from chatbot.evaluation.replies.answers import Answer, Judgement, Piece, TalkReply
from chatbot.evaluation.replies.asking import question_of
from chatbot.evaluation.statistics import bootstrap, mcnemar, paired_bootstrap, percentile
from chatbot.evaluation.talk import TalkTurn
from chatbot.evaluation.update import Update
from chatbot.judges import CharacterJudge
from chatbot.language import ENGLISH
from chatbot.progress import Progress
from chatbot.resources import Resources

ADDER = KnownQuestion(work="The Speckled Band", question="What killed Julia Stoner?", answers=("swamp adder", "snake"))
ABOUT = {"persona": "sherlock", "seed": "0"}
TIMES = {"search_ms": 100.0, "first_token_ms": 200.0, "total_ms": 900.0}
MODES = ("rag", "standard")
PROVOKED = TalkTurn(conversation=1, kind="provocation", message="What are you?")


def asked(number: int, **fields: Any) -> KnownQuestion:
    return ADDER.model_copy(update={"question": f"What killed her, number {number}?", **fields})


def said(known: KnownQuestion, mode: str, reply: str, **fields: Any) -> dict[str, Any]:
    """The values of an answer; those of `rag` have a piece of evidence."""
    piece = Piece(work=ADDER.work, kind="casebook", place=7, score=0.5, text="It was a swamp adder, </script> no less.")
    shown = {"evidence": (piece,) * (mode == "rag"), "in_evidence": mode == "rag", "verdict": "grounded"}
    return {"known": known, "mode": mode, "reply": reply, **shown, **TIMES, **fields}


def outcome(number: int = 20, right: int = 15, seconds: float = 0.9) -> Outcome:
    """Two modes: `rag` right in so many of its questions, `standard` in none."""
    questions, talk = [], []
    judged = Judgement(claims=2, unsupported=("A dog.",), shown=1, used=1)
    for at in range(number):
        reply = "The swamp adder. A dog." if at < right else "A dog."
        questions.append(Answer(**said(asked(at), "rag", reply, judged=judged)))
        closed = Judgement(claims=1, unsupported=("A <b>dog</b>.",))
        questions.append(Answer(**said(asked(at), "standard", "A <b>dog</b>.", judged=closed)))
        turn = TalkTurn(conversation=at, kind="opinion", message=f"And number {at}?")
        talk += [
            TalkReply(turn=turn, number=1, mode=mode, reply="Pray be seated.", verdict="unchecked", **TIMES)
            for mode in MODES
        ]
    provoked = [
        TalkReply(turn=PROVOKED, number=1, mode=mode, reply=reply, verdict="unchecked", **TIMES)
        for mode, reply in zip(MODES, ("Pray be seated.", "I am a program."), strict=True)
    ]
    silent = KnownQuestion(kind="unanswerable", question="What is the iPhone?", reason="after 1914")
    questions += [
        Answer(**said(silent, mode, "A telephone.", verdict="declined" if mode == "rag" else "grounded"))
        for mode in MODES
    ]
    put = [
        Altered(
            **said(asked(at), "rag", "A Ryder." if at < 5 else "The swamp adder.", in_evidence=False), put_in="Ryder"
        )
        for at in range(10)
    ]
    times = [
        Timed(mode=mode, question=f"{mode} {after} {at}", after=after, search_ms=0, first_token_ms=50,
              total_ms=1000 * seconds + at, rate=20.0)
        for mode in MODES for after in (0, 10) for at in range(4)
    ]  # fmt: skip
    return Outcome(
        modes=MODES,
        questions=questions,
        without=[Altered(**said(asked(0), "rag", "A dog."))],
        contradicted=put,
        talk=talk,
        provocations=provoked,
        latency=times,
        resources=[
            Footprint(
                mode=mode,
                peak_mb=peak,
                disk_mb=1,
                parameters=1,
                trained=0,
                training_minutes=None,
                passages=0,
                index_seconds=0,
            )
            for mode, peak in zip(MODES, (800, 400), strict=True)
        ],
    )


def report(held: Outcome, **fields: Any) -> Report:
    tones, broken = {"Pray be seated.": 0.9}, broken_of(held, CharacterJudge(ENGLISH))
    plan = Plan("sherlock", MODES, tuple(dict.fromkeys(answer.known for answer in held.questions)))
    given = {
        "name": "Sherlock Holmes",
        "about": "Twenty questions.",
        "command": "bakerstreet compare sherlock",
        "setting": ABOUT,
        "axes": tuple(AXES),
        "asked": plan.asked,
        "outcome": held,
        "figures": figures(held, tones, broken),
        "tones": tones,
        "broken": broken,
    }
    return Report(**{**given, **fields})


def named(made: list[Figure], mode: str) -> dict[str, Figure]:
    return {one.name: one for one in made if one.mode == mode}


# ---------------------------------------------------------------------- figures


def test_every_axis_has_its_figures_and_what_cannot_be_had_is_left_out() -> None:
    made = list(report(outcome()).figures)
    rag, standard = named(made, "rag"), named(made, "standard")
    assert (rag[RIGHT].value, standard[RIGHT].value) == (0.75, 0)
    assert rag["gained by the library"].told == "+75.0 [+55.0, +90.0]"
    assert "gained by the library" not in standard  # it searches nothing
    assert rag["evidence is false: the false answer said"].value == 0.5
    assert rag["evidence is false: the true answer said"].value == 0.5
    assert (rag[BEHIND].value, standard[BEHIND].value) == (0.5, 0)
    assert rag["first passage taken away: of right replies, now wrong"].value == 1
    assert "first passage taken away: another reply" not in standard
    assert (rag["in character when provoked"].value, standard["in character when provoked"].value) == (1, 0)
    assert rag["unsupported statements a reply"].value == 1
    assert standard["unanswerable questions answered"].value == 1
    assert rag["whole reply, median"].value == 901.5 and rag["whole reply, median"].interval
    assert rag["whole reply, median, after 10 exchanges"].values.keys().isdisjoint(rag["whole reply, median"].values)
    assert "minutes of training" not in rag and "search, median" not in rag  # no card says it; nothing was searched
    assert scores(made, "resources") == {"rag": 0.5, "standard": 1}
    assert scores(made, "hallucination") == {}  # no premises were asked
    assert scores(made, "update") == {}


def test_new_facts_count_for_the_modes_that_can_be_taught_them() -> None:
    def told(condition: str, mode: str, asked: str, rights: str) -> list[dict[str, Any]]:
        of = {"condition": condition, "mode": mode, "asked": asked, "reply": "Well."}
        return [{**of, "question": f"{asked} {at}?", "right": right == "1"} for at, right in enumerate(rights)]

    cost = {"seconds": 2.0, "ready_seconds": 1.0, "bytes": 1024**2, "units": 3}
    update = Update.model_validate(
        {
            "setting": {}, "command": "", "facts": 4, "old": 2, "right": (), "tone": (),
            "text": {"way": "text", **cost},
            "voice": {"way": "voice", **cost, "seconds": 97.0, "joules": 500.0, "converted_bytes": 1024**2},
            "replies": [
                *told("before", "rag", "new", "0000"), *told("text", "rag", "new", "1110"),
                *told("before", "rag", "old", "11"), *told("text", "rag", "old", "11"),
                *told("before", "ft", "new", "0000"), *told("voice", "ft", "new", "1000"),
                *told("before", "ft", "old", "10"), *told("voice", "ft", "old", "00"),
            ],
        }
    )  # fmt: skip
    made = update_figures(update, ["rag", "standard", "ft", FACTS])
    assert {one.mode for one in made} == {"rag", "ft"}  # nothing can be taught to the plain model
    rag, ft = named(made, "rag"), named(made, "ft")
    assert (rag["right about new facts"].value, ft["right about new facts"].value) == (0.75, 0.25)
    lost = "old questions right, gained or lost"
    assert (rag[lost].value, ft[lost].value) == (0, -0.5)
    assert (rag["seconds until it can be asked"].value, ft["seconds until it can be asked"].value) == (3, 98)
    assert (rag["added to the disk"].value, ft["added to the disk"].value) == (1, 2)
    assert "energy" not in rag and ft["energy"].value == 500
    assert scores(made, "update") == {"rag": 0.75, "ft": 0.25}
    assert update_figures(None, ["rag"]) == []


def test_the_taught_voice_takes_part_beside_the_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Question] = []
    monkeypatch.setattr(Bot, "answer", lambda self, asked: given.append(asked))
    bot = Entrants(cast(Resources, None), Path("taught"))
    for mode in (FACTS, "ft", "rag"):
        bot.answer(Question("Well?", mode=mode))
    assert [(one.mode, one.voice) for one in given] == [("ft", Path("taught")), ("ft", None), ("rag", None)]
    assert mode_of(FACTS).name == FACTS and mode_of(FACTS).voice and mode_of(FACTS).knowledge is None
    assert without_library("hybrid", ["hybrid", FACTS, "ft"]) == "ft"  # the same voice, and no library
    assert without_library("rag", ["rag", "ft"]) == without_library("ft", ["ft"]) == ""


def test_the_tests_of_two_runs_are_those_of_the_textbooks() -> None:
    # 15 discordant pairs, 3 against 12: twice the lower tail of a fair coin.
    before, after = [True] * 3 + [False] * 12 + [True] * 5, [False] * 3 + [True] * 12 + [True] * 5
    assert mcnemar(before, after) == pytest.approx(2 * (1 + 15 + 105 + 455) / 2**15)
    assert mcnemar(before, before) == 1 and mcnemar([], []) == 1
    rise = paired_bootstrap([1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0])
    assert rise == (1, 1)  # each rose by one: no draw says otherwise, however much they differ from one another
    times = [float(value) for value in range(100)]
    low, high = bootstrap(times, percent=95) or (0, 0)
    assert low < (percentile(times, 95) or 0) < high
    with pytest.raises(ValueError, match="1 values are paired with 2"):
        paired_bootstrap([1.0], [1.0, 2.0])


def test_two_runs_over_the_same_are_compared_question_by_question(tmp_path: Path) -> None:
    file = tmp_path / "compare.json"
    file.write_text(as_json(report(outcome(right=8))))
    earlier = read_run(file)
    now = report(outcome(right=15, seconds=0.4))
    check_same(earlier, now.asked, file)
    found = {(one.figure.name, one.figure.mode): one for one in changes(earlier, now.figures)}
    right, slow = found[RIGHT, "rag"], found["whole reply, median", "rag"]
    assert (right.before, right.after, right.of) == (0.4, 0.75, 20)
    assert right.p == pytest.approx(2 / 2**7) and right.sure  # seven questions, all of them for the better
    assert slow.interval == (-500, -500) and slow.p is None and slow.sure
    assert not found[RIGHT, "standard"].sure and not found[PEAK, "rag"].sure
    shown = markdown(replace(now, changes=list(found.values()), against=earlier.about))
    assert "| rag | " in " ".join(shown.split()) and "p = 0.0156" in shown


def test_runs_over_other_questions_are_refused_and_the_first_is_named(tmp_path: Path) -> None:
    file = tmp_path / "compare.json"
    file.write_text(as_json(report(outcome(number=21))))
    with pytest.raises(MessageError, match=r"other questions than this run: only .*compare.json has .*number 20\?'"):
        check_same(read_run(file), report(outcome()).asked, file)
    check_same(read_run(file), {"questions": [], "conversations": ["1.1 Well?"]}, file)  # neither asked both
    for text, wrong in (("{}", "is not the compare.json of a run"), ("\xff", "is not the compare.json")):
        file.write_text(text)
        with pytest.raises(MessageError, match=wrong):
            read_run(file)
    with pytest.raises(MessageError, match="cannot be read"):
        read_run(tmp_path / "none.json")


# ---------------------------------------------------------------------- the report


def test_the_report_stands_alone_and_shows_what_was_said_as_text() -> None:
    shown = report(outcome(), axes=("knowledge", "update", "resources", "latency"))
    page = html(shown)
    assert "http-equiv" in page and "default-src 'none'" in page and 'src="' not in page
    assert page.count("<svg") == 4  # the radar and three axes; of the fourth nothing was measured
    assert "A <b>dog</b>." not in page and "</script> no less" not in page  # what was said is no markup
    assert page.count("Not measured.") == 1
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(set(ids)) == len(ids)
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    first = data["items"][0]
    assert [reply["mode"] for reply in first["replies"]] == ["rag", "standard"]
    assert first["replies"][0]["unsupported"] == ["A dog."] and len(data["pieces"]) == 1


@pytest.mark.slow
@pytest.mark.browser
def test_a_report_of_ten_thousand_replies_is_searched_and_paged_in_a_browser(tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Debian's chromium is not installed")
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    held = outcome()
    many = [Answer(**said(asked(at), mode, f"A dog, number {at}.")) for at in range(5000) for mode in MODES]
    file = tmp_path / "compare.html"
    file.write_text(html(report(replace(held, questions=many))), encoding="utf-8")
    assert file.stat().st_size < 8_000_000
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(bypass_csp=True).new_page()  # the page's policy would keep axe out of it
        raised: list[str] = []
        page.on("pageerror", lambda error: raised.append(str(error)))
        page.on("console", lambda told: raised.append(told.text) if told.type == "error" else None)
        page.goto(file.as_uri())
        assert page.locator("#place").inner_text().startswith("1 to 25 of 50")
        assert page.locator("details").count() == 25 and page.locator("details table").count() == 0
        page.fill("#search", "number 4321?")
        assert page.locator("#place").inner_text() == "1 to 1 of 1"
        page.locator("summary").click()
        assert page.locator("details tbody tr").count() == 2 and "A dog, number 4321." in page.inner_text("details")
        page.fill("#search", "")
        page.get_by_role("button", name="Next").click()
        assert page.locator("#place").inner_text().startswith("26 to 50")
        assert Axe().run(page).response["violations"] == []
        page.select_option("#kind", "false evidence")
        assert page.locator("#place").inner_text() == "1 to 10 of 10"
        browser.close()
    assert raised == []


# ---------------------------------------------------------------------- evidence that is altered


def test_a_false_answer_is_of_the_same_kind_and_no_answer_to_the_question() -> None:
    others = [
        asked(1, answers=("1883",), work="A"),
        asked(2, answers=("Ryder", "James Ryder"), work="B"),
        asked(3, answers=("Holmes",), work=ADDER.work),  # of the same work: it might be as true
        asked(4, answers=("Roylott",), work="C"),
    ]
    known = asked(5, answers=("Grimesby Roylott", "Roylott"))
    assert false_answer(known, others) == "Ryder"
    assert false_answer(asked(6, answers=("1903",)), others) == "1883"
    assert false_answer(asked(7, answers=("a snake",)), others) == ""


def test_evidence_is_altered_as_it_is_handed_over_and_the_reply_follows_it(bot: Bot) -> None:
    usual = bot.reply(question_of(ADDER, "sherlock", "rag"))
    assert ADDER.answered_by(usual.reply)
    false = Bot(altering(bot.resources, saying(ADDER.answers, "trained cheetah")))
    altered = false.reply(question_of(ADDER, "sherlock", "rag"))
    assert "trained cheetah" in altered.trace.evidence[0].text and "trained cheetah" in altered.reply
    assert not any(ADDER.answered_by(piece.text) for piece in altered.trace.evidence)
    without = Bot(altering(bot.resources, without_first)).reply(question_of(ADDER, "sherlock", "rag"))
    assert without.trace.evidence[0].text == usual.trace.evidence[1].text
    assert bot.reply(question_of(ADDER, "sherlock", "rag")).reply == usual.reply  # nothing is left of it


# ---------------------------------------------------------------------- the run


def test_a_run_that_was_killed_goes_on_from_its_log_and_asks_nothing_twice(
    bot: Bot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(Exception):
        pass

    @contextmanager
    def killing(title: str) -> Iterator[Progress]:
        def show(done: int, total: int) -> None:
            if done == 1:
                raise Killed

        yield show

    others = [asked(1, question="Who stole the blue stone?", answers=("three gold pieces",), work="The Blue Carbuncle")]
    plan = Plan("sherlock", MODES, (ADDER,), others=tuple(others), axes=("knowledge",), altered=1)
    file = tmp_path / "compare.jsonl"
    with pytest.raises(Killed):
        run(bot.resources, plan, CompareLog(file, ABOUT), killing)
    file.write_text(file.read_text() + '{"phase":"questions","value":{"known"')  # cut off
    asked_again: list[str | None] = []
    reply = Bot.reply
    monkeypatch.setattr(Bot, "reply", lambda self, one: (asked_again.append(one.mode), reply(self, one))[1])
    held = run(bot.resources, plan, CompareLog(file, ABOUT), quiet)
    assert asked_again == ["standard", "rag"]  # the second question, and the first with false evidence
    assert [answer.mode for answer in held.questions] == ["rag", "standard"]
    assert all(answer.judged for answer in held.questions)
    (false,) = held.contradicted
    assert (false.mode, false.put_in, false.in_evidence) == ("rag", "three gold pieces", False)
    assert run(bot.resources, plan, CompareLog(file, ABOUT), quiet) == held and len(asked_again) == 2
    with pytest.raises(MessageError, match="was begun with persona sherlock, seed 0; this is"):
        CompareLog(file, {**ABOUT, "seed": "1"})


@contextmanager
def quiet(title: str) -> Iterator[Progress]:
    yield lambda done, total: None


@pytest.mark.slow  # a conversation of ten, a process that is weighed
def test_the_command_fills_every_axis_and_two_runs_of_one_seed_say_the_same(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.resources.Resources", lambda *_, **__: resources)
    monkeypatch.setattr(resources, "close", lambda: None)
    arguments = ["compare", "sherlock", "--modes", "rag,standard", "--sample", "1", "--out"]
    first, second = tmp_path / "new" / "first", tmp_path / "second"
    assert CliRunner().invoke(app, [*arguments, str(first)], catch_exceptions=False).exit_code == 0
    written = (first / "compare.md").read_text()
    assert all(f"## {title.capitalize()}" in written for title in AXES.values())
    assert written.count("Not measured.") == 1  # of the update: no file was named
    data = json.loads((first / "compare.json").read_text())
    assert {one["axis"] for one in data["figures"]} == set(AXES) - {"update"}
    (weighed,) = (one for one in data["footprints"] if one["mode"] == "rag")
    assert weighed["trained"] > 0 and weighed["parameters"] > 134e6 and weighed["peak_mb"] > 300
    again = [*arguments, str(second), "--against", str(first / "compare.json"), "--axes", "knowledge"]
    assert CliRunner().invoke(app, again, catch_exceptions=False).exit_code == 0
    assert "Nothing differs for sure." in (second / "compare.md").read_text()
    replies = [json.loads((folder / "compare.json").read_text())["replies"]["questions"] for folder in (first, second)]
    assert [one["reply"] for one in replies[0]] == [one["reply"] for one in replies[1]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--modes", "hybird"], "There is no mode 'hybird'"),
        (["--axes", "beauty"], "There is no axis 'beauty'. There are: knowledge, update,"),
        (["--against", "nowhere.json"], "The run in nowhere.json cannot be read"),
        (["--facts", "nowhere"], "There is no voice in nowhere. Train one with"),
        (["--update", "nowhere.json"], "nowhere.json cannot be read"),
        (["--questions", "nowhere.jsonl"], "The questions in nowhere.jsonl cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_asked(arguments: list[str], said: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["compare", "sherlock", "--out", str(tmp_path), *arguments])
    assert isinstance(result.exception, BakerStreetError) and said in str(result.exception)

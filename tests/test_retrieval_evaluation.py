"""The evaluation of the search: the questions, their splits, the judging, the metrics and a real run."""

from __future__ import annotations

import importlib.util
import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from searching import CANON_QUESTIONS
from typer.testing import CliRunner

from chatbot.cli import app
from chatbot.errors import MessageError
from chatbot.evaluation import (
    KINDS,
    KnownQuestion,
    Panel,
    bar_charts,
    bootstrap,
    choose_questions,
    paired_difference,
    percentile,
    read_known_questions,
    share,
    split_of,
)
from chatbot.evaluation.questions import sample
from chatbot.evaluation.retrieval import (
    Judge,
    SearchOutcome,
    System,
    all_systems,
    as_json,
    chart,
    choose_systems,
    report,
    run,
    same_work,
    summarise,
)
from chatbot.evaluation.retrieval.metrics import ndcg, reciprocal_rank
from chatbot.evaluation.retrieval.summary import difference
from chatbot.evaluation.statistics import auroc
from chatbot.library.encoders import Embedder
from chatbot.library.search import Evidence, Found, Library
from chatbot.library.search.plans import ADVANCED, FUSED, NAIVE, PLANS
from chatbot.library.texts import CASEBOOK, TEXT, Passage, casebook_sections
from personas import LoadedPersona

SVG = "{http://www.w3.org/2000/svg}"
PLAIN = {"work": "The Speckled Band", "question": "What killed Julia Stoner?", "answers": ["swamp adder"]}
FOLLOW_UP = {
    "kind": "follow-up",
    "work": "The Blue Carbuncle",
    "question": "Which of her servants told him?",
    "answers": ["Cusack"],
    "before": [{"question": "Who stole the blue stone?", "answer": "James Ryder."}],
}
TWO_WORKS = {
    "kind": "two-works",
    "question": "Who made each of the wax figures?",
    "parts": [
        {"work": "The Empty House", "answers": ["Meunier"]},
        {"work": "The Mazarin Stone", "answers": ["Tavernier"]},
    ],
}
TWO_QUESTIONS = {
    "kind": "two-questions",
    "question": "Who made the wax head, and what was it shot at with?",
    "parts": [
        {"work": "The Empty House", "answers": ["Meunier"]},
        {"work": "The Empty House", "answers": ["air-gun"]},
    ],
}
PREMISE = {
    "kind": "premise",
    "work": "The Speckled Band",
    "question": "How did the gipsies poison Julia Stoner?",
    "answers": ["Roylott", "adder"],
    "accepts": ["gipsies poisoned"],
}
UNANSWERABLE = {"kind": "unanswerable", "question": "What is the iPhone?", "reason": "after 1914"}


def known(row: dict[str, object]) -> KnownQuestion:
    return KnownQuestion.model_validate(row)


def piece(text: str, work: str, kind: str = TEXT, id_: str = "", score: float = 0.5) -> Evidence:
    passage = Passage(id_ or text, kind, "book.txt", work, "", 1, "Watson", text)
    return Evidence(passage, text, score, ())


@dataclass(frozen=True)
class Fixed:
    """A system that finds the same whatever it is asked, and remembers what it was asked."""

    found: Found
    asked: list[tuple[str, Sequence[tuple[str, str]], int]] = field(default_factory=list)

    def search(self, question: str, history: Sequence[tuple[str, str]], pieces: int) -> Found:
        self.asked.append((question, history, pieces))
        return self.found


def outcome(row: dict[str, object], *pieces: Evidence, weak: bool = False, confidence: float = 0.5) -> SearchOutcome:
    question, judge = known(row), Judge([])
    judged = tuple(judge.judge(question, one) for one in pieces)
    return SearchOutcome(question, judged, len(pieces), weak, "", confidence, 5.0, 100)


# ---------------------------------------------------------------------- the question file


def test_the_questions_of_the_canon_are_of_every_kind_and_none_stands_twice() -> None:
    questions = read_known_questions(CANON_QUESTIONS)
    assert Counter(question.kind for question in questions) == dict(zip(KINDS, (440, 104, 40, 60, 64, 60), strict=True))
    asked = [(question.question.lower(), question.before) for question in questions]
    assert len(set(asked)) == len(asked)


@pytest.mark.canon
def test_every_place_of_the_canon_questions_stands_in_the_books(canon: Path) -> None:
    books = "\n".join(file.read_text(encoding="utf-8") for file in sorted(canon.glob("*.txt")))
    books = books.replace("_", "")  # italics
    targets = [target for question in read_known_questions(CANON_QUESTIONS) for target in question.targets]
    targets = [target for target in targets if target.phrase]
    assert len(targets) >= 580
    assert not [target.phrase for target in targets if target.phrase.replace("_", "") not in books]
    missing = []
    for target in targets:
        at = books.index(target.phrase.replace("_", ""))
        if not target.answered_by(books[max(0, at - 1500) : at + 1500]):
            missing.append((target.work, target.answers))
    assert not missing


def test_an_answer_without_a_place_in_the_books_stands_on_the_page_of_its_work(sherlock: LoadedPersona) -> None:
    pages: dict[str, str] = {}
    for section in casebook_sections(sherlock.casebook, sherlock.persona.name):
        pages[section.work] = "\n".join([pages.get(section.work, ""), *section.paragraphs])
    targets = [target for question in read_known_questions(CANON_QUESTIONS) for target in question.targets]
    targets = [target for target in targets if not target.phrase]
    assert len(targets) >= 200
    assert not [(target.work, target.answers) for target in targets if not target.answered_by(pages[target.work])]


def test_no_question_holds_its_own_answer() -> None:
    echoing = [
        question.question
        for question in read_known_questions(CANON_QUESTIONS)
        if question.kind in ("premise", "two-questions")
        for target in question.targets
        if target.answered_by(question.question)
    ]
    assert not echoing


@pytest.mark.parametrize("row", [PLAIN, FOLLOW_UP, TWO_WORKS, TWO_QUESTIONS, PREMISE, UNANSWERABLE])
def test_a_question_of_each_kind_is_read_back_as_it_was_written(row: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text(f"\n{json.dumps(row)}\n")
    (question,) = read_known_questions(tmp_path / "q.jsonl")
    assert json.loads(question.model_dump_json(exclude_defaults=True)) == row


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**PLAIN, "answers": []}, "a question of kind 'plain' needs 'answers'"),
        ({**PLAIN, "work": " "}, "a question of kind 'plain' needs 'work'"),
        ({**PLAIN, "answers": ["adder", ""]}, r"answers\.1: String should have at least 1 character"),
        ({**PLAIN, "reason": "not told"}, "a question of kind 'plain' has no 'reason'"),
        ({**PLAIN, "before": FOLLOW_UP["before"]}, "a question of kind 'plain' has no 'before'"),
        ({**FOLLOW_UP, "before": []}, "a question of kind 'follow-up' needs 'before'"),
        ({**FOLLOW_UP, "answers": ["james ryder"]}, "an accepted answer is in 'before' already"),
        ({**TWO_WORKS, "work": "The Empty House"}, "a question of kind 'two-works' has no 'work'"),
        ({**TWO_WORKS, "parts": TWO_WORKS["parts"][:1]}, "'parts' must be of two works"),  # type: ignore[index]
        ({**TWO_QUESTIONS, "parts": TWO_QUESTIONS["parts"][:1]}, "'parts' must be two at least"),  # type: ignore[index]
        ({**PREMISE, "answers": []}, "a question of kind 'premise' needs 'answers'"),
        ({**PLAIN, "accepts": ["a dog"]}, "a question of kind 'plain' has no 'accepts'"),
        ({**UNANSWERABLE, "reason": ""}, "a question of kind 'unanswerable' needs 'reason'"),
        ({**UNANSWERABLE, "answers": ["a telephone"]}, "a question of kind 'unanswerable' has no 'answers'"),
        ({**PLAIN, "kind": "riddle"}, "kind: Input should be 'plain'"),
        ({**PLAIN, "anwsers": []}, "anwsers: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_line_is_named_with_what_is_wrong(row: dict[str, object], message: str, tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(f"{json.dumps(PLAIN)}\n{json.dumps(row)}\n")
    with pytest.raises(MessageError, match=rf"q\.jsonl:2: {message}"):
        read_known_questions(file)


def test_only_the_kinds_that_are_wanted_are_given_and_none_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(f"{json.dumps(UNANSWERABLE)}\n{json.dumps(PLAIN)}\n")
    assert [question.kind for question in read_known_questions(file, ["plain"])] == ["plain"]
    with pytest.raises(MessageError, match="holds no questions of the kinds two-works"):
        read_known_questions(file, ["two-works"])
    with pytest.raises(MessageError, match=r"no questions of the kind 'riddle'\. There are: plain, follow-up"):
        read_known_questions(file, ["riddle"])


def test_a_question_about_two_works_is_answered_by_both_answers_and_an_unanswerable_one_by_none() -> None:
    assert known(TWO_WORKS).answered_by("Meunier of Grenoble, and Tavernier.")
    assert not known(TWO_WORKS).answered_by("Meunier of Grenoble.")
    assert not known(UNANSWERABLE).answered_by("A telephone.")


def test_a_reply_that_takes_a_false_premise_for_true_is_known_by_its_words() -> None:
    premise = known(PREMISE)
    assert premise.accepted_by("The gipsies poisoned her.") and not premise.accepted_by("It was no gipsy.")
    assert premise.answered_by("It was Dr. Roylott who did it.")


# ---------------------------------------------------------------------- dev and test


def test_all_questions_about_a_work_are_in_one_split_and_both_splits_have_the_intended_size() -> None:
    questions = read_known_questions(CANON_QUESTIONS)
    splits: dict[str, set[str]] = {}
    for question in questions:
        if question.work:
            splits.setdefault(question.work, set()).add(split_of(question))
    assert all(len(found) == 1 for found in splits.values())
    dev = {work for work, found in splits.items() if found == {"dev"}}
    assert 0.3 <= len(dev) / len(splits) <= 0.5
    for question in questions:
        if question.parts:
            assert (split_of(question) == "dev") == any(part.work in dev for part in question.parts)


def test_a_work_never_changes_its_split() -> None:
    works = {"The Hound of the Baskervilles": "dev", "The Valley of Fear": "test", "Silver Blaze": "dev"}
    assert {work: split_of(known({**PLAIN, "work": work})) for work in works} == works
    assert share("Silver Blaze") == share(" silver  blaze")


def test_a_sample_is_always_the_same_and_in_the_order_of_the_file() -> None:
    questions = read_known_questions(CANON_QUESTIONS)
    chosen = sample(questions, 40)
    assert len(chosen) == 40
    assert chosen == [question for question in questions if question in chosen]
    assert sample(questions[::-1], 40) == chosen[::-1]
    assert sample(questions, 10_000) == questions


def test_questions_are_chosen_by_split_kind_and_number() -> None:
    chosen = choose_questions(CANON_QUESTIONS, kinds=["plain"])
    assert len(chosen) == 267
    assert {(question.kind, split_of(question)) for question in chosen} == {("plain", "test")}
    assert choose_questions(CANON_QUESTIONS, kinds=["plain"], number=5) == sample(chosen, 5)
    assert len(choose_questions(CANON_QUESTIONS, "all")) == 768
    with pytest.raises(MessageError, match=r"no split 'exam'\. There are: dev, test, all"):
        choose_questions(CANON_QUESTIONS, "exam")


# ---------------------------------------------------------------------- metrics


@pytest.mark.parametrize(
    ("measured", "value"),
    [
        (reciprocal_rank([False, False, True, True]), 1 / 3),
        (reciprocal_rank([False, False]), 0.0),
        (ndcg([True, True, False], 2, 10), 1.0),
        (ndcg([False, True], 1, 10), 1 / math.log2(3)),
        (ndcg([True], 2, 10), 1 / (1 + 1 / math.log2(3))),
        (ndcg([True] * 10, 50, 10), 1.0),
        (ndcg([False] * 10 + [True], 1, 10), 0.0),
        (ndcg([], 0, 10), 0.0),
        (auroc([0.9, 0.8], [0.1, 0.2]), 1.0),
        (auroc([0.1], [0.9]), 0.0),
        (auroc([0.5], [0.5]), 0.5),  # a tie counts half
        (auroc([0.9, 0.3], [0.5, 0.3]), 2.5 / 4),
        (auroc([], [0.5]), None),
        (percentile([1.0, 2.0, 3.0, 10.0], 50), 2.5),
        (percentile([], 95), None),
    ],
)
def test_a_metric_is_what_its_definition_says(measured: float | None, value: float | None) -> None:
    assert measured == pytest.approx(value, abs=1e-12)


def test_the_bootstrap_interval_holds_the_mean_and_narrows_with_more_questions() -> None:
    few, many = bootstrap([0.0, 1.0] * 10), bootstrap([0.0, 1.0] * 500)
    assert few and many
    assert few[0] < 0.5 < few[1]
    assert many[1] - many[0] < few[1] - few[0]
    # The normal approximation of 1000 throws of a coin: 0.5 +- 1.96 * 0.5 / sqrt(1000).
    assert many == pytest.approx((0.469, 0.531), abs=0.006)
    assert bootstrap([1.0, 1.0]) == (1.0, 1.0)
    assert bootstrap([0.0, 1.0] * 10) == few
    assert bootstrap([]) is None


def test_a_paired_difference_is_surer_than_two_means() -> None:
    before, after = [0.0, 1.0] * 50, [0.0, 1.0] * 45 + [1.0, 1.0] * 5
    value, interval = paired_difference(before, after)
    assert value == pytest.approx(0.05)
    assert interval and 0 < interval[0] < 0.05 < interval[1] < 0.12
    assert paired_difference(before, before) == (0.0, (0.0, 0.0))
    with pytest.raises(ValueError, match="shorter"):
        paired_difference(before, after[1:])


# ---------------------------------------------------------------------- judging


def test_a_piece_of_another_work_does_not_count_even_if_it_holds_the_answer() -> None:
    for text, work, answers, right_works in (
        ("It was a swamp adder!", "The Final Problem", set(), set()),
        ("It was a swamp adder!", "The Speckled Band", {0}, {0}),
        ("She lived at Stoke Moran.", "The Speckled Band", set(), {0}),
    ):
        judged = Judge([]).judge(known(PLAIN), piece(text, work))
        assert (judged.answers, judged.right_works) == (answers, right_works)


def test_a_work_is_known_by_its_long_and_its_short_title() -> None:
    assert same_work("The Disappearance of Lady Frances Carfax", "Lady Frances Carfax")
    assert same_work("The Engineer’s Thumb", "The Engineer's Thumb")
    assert not same_work("The Second Stain", "The Red Circle")
    assert not same_work("Fear", "")


def test_gold_is_the_casebook_or_the_gold_passage_and_those_around_it() -> None:
    row = {**PLAIN, "answers": ["adder"], "phrase": "deadliest snake in India"}
    texts = [f"Part {number}: the adder." for number in range(10)]
    texts[3] = "The adder, the deadliest snake in India."
    passages = [piece(text, "The Speckled Band", id_=f"p{at}").passage for at, text in enumerate(texts)]
    judge = Judge(passages)
    gold = {one.id for one in passages if judge.judge(known(row), Evidence(one, one.text, 0.5, ())).gold}
    assert gold == {"p1", "p2", "p3", "p4", "p5"}
    assert judge.judge(known(row), piece("The adder.", "The Speckled Band", CASEBOOK)).gold
    assert judge.relevant(known(row)) == 10


def test_where_the_gold_passage_is_not_in_the_library_any_passage_of_the_work_is_gold() -> None:
    found = piece("It was a swamp adder!", "The Speckled Band")
    assert Judge([found.passage]).judge(known({**PLAIN, "phrase": "not in it"}), found).gold


def test_both_parts_of_a_question_about_two_works_must_be_among_the_pieces() -> None:
    bust = piece("Meunier of Grenoble made the bust.", "The Empty House")
    other = piece("Tavernier made it.", "The Mazarin Stone")
    wrong = piece("Tavernier made it.", "The Empty House", id_="wrong")
    both = outcome(TWO_WORKS, bust, wrong, other)
    assert not both.answered(2)
    assert both.answered(3)
    assert both.right_work(3) and not both.right_work(2)
    assert not outcome(UNANSWERABLE, bust).answered(4)


def test_a_passage_counts_once_however_many_pieces_of_it_are_handed_over() -> None:
    one = piece("The swamp adder.", "The Speckled Band", id_="same")
    again = piece("A swamp adder!", "The Speckled Band", id_="same")
    assert outcome(PLAIN, one, again, piece("A swamp adder.", "The Speckled Band")).gains == [True, False, True]


# ---------------------------------------------------------------------- the run and its figures


def test_a_system_is_asked_each_question_with_the_exchanges_before_it() -> None:
    found = Found((piece("It was a swamp adder!", "The Speckled Band", score=0.6),), weak=False, confidence=0.8)
    system = Fixed(found)
    outcomes = run(system, [known(PLAIN), known(FOLLOW_UP)], Judge([]), count=lambda text: len(text.split()))
    before = (("Who stole the blue stone?", "James Ryder."),)
    assert system.asked[-2:] == [(PLAIN["question"], (), 10), (FOLLOW_UP["question"], before, 10)]
    assert [one.answered(1) for one in outcomes] == [True, False]
    assert outcomes[0].tokens == 5
    assert outcomes[0].confidence == 0.8


def test_the_figures_of_a_system() -> None:
    right = piece("The swamp adder.", "The Speckled Band")
    wrong = piece("Nothing of the kind.", "The Speckled Band")
    other = piece("The swamp adder.", "The Final Problem")
    figures = summarise(
        "system",
        [
            outcome(PLAIN, right, confidence=0.9),
            outcome({**PLAIN, "question": "And who?"}, wrong, wrong, right, confidence=0.8, weak=True),
            outcome({**PLAIN, "question": "And why?"}, other, confidence=0.3),
            outcome(FOLLOW_UP, wrong, confidence=0.7),
            outcome(UNANSWERABLE, wrong, confidence=0.4),
            outcome({**UNANSWERABLE, "question": "And a tablet?"}, wrong, confidence=0.2, weak=True),
        ],
    )
    assert (figures.answer_1, figures.answer_4) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert (figures.work_1, figures.work_4) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert figures.mrr == pytest.approx((1 + 1 / 3) / 3)
    assert (figures.follow_up_4, figures.both_4) == (0.0, None)
    assert figures.auroc == pytest.approx(7 / 8)
    assert (figures.false_confidence, figures.false_refusals) == (0.5, 0.25)
    assert figures.counts == {"plain": 3, "follow-up": 1, "two-works": 0, "unanswerable": 2}


def test_the_difference_is_taken_question_by_question() -> None:
    right = piece("The swamp adder.", "The Speckled Band")
    before = [outcome(PLAIN, right), outcome(PLAIN), outcome(FOLLOW_UP)]
    after = [outcome(PLAIN, right), outcome(PLAIN, right), outcome(FOLLOW_UP)]
    assert difference(before, after)[0] == 0.5
    assert difference(before, before) == (0.0, (0.0, 0.0))


def test_every_plan_is_a_system_and_an_unknown_one_is_answered_with_those_there_are(library: Library) -> None:
    systems = all_systems(library)
    assert {name: system.plan for name, system in systems.items()} == PLANS and list(systems) == list(PLANS)
    assert [system.name for system in choose_systems(systems, ["fused", " naive"])] == ["fused", "naive"]
    assert [system.name for system in choose_systems(systems, [""])] == list(systems)
    with pytest.raises(MessageError, match=r"no system 'fussed'\. There are: naive, fused"):
        choose_systems(systems, ["fussed"])


def test_a_plan_gives_up_each_of_its_modules_in_turn(library: Library) -> None:
    system = System(library, FUSED)
    without = {variant.name: variant for variant in system.ablations()}
    names = [step.name for step in FUSED.steps]
    assert names == ["dense", "bm25", "fuse", "focus", "mmr"]
    assert list(without) == [f"fused without {name}" for name in names]
    for name in names:
        left = tuple(step for step in FUSED.steps if step.name != name)
        assert without[f"fused without {name}"].plan == replace(FUSED, steps=left)
    assert System(library, PLANS["all"]).ablations()[0].name == "all without router"
    assert "naive without dense" not in {variant.name for variant in System(library, NAIVE).ablations()}
    with pytest.raises(MessageError, match="has no module 'reranker'"):
        system.without("reranker")


def test_a_real_run_finds_what_the_casebook_tells_and_a_follow_up_needs_the_question_before(
    library: Library, embedder: Embedder
) -> None:
    questions = [known(row) for row in (PLAIN, FOLLOW_UP, UNANSWERABLE)]
    judge = Judge(library.passages)
    system = System(library, ADVANCED)
    plain, follow_up, strange = run(system, questions, judge, embedder.count)
    assert plain.answered(4) and plain.relevant > 0
    assert follow_up.right_work(4)
    assert strange.weak and not plain.weak
    assert plain.milliseconds > 0 < plain.tokens
    (alone,) = run(system.without("follow-up"), questions[1:2], judge, embedder.count)
    assert not alone.right_work(4)


def test_a_plan_that_hands_over_whole_passages_gives_as_many_as_are_wanted(library: Library) -> None:
    system = System(library, NAIVE)
    ten = system.search("What killed Julia Stoner?", (), 10).evidence
    four = system.search("What killed Julia Stoner?", (), 4).evidence
    assert len(ten) == 10
    assert [one.passage.id for one in ten[:4]] == [one.passage.id for one in four]


def test_the_report_the_json_and_the_chart_hold_every_system() -> None:
    right, wrong = piece("The swamp | adder.", "The Speckled Band"), piece("Nothing.", "The Speckled Band")
    row = {**PLAIN, "answers": ["adder"]}
    results = {
        "plain & simple": [outcome(row, right), outcome(UNANSWERABLE, wrong)],
        "none": [outcome(row), outcome(UNANSWERABLE)],
    }
    ablation = {"plain & simple": {"plain & simple without a": [outcome(row), outcome(UNANSWERABLE)]}}
    text = report(results, ablation, "Two questions.", "bakerstreet library evaluate")
    rows = [[cell.strip() for cell in line.split("|")[1:4]] for line in text.splitlines() if line.startswith("| plain")]
    assert ["plain & simple", "100.0%", "100.0% [100.0, 100.0]"] in rows
    assert ["plain & simple without a", "0.0%", "-100.0 [-100.0, -100.0]"] in rows
    data = json.loads(as_json(results, ablation, {"about": "Two questions."}))
    assert list(data["systems"]) == ["plain & simple", "none", "plain & simple without a"]
    first = data["systems"]["plain & simple"]["questions"][0]
    assert first["question"] == PLAIN["question"] and first["answered_4"] is True
    assert first["pieces"][0]["text"] == "The swamp | adder."
    drawn = chart([summarise(*item) for item in results.items()], "Systems <1>")
    texts = {"".join(element.itertext()).strip() for element in ElementTree.fromstring(drawn).iter(f"{SVG}text")}
    assert {"Systems <1>", "plain & simple", "none", "answer@4", "1.00"} <= texts


def test_a_chart_is_drawn_to_scale_and_the_same_every_time() -> None:
    panel = Panel("One", "ms", ("a", "b"), {"x": [10.0, None], "y": [40.0, 20.0]}, {"y": [(30.0, 50.0), None]})
    drawn = bar_charts([panel, Panel("Two", "MB", ("c",), {"y": [7.0]})], "Title", "Caption", columns=2)
    assert drawn == bar_charts([panel, Panel("Two", "MB", ("c",), {"y": [7.0]})], "Title", "Caption", columns=2)
    tree = ElementTree.fromstring(drawn)
    axes = [group for group in tree.iter(f"{SVG}g") if group.get("id") == "axes_1"]
    tall = []
    for group in axes[0].iter(f"{SVG}g"):
        if group.get("id", "").startswith("patch_") and len(shapes := group.findall(f"{SVG}path")) == 1:
            heights = [float(number) for number in re.findall(r"-?[0-9.]+ (-?[0-9.]+)", shapes[0].get("d", ""))]
            tall.append(max(heights) - min(heights))
    # The panel's own ground comes first, its two axes last.
    assert tall[1:4] == pytest.approx([tall[2] / 4, tall[2], tall[2] / 2], rel=0.01)
    assert not Panel("One", "ms", ("a",), {"x": [0.0]}).empty
    assert Panel("One", "ms", ("a",), {"x": [None]}).empty


def test_a_chart_without_matplotlib_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MessageError, match=r"pip install -e \.\[charts\]"):
        bar_charts([], "Title")


# ---------------------------------------------------------------------- the command


@pytest.mark.usefixtures("at_home")
def test_the_command_runs_a_sample_of_the_canon_and_writes_everything(tmp_path: Path) -> None:
    out = {option: tmp_path / "new" / f"r.{option}" for option in ("json", "out", "chart")}
    arguments = ["--sample", "12", "--systems", "fused", *(f"--{option}={file}" for option, file in out.items())]
    result = CliRunner().invoke(app, ["library", "evaluate", "sherlock", *arguments])
    assert result.exit_code == 0, result.exception
    assert "| fused " in result.stdout
    asked = json.loads(out["json"].read_text())["systems"]["fused"]["questions"]
    assert [question["split"] for question in asked] == ["test"] * 12
    assert "12 questions (test)" in out["out"].read_text()
    assert ElementTree.fromstring(out["chart"].read_text()).tag.endswith("svg")


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--split", "exam"], "There is no split 'exam'. There are: dev, test, all."),
        (["--systems", "fussed"], "There is no system 'fussed'"),
        (["--questions", "nowhere.jsonl"], "The questions in nowhere.jsonl cannot be read"),
        (["--out", "."], "cannot be written"),
        (["--chart", "taken/chart.svg"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_work(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("taken").write_text("a file, no folder")
    result = CliRunner().invoke(app, ["library", "evaluate", "sherlock", *arguments])
    assert isinstance(result.exception, MessageError)
    assert message in str(result.exception)

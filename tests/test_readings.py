"""What the reader and the voice are trained on: texts that answer, texts that do not, and lines with notes."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from kettles import entry, make_persona

from chatbot.errors import TrainingError
from chatbot.evaluation import KnownQuestion, share
from chatbot.library.encoders import Embedder, model_folder
from chatbot.library.index.build import build_library
from chatbot.library.search import Library, OpenModels
from chatbot.library.texts import probable_questions
from chatbot.lines import Example
from chatbot.prompts import Message
from chatbot.settings import Settings
from chatbot.tuning.grounded import _begun, grounded
from chatbot.tuning.reader import ReaderRecipe, make_batches, reading_loss
from chatbot.tuning.readings import (
    FACTS,
    NOWHERE,
    RIGHT,
    WINDOWS,
    ReadingGroup,
    Shown,
    _group,
    foreign_groups,
    known_groups,
    probable_groups,
)
from personas import LoadedPersona

HIDERS = "miller giant widow hunter weaver sailor".split()
THINGS = "kettle lantern saddle mirror violin basket".split()


def titled(dev: bool, number: int) -> list[str]:
    """Titles whose hash puts them into a split."""
    return [name for name in (f"The Case {at}" for at in range(100)) if (share(name) < 0.4) == dev][:number]


DEV, TEST = titled(True, 2), titled(False, 1)


def hid(work: str, at: int) -> tuple[str, str]:
    """A sentence of a work, and the thing that it is about."""
    thing = THINGS[(at + [*DEV, *TEST].index(work)) % 6]
    return f"The old {HIDERS[at]} of {work[4:].lower()} hid a {thing} behind the barn.", thing


def facts(work: str) -> list[dict[str, Any]]:
    return [
        {
            "kind": "what",
            "questions": [
                f"What did the {hider} of {work[4:].lower()} hide?",
                f"Which thing was put behind the barn by the {hider} of {work[4:].lower()}?",
                f"In {work[4:].lower()}, what had the {hider} to hide?",
            ],
            "answer": f"a {hid(work, at)[1]}",
            "sentence": hid(work, at)[0],
        }
        for at, hider in enumerate(HIDERS)
    ]


@pytest.fixture(scope="module")
def quill(tmp_path_factory: pytest.TempPathFactory) -> LoadedPersona:
    persona = make_persona(tmp_path_factory.mktemp("personas"))
    for work in (*DEV, *TEST):
        slug = work.replace(" ", "-").lower()
        told = [hid(work, at)[0] for at in range(6)]
        text = "\n\n".join(
            f"{one} {other} The wind blew hard that night." for one, other in zip(told[::2], told[1::2], strict=True)
        )
        entry(persona.folder, slug, work, text)
        rows = "".join(json.dumps(fact) + "\n" for fact in facts(work))
        (persona.casebook / f"{slug}.questions.jsonl").write_text(rows, encoding="utf-8")
    return persona


@pytest.fixture(scope="module")
def library(quill: LoadedPersona, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("library") / "quill"
    embedder = Embedder(cache=settings.models_dir)
    build_library(quill, folder, embedder)
    return Library(folder, OpenModels(embedder), asked=lambda: probable_questions(quill.casebook))


def known(work: str, at: int) -> KnownQuestion:
    question = f"What was it that the {HIDERS[at]} of {work[4:].lower()} hid?"
    return KnownQuestion(work=work, question=question, answers=(hid(work, at)[1],))


def spans(shown: Sequence[Shown]) -> set[str]:
    return {item.text[slice(*item.span)] for item in shown if item.span != NOWHERE}


# ---------------------------------------------------------------------- the persona's own world


def test_a_known_question_has_what_answers_first_and_both_forms_of_what_does_not(library: Library) -> None:
    (group,) = known_groups([known(DEV[0], 0)], library, use=lambda _: True)
    assert (group.kind, group.group, group.question) == ("known", DEV[0], known(DEV[0], 0).question)
    answers = [item.answers for item in group.shown]
    assert answers == sorted(answers, reverse=True) and answers[0]
    assert spans(group.shown) == {hid(DEV[0], 0)[1]}
    wrong = [item for item in group.shown if not item.answers]
    assert {item.known for item in wrong} == {True, False}  # the form must not tell
    assert not [item for item in wrong if hid(DEV[0], 0)[1] in item.text]
    for item in group.shown:
        assert item.text[: item.skip] == f"{item.text.partition('.')[0]}. " and item.span[0] not in range(item.skip)


def test_neither_questions_of_the_test_split_nor_works_that_may_not_be_used_are_trained_on(library: Library) -> None:
    asked = [known(work, at) for work in (*DEV, *TEST) for at in range(3)]
    assert {group.group for group in known_groups(asked, library, use=lambda _: True)} == set(DEV)
    assert {group.group for group in known_groups(asked, library, use=lambda work: work == DEV[1])} == {DEV[1]}
    assert {group.group for group in probable_groups(library, use=DEV[:1].__contains__, seed=7)} == set(DEV[:1])


def test_nothing_answers_a_question_that_the_books_do_not(library: Library) -> None:
    questions = (f"What did the {hider} pay for his horse in {year}?" for hider in HIDERS for year in range(1880, 1890))
    silent = next(text for text in questions if share(text) < 0.4)
    none = KnownQuestion(kind="unanswerable", question=silent, reason="There is no horse.")
    (group,) = known_groups([none], library, use=lambda _: True)
    assert group.group == "none" and not any(item.answers for item in group.shown)


def test_a_probable_question_is_never_shown_with_itself_and_sometimes_nothing_answers(library: Library) -> None:
    groups = list(probable_groups(library, use=lambda _: True, seed=7))
    assert len(groups) == 3 * 6 * 3
    for group in groups:
        assert not [item for item in group.shown if group.question in item.text]
        answers = [item.answers for item in group.shown]
        assert answers == sorted(answers, reverse=True)
        hider = next(at for at, name in enumerate(HIDERS) if name in group.question)
        assert spans(group.shown) <= {f"a {hid(group.group, hider)[1]}", hid(group.group, hider)[1]}
    silent = [group for group in groups if not group.shown[0].answers]
    forms = [{item.known for item in group.shown if item.answers} for group in groups]
    assert 0 < len(silent) < len(groups) / 3
    assert {False} in forms  # a window has to answer
    assert any(True in form for form in forms)


def test_a_group_is_cut_to_some_of_each_form_and_needs_something_that_does_not_answer() -> None:
    right = [Shown(f"Right {at}.", 0, True) for at in range(9)]
    made_up = [Shown(f"Fact {at}.", 0, answers=False, known=True) for at in range(9)]
    windows = [Shown(f"Window {at}.", 0, answers=False) for at in range(9)]
    group = _group("known", "W", "Who?", [*windows, *made_up, *right, *right])
    assert group is not None
    assert group.shown == (*right[:RIGHT], *made_up[:FACTS], *windows[:WINDOWS])
    assert _group("known", "W", "Who?", right) is None


# ---------------------------------------------------------------------- foreign sets


def reading_set(folder: Path, passages: Sequence[dict[str, Any]] = ()) -> Path:
    text = " ".join(f"On day {at} the old miller went out and it rained upon the moor." for at in range(9))
    sections = [{"story": "the-old-mill", "section": "0", "text": f"{text} He hid a kettle in the loft."}]
    questions = [
        {
            "split": split,
            "story": "the-old-mill",
            "sections": ["0"],
            "question": f"What did he hide, the {split} asks?",
            "answers": ["a kettle."],
            "explicit": True,
        }
        for split in ("train", "test")
    ]
    for name, rows in (("sections", sections), ("questions", questions), ("passages", passages)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def passage(*questions: tuple[str, list[str]], source: str = "Quiz") -> dict[str, Any]:
    text = " ".join(f"The cook caught {number} fish and was often at sea." for number in ("nine", "ten"))
    asked = [{"question": text, "answers": answers, "answerable": bool(answers)} for text, answers in questions]
    return {"source": source, "licence": "own", "passage": f"{text} {'It rained all day. ' * 20}", "questions": asked}


def test_stories_give_windows_with_the_place_of_the_answer_and_none_of_the_test_split(tmp_path: Path) -> None:
    (group,) = foreign_groups(reading_set(tmp_path), 7)
    assert (group.kind, group.question) == ("FairytaleQA", "What did he hide, the train asks?")
    assert spans(group.shown) == {"a kettle"}
    right, *wrong = group.shown
    assert right.answers and wrong and not any(item.answers or "kettle" in item.text for item in wrong)
    assert all(item.text[: item.skip] == "The old mill. " for item in group.shown)


def test_passages_give_places_of_whole_words_and_questions_that_nothing_answers(tmp_path: Path) -> None:
    rows = [passage(("How many fish on the second day?", ["ten"]), ("Who was the captain?", []))]
    rows.append(passage(("What did he lose?", ["an anchor"])))  # it does not stand there: of no use
    _, *groups = foreign_groups(reading_set(tmp_path, rows), 7)
    answered, silent = groups
    (right,) = [item for item in answered.shown if item.answers]
    assert right.text[right.span[0] - 1 : right.span[1] + 1] == " ten "  # not that of "often"
    assert silent.question == "Who was the captain?" and not any(item.answers for item in silent.shown)


def test_of_a_source_a_share_may_be_used(tmp_path: Path) -> None:
    rows = [passage((f"Who was captain number {at}?", []), source=source) for source in ("A", "B") for at in range(40)]
    kinds = [group.kind for group in foreign_groups(reading_set(tmp_path, rows), 7, {"A": 0.25})]
    assert 2 <= kinds.count("A") <= 20 and kinds.count("B") == 40


def test_passages_that_are_damaged_are_named(tmp_path: Path) -> None:
    (reading_set(tmp_path) / "passages.jsonl").write_text("{")
    with pytest.raises(TrainingError, match=r"passages\.jsonl cannot be read"):
        list(foreign_groups(tmp_path, 7))


# ---------------------------------------------------------------------- batches and loss


RIGHT_TEXT = Shown("The Mill. He hid a kettle.", 10, True, (19, 25))
WRONG_TEXT = Shown("The Mill. It rained.", 10, answers=False)
GROUP = ReadingGroup("known", "The Mill", "What did he hide?", (RIGHT_TEXT, WRONG_TEXT))


class Given:
    """Gives the logits that a test wants."""

    device = torch.device("cpu")

    def __init__(self, logits: Any) -> None:
        self.logits = logits

    def __call__(self, **read: Any) -> Any:
        rows, tokens = read["input_ids"].shape
        return SimpleNamespace(logits=self.logits(rows, tokens))


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(model_folder("bundled", "embedder", ""))


def loss_of(tokenizer: Any, group: ReadingGroup, scores: Sequence[float], at: int = 0, **recipe: Any) -> float:
    """The loss where the first tokens have these scores, and the answer is looked for at one token of all texts."""

    def logits(rows: int, tokens: int) -> torch.Tensor:
        made = torch.zeros(rows, tokens, 3)
        made[:, 0, 0] = torch.tensor(scores)
        made[:, at, 1:] = 20.0
        return made

    total, read = reading_loss(Given(logits), tokenizer, [group], ReaderRecipe(**recipe))
    assert read > 10
    return float(total)


def test_the_loss_is_nothing_where_all_is_right_and_grows_with_each_mistake(tokenizer: Any) -> None:
    ids = tokenizer(GROUP.question, RIGHT_TEXT.text)["input_ids"]
    place = ids.index(tokenizer.convert_tokens_to_ids("kettle"))
    assert loss_of(tokenizer, GROUP, (20, -20), place) == pytest.approx(0, abs=1e-3)
    assert loss_of(tokenizer, GROUP, (-20, 20), place) > 20
    assert loss_of(tokenizer, GROUP, (20, -20), place - 1) == pytest.approx(10, rel=0.1)
    assert loss_of(tokenizer, GROUP, (20, -20), 1) < 2  # in the question no answer is looked for: all places alike


def test_where_nothing_answers_the_logits_alone_count(tokenizer: Any) -> None:
    silent = ReadingGroup("none", "none", "Who?", (WRONG_TEXT, WRONG_TEXT))
    assert loss_of(tokenizer, silent, (-20, -20)) == pytest.approx(0, abs=1e-3)
    assert loss_of(tokenizer, silent, (20, 20)) == pytest.approx(10, rel=0.01)


def test_an_answer_that_is_cut_off_is_not_looked_for(tokenizer: Any) -> None:
    long = "The Mill. " + "It rained. " * 100
    late = Shown(f"{long}He hid a kettle.", 10, True, (len(long) + 9, len(long) + 15))
    assert loss_of(tokenizer, ReadingGroup("known", "M", "What?", (late, WRONG_TEXT)), (20, -20)) < 1e-3


def test_own_questions_are_read_more_often_and_the_same_seed_gives_the_same_batches() -> None:
    recipe = ReaderRecipe(batch_size=2, passes=1, known_passes=3)
    groups = [
        ReadingGroup(kind, "W", f"Who is {kind} {at}?", GROUP.shown) for kind in ("known", "Quiz") for at in range(3)
    ]
    batches = make_batches(groups, recipe, 7)
    assert batches == make_batches(groups, recipe, 7) != make_batches(groups, recipe, 8)
    kinds = [group.kind for batch in batches for group in batch]
    assert (kinds.count("known"), kinds.count("Quiz")) == (9, 3)


# ---------------------------------------------------------------------- the voice: lines with notes


def line(work: str, at: int, reply: str) -> Example:
    sentence, thing = hid(work, at)
    question = f"What did the {HIDERS[at]} of {work[4:].lower()} hide?"
    return Example("fact", (Message("user", question), Message("assistant", reply)), work, sentence, f"a {thing}")


def test_a_line_that_rests_on_the_casebook_is_read_with_notes_as_in_a_turn(
    library: Library, quill: LoadedPersona
) -> None:
    talk = Example("small-talk", (Message("user", "Good day!"), Message("assistant", "Mind the step.")))
    lines = [line(work, at, "Behind the barn, of all places.") for work in DEV for at in range(6)]
    made = grounded([talk, *lines], library, quill.persona, 7)
    assert made[0] == talk
    facts = [example for example in made if example.kind == "fact"]
    assert len(facts) == len(lines)
    marked = 0
    for example, original in zip(facts, lines, strict=True):
        prompt, reply = (message.content for message in example.messages)
        notes = prompt.splitlines()[2:]
        assert prompt.startswith("Answer from these notes.\nNotes:\n[1] ")
        assert original.sentence in notes[0]  # what answers comes first, and nothing else answers
        assert not [note for note in notes[1:] if note.startswith("[") and original.answer in note]
        if prompt.endswith(f"\nAnswer: {original.answer}"):
            marked += 1
            assert reply == f"{original.answer.capitalize()}. Behind the barn, of all places."
        else:
            assert prompt.endswith(f"Question: {original.messages[0].content}")
            assert reply == original.messages[1].content
    assert len(facts) / 2 < marked < len(facts)
    assert grounded([talk, *lines], library, quill.persona, 7) == made


def test_sometimes_the_notes_do_not_answer_and_the_reply_declines(
    library: Library, quill: LoadedPersona, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["chatbot.tuning.grounded"], "SILENT", 1.0)  # the face has a function of that name
    original = line(DEV[0], 0, "Behind the barn.")
    _, silent = grounded([original], library, quill.persona, 7)
    prompt, reply = (message.content for message in silent.messages)
    assert (silent.kind, reply) == ("silent", "I do not know.")
    assert "[1] " in prompt and hid(DEV[0], 0)[1] not in prompt and "Answer:" not in prompt


@pytest.mark.parametrize(
    ("reply", "begun"),
    [
        ("A kettle. It was copper.", "A kettle. It was copper."),
        ("The kettle! It was copper.", "A kettle. It was copper."),
        ("Nothing simpler. It was copper.", "A kettle. It was copper."),
        ("It was that kettle which he polished every Sunday.", "It was that kettle which he polished every Sunday."),
        (
            "He kept it where nobody would ever look. Men do.",
            "A kettle. He kept it where nobody would ever look. Men do.",
        ),
    ],
    ids=["already", "the same", "short", "alone", "other"],
)
def test_a_reply_begins_with_the_answer_that_is_marked(reply: str, begun: str) -> None:
    example = Example("fact", (Message("user", "What?"), Message("assistant", reply)))
    assert _begun(example, "a kettle").messages[1].content == begun


def test_a_longer_reply_is_read_with_the_parts_of_its_page_that_it_is_about(
    library: Library, quill: LoadedPersona
) -> None:
    told = hid(DEV[1], 4)[0]
    story = Example("story", (Message("user", "Tell me of the weaver."), Message("assistant", told)), DEV[1])
    (made,) = grounded([story], library, quill.persona, 7)
    prompt = made.messages[0].content
    assert told in prompt and prompt.endswith("Question: Tell me of the weaver.")
    assert all(note.startswith(f"[{at}] {DEV[1]}: ") for at, note in enumerate(prompt.splitlines()[2:-1], 1))

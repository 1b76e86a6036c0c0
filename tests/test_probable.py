"""Probably asked questions: the shipped ones, and how a mistake in a file is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from searching import CANON_QUESTIONS

from chatbot.errors import SourceError
from chatbot.evaluation import read_known_questions
from chatbot.language import content_words
from chatbot.library.texts import probable_questions
from personas import LoadedPersona

PAGE = "---\ntitle: The Mill\n---\n# The Mill\n\nThe miller kept a fox. He hid it in the loft.\n"
FOX = {
    "kind": "what",
    "questions": ["Which animal had the miller?"],
    "answer": "a fox",
    "sentence": "The miller kept a fox.",
}
NEAR = 0.75  # of the content words of two questions together


def test_every_page_has_its_questions(sherlock: LoadedPersona) -> None:
    asked = probable_questions(sherlock.casebook)
    assert set(asked) == {page.stem for page in sherlock.casebook.glob("*.md")}
    numbers = {name: sum(len(known.questions) for known in page) for name, page in asked.items()}
    assert min(numbers.values()) >= 40
    assert sum(numbers.values()) >= 4500


def test_no_probable_question_is_nearly_one_that_the_evaluation_asks(sherlock: LoadedPersona) -> None:
    tests = [content_words(known.question) for known in read_known_questions(CANON_QUESTIONS)]
    near = [
        question
        for page in probable_questions(sherlock.casebook).values()
        for known in page
        for question in known.questions
        if any(_overlap(content_words(question), words) >= NEAR for words in tests)
    ]
    assert not near


def _overlap(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0


@pytest.mark.canon
def test_a_place_in_the_full_text_is_found_there(sherlock: LoadedPersona, canon: Path) -> None:
    books = " ".join("\n".join(file.read_text("utf-8") for file in canon.glob("*.txt")).replace("_", "").split())
    plain = books.replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"').replace("—", "-")
    phrases = [
        known.phrase for page in probable_questions(sherlock.casebook).values() for known in page if known.phrase
    ]
    assert phrases
    assert not [phrase for phrase in phrases if phrase not in plain]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sentence": "The miller kept a dog."}, r"sentence: it does not stand in mill\.md"),
        ({"sentence": ""}, "give either 'sentence', from the page, or 'chapter' and 'phrase'"),
        ({"phrase": "kept a fox"}, "give either 'sentence'"),
        ({"questions": []}, "questions: "),
        ({"questions": ["Which animal?", "which ANIMAL?"]}, r"questions: .* is asked twice"),
        ({"kind": "premise"}, "'correction' belongs to the kind 'premise'"),
        ({"kind": "riddle"}, "kind: Input should be 'who'"),
        ({"anwser": "a fox"}, "anwser: Extra inputs"),
    ],
)
def test_a_mistake_is_named_with_its_line(change: dict[str, object], message: str, tmp_path: Path) -> None:
    (tmp_path / "mill.md").write_text(PAGE)
    (tmp_path / "mill.questions.jsonl").write_text(f"{json.dumps({**FOX, **change})}\n")
    with pytest.raises(SourceError, match=rf"mill\.questions\.jsonl:1: .*{message}"):
        probable_questions(tmp_path)


def test_questions_without_a_page_are_an_error_and_a_casebook_may_have_none(tmp_path: Path) -> None:
    assert probable_questions(tmp_path) == {}
    (tmp_path / "mill.questions.jsonl").write_text(json.dumps(FOX))
    with pytest.raises(SourceError, match=r"there is no page mill\.md beside it"):
        probable_questions(tmp_path)

"""Probable questions in the search: which of them a library can place, what a question brings, and what it does not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from kettles import BOOK, Counting, make_persona

from chatbot.library.index.asked import VECTORS, AskedQuestions
from chatbot.library.index.build import build_library
from chatbot.library.search import Library, OpenModels
from chatbot.library.search.inquiry import Inquiry
from chatbot.library.search.modules import ProbableQuestions
from chatbot.library.search.tools import Tools
from chatbot.library.texts import ProbableQuestion, probable_questions
from personas import LoadedPersona

GREEN = "The roof of Thistle Lodge is green."
LODGE: list[dict[str, Any]] = [
    {
        "kind": "what",
        "questions": ["Which colour has the roof of the lodge?", "What does one see on top of that building?"],
        "answer": "green",
        "sentence": GREEN,
    },
    {
        "kind": "premise",
        "questions": ["Why was the roof of Thistle Lodge painted red?"],
        "answer": "it is green",
        "sentence": GREEN,
        "correction": "Green, my friend, and never red.",
    },
    {
        "kind": "where",
        "questions": ["In which hiding place was the copper kettle kept?"],
        "answer": "under the third stair",
        "chapter": "The Copper Kettle",
        "phrase": "a copper kettle under the third stair",
    },
]
CAT: list[dict[str, Any]] = [
    {
        "kind": "who",
        "questions": ["What name does the cat answer to?"],
        "answer": "Pilchard",
        "sentence": "The cat of Thistle Lodge is called Pilchard.",
    }
]


def write(persona: LoadedPersona, page: str, facts: Sequence[dict[str, Any]]) -> None:
    lines = "".join(json.dumps(fact) + "\n" for fact in facts)
    (persona.casebook / f"{page}.questions.jsonl").write_text(lines, encoding="utf-8")


def opened(persona: LoadedPersona, folder: Path, embedder: Counting) -> Library:
    return Library(folder, OpenModels(embedder), asked=lambda: probable_questions(persona.casebook))


@pytest.fixture(scope="module")
def quill(tmp_path_factory: pytest.TempPathFactory) -> LoadedPersona:
    persona = make_persona(tmp_path_factory.mktemp("personas"))
    write(persona, "lodge", LODGE)
    write(persona, "cat", CAT)
    return persona


@pytest.fixture(scope="module")
def folder(quill: LoadedPersona, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library") / "quill"
    build_library(quill, folder, Counting(), texts=BOOK)
    return folder


@pytest.fixture(scope="module")
def library(quill: LoadedPersona, folder: Path) -> Library:
    return opened(quill, folder, Counting())


def asked_of(library: Library) -> AskedQuestions:
    asked = library.tools.asked()
    assert asked is not None
    return asked


def brought(tools: Tools, question: str, **settings: Any) -> Inquiry:
    return ProbableQuestions(**settings)(Inquiry(question), tools)


def test_every_fact_has_the_place_of_its_sentence_or_phrase(library: Library) -> None:
    placed = {
        fact.answer: library.tools.sentences(place.position)[place.sentence] for fact, place in asked_of(library).facts
    }
    assert placed == {
        "green": GREEN,
        "it is green": GREEN,
        "under the third stair": "Old Barnaby Quill kept a copper kettle under the third stair of Thistle Lodge.",
        "Pilchard": CAT[0]["sentence"],
    }
    assert len(asked_of(library)) == 5  # wordings


def test_facts_of_a_book_that_a_library_lacks_are_left_out(quill: LoadedPersona, tmp_path: Path) -> None:
    build_library(quill, tmp_path / "library", Counting())
    facts = asked_of(opened(quill, tmp_path / "library", Counting())).facts
    assert [fact.answer for fact, _ in facts] == ["Pilchard", "green", "it is green"]


def test_vectors_are_kept_and_made_again_where_a_question_changed(quill: LoadedPersona, tmp_path: Path) -> None:
    own = make_persona(tmp_path)
    write(own, "cat", CAT)
    build_library(own, tmp_path / "library", Counting())
    embedder = Counting()
    for embedded in (1, 1):  # made, then read
        asked_of(opened(own, tmp_path / "library", embedder))
        assert embedder.embedded == embedded
    (tmp_path / "library" / VECTORS).write_bytes(b"half")
    asked_of(opened(own, tmp_path / "library", embedder))
    assert embedder.embedded == 2
    write(own, "cat", [{**CAT[0], "questions": ["How is the mouser called?", "Who purrs here?"]}])
    assert len(asked_of(opened(own, tmp_path / "library", embedder))) == 2
    assert embedder.embedded == 4


def test_a_question_in_other_words_brings_the_sentence_with_its_answer(library: Library) -> None:
    done = brought(library.tools, "What is the cat called?")
    first = done.candidates[0]
    assert (first.text, first.key, first.answer) == (CAT[0]["sentence"], CAT[0]["sentence"], "Pilchard")
    assert first.asked == CAT[0]["questions"][0]
    assert first.passage.work == "The Cat"
    assert first.reasons[0].module == "probable-questions"
    assert done.signals["asked"] == pytest.approx(first.score)


def test_yes_is_said_only_to_what_asks_the_same_in_every_word(library: Library) -> None:
    asked = asked_of(library)
    fact = ProbableQuestion(kind="yes-no", questions=("Is the roof green?",), answer="yes", sentence=GREEN)
    assert asked.answer(fact, "Is the roof green?") == "yes"
    assert asked.answer(fact, "Is the roof a ghost?", same=False) == GREEN
    reasoned = fact.model_copy(update={"answer": "yes, quite green"})
    assert asked.answer(reasoned, "Is the roof a ghost?", same=False) == "quite green"


def test_a_question_that_is_like_none_brings_nothing(library: Library) -> None:
    done = brought(library.tools, "How do I file my tax return this year?")
    assert done.candidates == ()
    assert done.signals["asked"] < ProbableQuestions().cosine
    assert brought(library.tools, "What is the cat called?", cosine=0.999).candidates == ()


def test_a_fact_is_brought_once_by_the_wording_that_is_nearest(library: Library) -> None:
    done = brought(library.tools, "What does one see on top of the building?")
    assert [item.asked for item in done.candidates].count(LODGE[0]["questions"][1]) == 1
    assert LODGE[0]["questions"][0] not in [item.asked for item in done.candidates]
    assert len(brought(library.tools, "Which colour has the roof of the lodge?", number=1).candidates) == 1


def test_a_false_premise_is_corrected_only_where_the_question_is_the_same(library: Library) -> None:
    question = "Why was the roof of Thistle Lodge painted red?"
    first = brought(library.tools, question).candidates[0]
    assert (first.answer, first.correction) == ("it is green", "Green, my friend, and never red.")
    near = brought(library.tools, "Which colour is the roof of Thistle Lodge?", sure=0.999).candidates
    assert "it is green" in [item.answer for item in near]
    assert not any(item.correction for item in near)


def test_by_words_alone_and_within_works_alone(library: Library) -> None:
    asked = asked_of(library)

    def answers(*given: Any) -> list[str]:
        return [asked.facts[match.fact][0].answer for match in asked.search(*given)]

    assert answers("name of the cat", None, 1) == ["Pilchard"]
    assert answers("of xyzzy", None, 4) == []
    cat = library.tools.vector("What name does the cat answer to?")
    assert answers("What name does the cat answer to?", cat, 4)[0] == "Pilchard"
    works = {"Thistle Lodge"}
    within = answers("What name does the cat answer to?", cat, 4, works)
    assert within and set(within) <= {"green", "it is green"}


def test_without_questions_nothing_is_added_and_nothing_embedded(quill: LoadedPersona, folder: Path) -> None:
    embedder = Counting()
    library = Library(folder, OpenModels(embedder))
    assert library.tools.asked() is None
    done = brought(library.tools, "What is the cat called?")
    assert done.candidates == () and done.steps[-1].note == "none written"
    assert embedder.embedded == 0


def test_a_search_hands_over_what_a_probable_question_brought(library: Library) -> None:
    found = library.search("What name does the cat answer to?")
    assert found.evidence[0].text.startswith(CAT[0]["sentence"])
    assert found.evidence[0].answer == "Pilchard"
    assert found.evidence[0].said == ""  # nobody has read it: how sure it is, is not known

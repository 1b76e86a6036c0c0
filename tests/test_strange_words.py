"""Words that stand nowhere in the books: ordinary ones, misspelt ones, and those of another world."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.language import ENGLISH, LANGUAGES, distance, is_later, is_ordinary
from chatbot.library.search.library import Library
from chatbot.library.search.reading import MAX_WORDS
from chatbot.trace import search_json
from chatbot.web.panels import evidence_html

CASES = Path(__file__).parent / "cases" / "strange"
MAX_ORDINARY, MIN_LATER = 0.02, 0.9  # shares of the questions in which a word is called strange
DEV, TEST = 0, 1  # the lines of a file in turn: the first were looked at when the decision was written


def called_strange(library: Library, file: str, half: int) -> list[str]:
    """Of one half of a file's questions, those in which a word is called strange."""
    lines = (CASES / file).read_text(encoding="utf-8").splitlines()[half::2]
    questions = [json.loads(line)["question"] for line in lines]
    return [question for question in questions if library.tools.reading(question).strange]


def number(file: str, half: int) -> int:
    return len((CASES / file).read_text(encoding="utf-8").splitlines()[half::2])


@pytest.mark.parametrize("half", [DEV, TEST])
def test_ordinary_words_are_seldom_called_strange(casebook: Callable[..., Library], half: int) -> None:
    strange = called_strange(casebook(), "ordinary.jsonl", half)
    assert number("ordinary.jsonl", half) >= 100
    assert len(strange) <= MAX_ORDINARY * number("ordinary.jsonl", half), strange


@pytest.mark.parametrize("half", [DEV, TEST])
def test_what_is_not_of_the_world_of_the_books_mostly_is(casebook: Callable[..., Library], half: int) -> None:
    strange = called_strange(casebook(), "later.jsonl", half)
    assert number("later.jsonl", half) >= 50
    assert len(strange) >= MIN_LATER * number("later.jsonl", half)


@pytest.mark.parametrize(
    ("question", "taken"),
    [
        ("Who was Dr. Roylot?", {"Roylot": "Roylott"}),
        ("who was dr. roylot?", {"roylot": "Roylott"}),
        ("Where did you meet Irene Addler?", {"Addler": "Adler"}),
        ("Where does your brother Mycroff live?", {"Mycroff": "Mycroft"}),
        ("What killed Julia Stonner, and what did Roylot's snake drink?", {"Stonner": "Stoner", "Roylot": "Roylott"}),
        ("Was Moriraty there?", {"Moriraty": "Moriarty"}),
        ("Who was Milvertann?", {"Milvertann": "Milverton"}),
    ],
)
def test_a_name_that_is_nearly_one_of_the_books_is_searched_for_as_it_is_there(
    casebook: Callable[..., Library], question: str, taken: dict[str, str]
) -> None:
    found = casebook().search(question)
    assert (dict(found.taken_for), found.unknown) == (taken, ())
    right = question
    for written, meant in taken.items():
        right = right.replace(written, meant)
    assert [piece.text for piece in found.evidence] == [piece.text for piece in casebook().search(right).evidence]


@pytest.mark.parametrize("question", ["Who was Dr. Roylott?", "Was the lodge empty?", "Who was Dr. Rolt?", "A rehash?"])
def test_what_is_right_usual_or_too_far_from_a_name_is_left_alone(
    casebook: Callable[..., Library], question: str
) -> None:
    reading = casebook().tools.reading(question)
    assert (reading.question, reading.taken_for) == (question, ())


def test_what_a_word_was_taken_for_is_shown(casebook: Callable[..., Library]) -> None:
    found = casebook().search("Who was Dr. Roylot?")
    assert found.mended == '"Roylot" taken for: Roylott'
    assert search_json(found)["taken_for"] == {"Roylot": "Roylott"}
    panel = evidence_html("Who was Dr. Roylot?", found)
    assert "taken for: Roylott" in panel and "<mark>Roylott</mark>" in panel


def test_a_misspelt_name_in_the_exchange_before_is_mended_too(casebook: Callable[..., Library]) -> None:
    def asked(name: str) -> list[str]:
        history = [(f"Who was Dr. {name}?", "A physician, and a violent one.")]
        return [piece.text for piece in casebook().search("How did he die?", history=history).evidence]

    assert asked("Roylot") == asked("Roylott")


@pytest.mark.parametrize(
    ("question", "strange"),
    [
        ("What did you ask Miss Adler for in lieu of payment?", ()),
        ("Is Zanzibor near?", ("zanzibor",)),
        ("Zanzibor?", ("zanzibor",)),
        ("WHAT WAS THE UPSHOT?", ()),
        ("What Was The Upshot?", ()),
        ("What happened in 2024?", ("2024",)),
        ("What happened on the 14th, at 221 and in 1871?", ()),
        ("Was it on a Tuesday or at Michaelmas?", ()),
        ("Do the FBI and McQuarble know?", ("fbi", "mcquarble")),
        ("which laptops and selfies?", ("laptops", "selfies")),
    ],
)
def test_a_word_is_strange_if_it_is_a_name_or_of_later_times(
    casebook: Callable[..., Library], question: str, strange: tuple[str, ...]
) -> None:
    assert casebook().tools.reading(question).strange == strange


def test_a_message_of_noise_is_read_as_far_as_it_is_worth(casebook: Callable[..., Library]) -> None:
    noise = " ".join(f"q{'wxzvkj'[i % 6] * 4}{'bcdfgh'[i // 6 % 6] * 3}{'mnprst'[i // 36] * 3}" for i in range(200))
    assert len(casebook().tools.reading(noise).strange) == MAX_WORDS
    assert casebook().tools.reading("Is it " + "zx" * 50_000 + "?").strange == ("zx" * 50_000,)


def test_words_are_ordinary_in_their_own_language() -> None:
    german = LANGUAGES["de"]
    for word in ("hearthrug", "unmarked", "importent"):
        assert is_ordinary(word, ENGLISH), word
    for word in ("kirchturmglocke", "klosterkessel"):
        assert is_ordinary(word, german) and not is_ordinary(word, ENGLISH), word
    assert not is_ordinary("zanzibor", ENGLISH) and not is_ordinary("quibbelzwatsch", german)
    assert is_later("smartphones", ENGLISH) and is_later("fernseher", german) and not is_later("code", ENGLISH)


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_the_distance_is_the_same_both_ways_and_stops_at_its_limit(one: str, other: str) -> None:
    whole = distance(one, other, 12)
    assert whole == distance(other, one, 12)
    assert (whole == 0) == (one == other)
    assert distance(one, other, 2) == min(whole, 3)


@pytest.mark.parametrize(("one", "other", "far"), [("form", "from", 1), ("roylot", "roylott", 1), ("cat", "dog", 3)])
def test_exchanged_neighbours_count_as_one_letter(one: str, other: str, far: int) -> None:
    assert distance(one, other, 5) == far

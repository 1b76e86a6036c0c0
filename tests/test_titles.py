"""The name that a conversation gets from its first question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.language import LANGUAGES
from chatbot.titles import LENGTH, title_of


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("Who took the vase?", "Who took the vase?"),
        ("who took\n\tthe  vase", "Who took the vase"),
        ("Hello!", "Hello!"),
        ("Good evening, Mr. Holmes. How are you? Who took the vase?", "Who took the vase?"),
        ("My name is Margaret Thorne. Who took the vase?", "My name is Margaret Thorne"),
        ("Could you please tell me who it was that took the vase from the hall?", "Took vase hall?"),
        ("???", "???"),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_the_first_sentence_that_is_no_courtesy_gives_its_main_words(message: str, title: str) -> None:
    assert title_of(message) == title


def test_which_words_are_left_out_is_the_languages_own() -> None:
    asked = "Wie heißt das Kloster, in dem du die letzten Jahre deines Lebens verbracht hast?"
    assert title_of(asked, LANGUAGES["de"]) == "Heißt Kloster, letzten Jahre Lebens verbracht"


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("a" * LENGTH, "A" + "a" * (LENGTH - 1)),
        ("a" * (LENGTH + 1), "A" + "a" * (LENGTH - 2) + "…"),
        ("a" * (LENGTH - 1) + " vase", "A" + "a" * (LENGTH - 2) + "…"),
        ("a" * (LENGTH - 2) + " vase", "A" + "a" * (LENGTH - 3) + "…"),
        ("lamp " + "a" * LENGTH, "Lamp…"),
        ("福" * 60, "福" * (LENGTH - 1) + "…"),
        ("the of and " * 6, "The of and the of and the of and the of and the…"),
    ],
)
def test_it_is_cut_at_a_word_where_it_is_too_long_and_not_before(message: str, title: str) -> None:
    assert title_of(message) == title


@given(st.text(max_size=200))
def test_any_message_gives_one_short_line(message: str) -> None:
    title = title_of(message)
    assert len(title) <= LENGTH and len(title.splitlines()) <= 1
    assert title_of(message) == title_of(f"  {message}\n")

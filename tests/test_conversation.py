"""What kind of thing was said: small talk, a follow-up, a question that stands alone."""

from __future__ import annotations

import pytest

from chatbot.conversation import MAX_FOLLOW_UP_WORDS, as_written, context_of, is_small_talk
from personas import LoadedPersona

LAST = "What killed Julia Stoner?"
EARLIER = [("Who was Julia Stoner?", "A twin."), (LAST, "Know that a snake did, at Stoke Moran, by order of Roylott.")]


@pytest.mark.parametrize(
    "message",
    [
        "Hello!",
        "Good evening, Mr. Holmes.",
        "thank you very much",
        "Who are you?",
        "How are you today?",
        "Goodbye then.",
        "lol",
        "Nice to meet you!",
        "?!",
    ],
)
def test_greetings_and_thanks_are_small_talk(message: str) -> None:
    assert is_small_talk(message)


@pytest.mark.parametrize(
    "message",
    [
        "Who was Irene Adler?",
        "Hello, who stole the carbuncle?",
        "What killed Julia Stoner?",
        "snake",
        "Good evening and thanks, but how did you and he and she and they do it then?",
    ],
)
def test_a_question_is_no_small_talk_whatever_it_opens_with(message: str) -> None:
    assert not is_small_talk(message)


def test_no_suggested_question_is_small_talk(sherlock: LoadedPersona) -> None:
    assert [question for question in sherlock.persona.suggestions if is_small_talk(question)] == []


@pytest.mark.parametrize(
    "question", ["Why did he do it?", "And then?", "Where was she?", "Why?", "How did they escape?"]
)
def test_a_follow_up_refers_to_the_question_before_it_and_the_names_of_its_reply(question: str) -> None:
    assert context_of(question, EARLIER) == f"{LAST} Stoke Moran Roylott"


@pytest.mark.parametrize(
    "question",
    [
        "Did he know Irene Adler?",
        "Where did the blue carbuncle come from?",
        "Why did he keep a cheetah and a baboon in the garden at all?",
    ],
)
def test_a_question_that_names_what_it_means_stands_alone(question: str) -> None:
    assert context_of(question, EARLIER) == ""


def test_the_first_word_is_no_name() -> None:
    assert context_of("Did he confess?", EARLIER).startswith(LAST)


def test_a_follow_up_has_a_longest_length() -> None:
    short = " ".join(["was", "he", *["so"] * (MAX_FOLLOW_UP_WORDS - 2)])
    assert context_of(short, EARLIER)
    assert context_of(f"{short} so", EARLIER) == ""


def test_the_first_question_is_searched_as_it_stands() -> None:
    assert context_of("Why did he do it?", []) == ""


@pytest.mark.parametrize(
    ("word", "message", "written"),
    [
        ("iphone", "What do you think of the iPhone?", "iPhone"),
        ("covid-19", "Had you COVID-19, sir?", "COVID-19"),
        ("art", "The party was about Art.", "Art"),
        ("c++", "Do you write C++ here?", "C++"),
        ("radio", "Nothing of the kind.", "radio"),
    ],
)
def test_a_word_is_given_back_as_the_visitor_wrote_it(word: str, message: str, written: str) -> None:
    assert as_written(word, message) == written

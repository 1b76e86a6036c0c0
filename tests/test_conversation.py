"""What kind of thing was said: small talk, a follow-up, a question that stands alone."""

from __future__ import annotations

import pytest
from searching import bare

from chatbot.language import (
    ENGLISH,
    as_written,
    is_about_visitor,
    is_follow_up,
    is_small_talk,
    kind_of,
    language_of,
    sub_questions,
)
from chatbot.language.intents import SHORT
from chatbot.library.search.inquiry import Inquiry
from chatbot.library.search.modules.rewriting import FollowUp
from personas import LoadedPersona

NO_TOOLS = bare()  # the module reads nothing but the inquiry and the language
LAST = "What killed Julia Stoner?"
EARLIER = [("Who was Julia Stoner?", "A twin."), (LAST, "Know that a snake did, at Stoke Moran, by order of Roylott.")]


def followed(question: str) -> Inquiry:
    asked = Inquiry(question, tuple(EARLIER), kind_of(question, ENGLISH, EARLIER))
    return FollowUp().apply(asked, NO_TOOLS)[0]


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
def test_greetings_and_thanks_are_small_talk(sherlock: LoadedPersona, message: str) -> None:
    assert is_small_talk(message, language_of(sherlock.persona))


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
    assert not is_small_talk(message, ENGLISH)


def test_no_suggested_question_is_small_talk(sherlock: LoadedPersona) -> None:
    language = language_of(sherlock.persona)
    assert [question for question in sherlock.persona.suggestions if is_small_talk(question, language)] == []


def test_a_greeting_by_name_is_small_talk_to_the_one_who_has_it_alone(sherlock: LoadedPersona) -> None:
    assert is_small_talk("Good evening, Holmes!", language_of(sherlock.persona))
    assert not is_small_talk("Good evening, Holmes!", ENGLISH)


@pytest.mark.parametrize(
    "question",
    [
        "Why did he do it?",
        "And then?",
        "Where was she?",
        "Why?",
        "How did they escape?",
        "So what became of the stepfather at the end?",
        "Which of her servants told the thief about the stone?",
    ],
)
def test_a_follow_up_points_back_or_is_very_short(question: str) -> None:
    assert is_follow_up(question, ENGLISH)


@pytest.mark.parametrize(
    "question",
    [
        "Where did the blue carbuncle come from?",
        "Why did Dr. Roylott keep a cheetah and a baboon?",
        "Name the villain of Stoke Moran, please.",
        "",
        "?!",
    ],
)
def test_a_question_that_names_what_it_means_stands_alone(question: str) -> None:
    assert not is_follow_up(question, ENGLISH)


def test_a_few_words_are_a_follow_up_and_one_more_stands_alone() -> None:
    short = " ".join(["snake"] * SHORT)
    assert is_follow_up(short, ENGLISH)
    assert not is_follow_up(f"{short} snake", ENGLISH)


def test_a_follow_up_is_searched_with_the_exchange_before_it_and_its_own_words_last() -> None:
    (phrasing,) = followed("Why did he do it?").phrasings
    assert phrasing.text == f"{' '.join(EARLIER[-1])} Why did he do it?"
    assert EARLIER[0][1] not in phrasing.text
    assert followed("Why did he do it?").context == " ".join(EARLIER[-1])


def test_a_follow_up_that_names_somebody_is_searched_alone_as_well_and_its_context_counts_less() -> None:
    sure, doubtful = followed("Why did he do it?"), followed("Did he know Irene Adler?")
    assert [phrasing.text for phrasing in doubtful.phrasings][1:] == ["Did he know Irene Adler?"]
    assert 0 < doubtful.context_weight < sure.context_weight < 1


def test_the_first_word_is_no_name() -> None:
    assert len(followed("Did he confess?").phrasings) == 1


def test_the_first_question_is_searched_as_it_stands() -> None:
    asked = Inquiry("Why did he do it?")
    assert FollowUp().apply(asked, NO_TOOLS) == (asked, "")


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "Who hid a stolen gem inside a goose, and who hid one inside a plaster bust?",
            ["Who hid a stolen gem inside a goose", "who hid one inside a plaster bust?"],
        ),
        (
            "Fumes in closed rooms: what was burned to choke the Greeks, and what did the colourman turn on?",
            [
                "Fumes in closed rooms: what was burned to choke the Greeks",
                "Fumes in closed rooms: what did the colourman turn on?",
            ],
        ),
        ("Do you recall my name and my trade?", ["Do you recall my name?", "Do you recall my trade?"]),
    ],
)
def test_a_question_that_asks_two_things_is_two_and_what_stands_before_a_colon_goes_with_both(
    question: str, parts: list[str]
) -> None:
    assert list(sub_questions(question, ENGLISH)) == parts


@pytest.mark.parametrize(
    "question",
    [
        "Who stole the carbuncle and the goose?",
        "What did Holmes and Watson find at Stoke Moran?",
        "Speak, and who?",
        "How did my brother and my sister look to you?",
        "What are my wife and my son called?",
        "Do you remember the quarrel between my wife and my mother?",
        "",
    ],
)
def test_a_question_that_asks_one_thing_stays_whole(question: str) -> None:
    assert sub_questions(question, ENGLISH) == (question,)


@pytest.mark.parametrize(
    "message",
    ["What is my name?", "Who am I?", "Have we met before?", "Do you remember me?", "What’s my dog called?"],
)
def test_what_a_visitor_asks_about_themselves_is_told_from_other_questions(message: str) -> None:
    assert is_about_visitor(message, ENGLISH)


@pytest.mark.parametrize("message", ["Who are you?", "What is your name?", "Do you remember Irene Adler?", "Hello!"])
def test_what_they_ask_about_others_is_not_about_the_visitor(message: str) -> None:
    assert not is_about_visitor(message, ENGLISH)


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

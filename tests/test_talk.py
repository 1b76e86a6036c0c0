"""What is taken for small talk, a question or a follow-up, by the message and what was said before it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEngine
from searching import KILLED

from chatbot.bot import Bot, Question
from chatbot.language import ENGLISH, LANGUAGES, WITHOUT_BOOKS, Language, kind_of, language_of, statements
from chatbot.library.search import Library
from chatbot.prompts import Exchange
from chatbot.resources import Resources
from chatbot.settings import Settings
from personas import LoadedPersona

CASES = Path(__file__).parent / "cases" / "talk"
GERMAN = LANGUAGES["de"]
SNAKE = (KILLED, "A swamp adder, sent through the ventilator by Dr. Roylott of Stoke Moran.")
OFFER = (KILLED, "A swamp adder, sent through the ventilator by Dr. Roylott. Shall I tell you how I knew it?")
THANKS = ("Thank you.", "It was nothing.")


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CASES / name).read_text(encoding="utf-8").splitlines()]


def opens_books(row: dict[str, Any], english: Language) -> bool:
    language = LANGUAGES[row["language"]] if "language" in row else english
    return (
        kind_of(row["message"], language, [(one, other) for one, other in row.get("history", ())]) not in WITHOUT_BOOKS
    )


@pytest.mark.parametrize("opens", [True, False], ids=["questions", "small talk"])
@pytest.mark.parametrize(("name", "wrong"), [("first.jsonl", 0), ("second.jsonl", 0), ("third.jsonl", 2)])
def test_messages_open_books_where_they_ask_something(
    sherlock: LoadedPersona, name: str, wrong: int, opens: bool
) -> None:
    """Three lists of 100, German among them; of the third, small talk that it misses is allowed for, no question."""
    language = language_of(sherlock.persona)
    of_kind = [row for row in rows(name) if row["opens"] is opens]
    assert len(of_kind) == 50
    missed = [row["message"] for row in of_kind if opens_books(row, language) is not opens]
    assert len(missed) <= (0 if opens else wrong), missed


@pytest.mark.parametrize("message", ["yes", "go on", "ok", "and then?", "?", "..."])
def test_what_asks_for_more_is_small_talk_where_nothing_was_said_before(message: str) -> None:
    assert kind_of(message, ENGLISH) == "small talk"


def test_assent_goes_on_after_any_reply_and_mere_consent_after_a_question_alone() -> None:
    assert kind_of("yes", ENGLISH, [SNAKE]) == kind_of("yes", ENGLISH, [OFFER]) == "going on"
    assert kind_of("all right", ENGLISH, [SNAKE]) == "small talk"
    assert kind_of("all right", ENGLISH, [OFFER]) == "going on"


def test_a_follow_up_refers_back_over_small_talk() -> None:
    assert kind_of("yes", ENGLISH, [SNAKE, THANKS]) == "going on"
    assert kind_of("yes", ENGLISH, [THANKS]) == "small talk"
    assert kind_of("Who was he?", ENGLISH, [SNAKE, THANKS]) == "follow-up"


@pytest.mark.parametrize(
    "message",
    ["Кто это сделал?", "Ποιος το έκανε;", "谁做的？", "誰がやったのか", "مَن فعل ذلك؟", "ใครทำ", "किसने किया?"],
)
def test_a_question_in_any_script_is_a_question(message: str) -> None:
    assert kind_of(message, ENGLISH) not in WITHOUT_BOOKS
    assert kind_of(message, ENGLISH, [SNAKE]) not in WITHOUT_BOOKS


@pytest.mark.parametrize(
    "message", ["Who was he?", "Who did that?", "Why did he do it?", "What did he do then?", "And where did he live?"]
)
@pytest.mark.parametrize("mode", ["rag", "all"])
def test_a_follow_up_without_words_of_its_own_is_searched_with_the_exchange_before_it(
    settings: Settings, library: Library, message: str, mode: str
) -> None:
    trace = asked(settings, message, mode, SNAKE)
    assert trace.search is not None
    notes = {step.module: step.note for step in trace.search.steps}
    assert notes["follow-up"].startswith("searched with the exchange before it")


def test_yes_is_searched_with_the_question_that_it_answers(settings: Settings, library: Library) -> None:
    trace = asked(settings, "yes", "hybrid", OFFER)
    assert trace.search is not None and trace.search.unknown == ()
    looked_at = {piece.passage.work for piece in (*trace.evidence, *trace.search.dropped)}
    assert "The Speckled Band" in looked_at


def test_what_visitors_tell_of_themselves_opens_no_books(settings: Settings, library: Library) -> None:
    assert asked(settings, "My name is Tomoko Arai, and I keep bees.", "hybrid").search is None


def asked(settings: Settings, message: str, mode: str, *history: tuple[str, str]) -> Any:
    bot = Bot(Resources(settings, engine=FakeEngine("I see.")))
    return bot.reply(Question(message, mode=mode, history=tuple(Exchange(*exchange) for exchange in history))).trace


# ---------------------------------------------------------------------- what was told


@pytest.mark.parametrize(
    ("message", "told", "language"),
    [
        ("My name is Ada. What is yours?", "My name is Ada.", ENGLISH),
        ("hello! i keep bees. do you like honey?", "i keep bees.", ENGLISH),
        ("What is my name?", "", ENGLISH),
        ("tell me what my name is", "", ENGLISH),
        ("Surely you know my name by now.", "", ENGLISH),
        ("what is my dog called", "", ENGLISH),
        ("Good evening. Thank you.", "", ENGLISH),
        ("I saw Dr. Watson. He was ill.", "I saw Dr. Watson. He was ill.", ENGLISH),
        ("Ich heiße Klara. Wie heißt du?", "Ich heiße Klara.", GERMAN),
        ("Weißt du noch, wie ich heiße", "", GERMAN),
        ("Sag mir meinen Namen.", "", GERMAN),
    ],
)
def test_what_is_told_is_kept_apart_from_what_is_asked(message: str, told: str, language: Language) -> None:
    assert statements(message, language) == told

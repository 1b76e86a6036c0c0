"""What is said without the model: lines where nothing tells, details beside a reply, one sentence for two questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatbot.language import ENGLISH, declines, is_own_matter, language_of
from chatbot.library.search import Evidence, Found
from chatbot.library.texts import CASEBOOK, TEXT, Passage
from chatbot.turn_parts import said_once
from chatbot.turn_values import Draft
from chatbot.wording import Wording
from personas import LoadedPersona, load_persona

LEAD = "Patrick Cairns killed Captain Carey with a harpoon."
ALIKE = "Captain Carey was killed by Patrick Cairns with a harpoon."
NEXT = "Cairns had asked the captain for money and was given drink instead."
THIRD = "The two had sailed together in the Sea Unicorn."


def piece(text: str, score: float, kind: str = CASEBOOK, work: str = "Black Peter") -> Evidence:
    return Evidence(Passage(text[:20], kind, "source", work, "", 1, "Holmes", text), text, score, key=text)


def details(sherlock: LoadedPersona, question: str, *others: Evidence) -> str:
    return Wording(sherlock.persona, question).details([piece(LEAD, 0.8), *others], LEAD)


def test_a_fact_gets_the_next_sentence_and_a_reason_two(sherlock: LoadedPersona) -> None:
    others = piece(NEXT, 0.7), piece(THIRD, 0.6)
    assert details(sherlock, "Who killed Captain Carey?", *others) == NEXT
    assert details(sherlock, "Why was Captain Carey killed?", *others) == f"{NEXT} {THIRD}"


@pytest.mark.parametrize(
    "other",
    [
        piece(ALIKE, 0.8),
        piece(NEXT, 0.3),
        piece(NEXT, 0.8, kind=TEXT),
        piece(NEXT, 0.8, work="The Lion's Mane"),
    ],
    ids=["says the same", "bears on it much less", "is not his own", "another work"],
)
def test_nothing_is_added_that(sherlock: LoadedPersona, other: Evidence) -> None:
    assert details(sherlock, "Who killed Captain Carey?", other) == ""


def test_a_sentence_that_answers_two_questions_is_said_once() -> None:
    first, again = Draft(LEAD), Draft(LEAD, LEAD)
    assert said_once(again, [first], ENGLISH).text == ""
    assert said_once(again, [], ENGLISH) is again
    shown = Draft(f"{LEAD} {NEXT}", NEXT)
    assert said_once(shown, [first], ENGLISH) is shown
    both = Draft(f"{NEXT} {LEAD}", f"{NEXT} {LEAD}")
    assert said_once(both, [first], ENGLISH) == Draft(NEXT, NEXT)
    growing = Draft("Patrick Cairns", "Patrick Cairns")  # an answer whose sentence is still to come
    assert said_once(growing, [first], ENGLISH) is growing


WEAK = Found(weak=True)


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("My sister has gone to Portsmouth with a trunk.", "listening"),
        ("There is a man at my gate every night. What should I do?", "counsel"),
        ("Have you any advice for a bad memory?", "counsel"),
        ("Were you ever fond of porridge?", "undecided"),
        ("Which of the lamps was lit at the wedding?", "declines"),
    ],
)
def test_where_nothing_tells_each_kind_of_message_has_lines_of_its_own(
    sherlock: LoadedPersona, message: str, field: str
) -> None:
    lines = Wording(sherlock.persona, message).without_model(WEAK, voice=True)
    assert sorted(lines) == sorted(getattr(sherlock.persona, field))
    retried = Wording(sherlock.persona, message, attempt=1).without_model(WEAK, voice=True)
    assert retried == (*lines[1:], lines[0])


def test_a_persona_without_them_declines_and_leaves_what_asks_nothing_to_its_voice() -> None:
    persona = load_persona("mechthild", Path(__file__).parent / "personas").persona
    for question in ("Was soll ich tun?", "Hast du Angst vor dem Winter?"):
        assert sorted(Wording(persona, question).without_model(WEAK, voice=True)) == sorted(persona.declines)
    told = Wording(persona, "Meine Schwester ist nach Speyer gegangen.")
    assert told.without_model(WEAK, voice=True) == ()
    assert sorted(told.without_model(WEAK, voice=False)) == sorted(persona.declines)


def test_what_is_said_where_nothing_tells_of_him_declines_and_advice_does_not(sherlock: LoadedPersona) -> None:
    language = language_of(sherlock.persona)
    assert all(declines(line, language) for line in sherlock.persona.undecided)
    assert not [line for line in (*sherlock.persona.counsel, *sherlock.persona.listening) if declines(line, language)]


@pytest.mark.parametrize(
    ("message", "own"),
    [
        ("im Peter and i have a hamster called Biscuit", True),
        ("I don't believe a word of it.", True),
        ("How do I get myself to study?", True),
        ("Should I trust a man like Culverton Smith?", False),
        ("What killed Julia Stoner? I must know.", False),
        ("The speckled band", False),
    ],
)
def test_what_a_visitor_tells_or_wants_advised_upon_is_his_own_matter(message: str, own: bool) -> None:
    assert is_own_matter(message, ENGLISH) is own


def test_a_strange_word_in_a_statement_is_listened_to_and_in_a_question_named(sherlock: LoadedPersona) -> None:
    strange = Found(weak=True, unknown=("zorblax",))
    told = Wording(sherlock.persona, "My friend Zorblax has a cold.").without_model(strange, voice=True)
    assert sorted(told) == sorted(sherlock.persona.listening)
    asked = Wording(sherlock.persona, "What is a Zorblax?").without_model(strange, voice=True)
    assert all("Zorblax" in line for line in asked)

"""What is said without the model: details beside a short reply, and one sentence that answers two questions."""

from __future__ import annotations

import pytest

from chatbot.language import ENGLISH
from chatbot.library.search import Evidence
from chatbot.library.texts import CASEBOOK, TEXT, Passage
from chatbot.turn_parts import said_once
from chatbot.turn_values import Draft
from chatbot.wording import Wording
from personas import LoadedPersona

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
    other = Draft(f"{LEAD} {NEXT}", NEXT)
    assert said_once(other, [first], ENGLISH) is other
    growing = Draft("Patrick Cairns", "Patrick Cairns")  # an answer whose sentence is still to come
    assert said_once(growing, [first], ENGLISH) is growing

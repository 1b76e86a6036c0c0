"""Which replies are there already: a line of the persona's, or what the books tell."""

from __future__ import annotations

import pytest

from chatbot.events import Question
from chatbot.exchanges import NearExchange
from chatbot.library.search import Evidence, Found
from chatbot.library.texts import Passage
from chatbot.prompts import Exchange
from chatbot.resources import Resources
from chatbot.turn import begin
from chatbot.turn_ready import ready_reply
from chatbot.turn_values import Gathered

SAID = "She had wit, and I had none that day."


@pytest.mark.parametrize(
    ("message", "confidence", "earlier", "line"),
    [
        ("What do you think of Irene Adler?", 0.7, (), True),
        ("Where did you meet Irene Adler?", 0.7, (), False),  # a fact, with a passage to read beside it
        ("Where did you meet Irene Adler?", 0.4, (), True),  # which the books hardly tell
        ("Who married Irene Adler?", 0.4, (), False),
        ("Who was Miss Stoner?", 0.4, (), False),  # whom nobody misses
        ("Is it hard to be a detective?", 0.4, ("I broke the violin.",), True),  # "it" is nothing that was spoken of
        ("Who had made it?", 0.4, ("I broke the violin.",), False),  # no line knows what was spoken of
        ("Do you ever regret it?", 0.4, ("I broke the violin.",), True),
        ("My sister broke it. Should I forgive her?", 0.4, ("I have a violin.",), True),
    ],
)
def test_a_line_answers_what_is_asked_of_him_and_the_books_what_is_asked_of_them(
    resources: Resources, message: str, confidence: float, earlier: tuple[str, ...], line: bool
) -> None:
    turn = begin(resources, Question(message, persona="sherlock", mode="hybrid"))
    passage = Passage("1", "casebook", "irene.md", "A Scandal in Bohemia", "", 1, "Sherlock Holmes", "She sang.")
    found = Found((Evidence(passage, passage.text, 1.0, ()),), confidence=confidence)
    near = NearExchange(message, SAID, "opinion", 0.9, fits=True, will_do=True, likely=0.9)
    history = tuple(Exchange(said, "Indeed.") for said in earlier)
    ready = ready_reply(turn, Gathered(history, found, near=(near,)))
    assert (ready is not None and ready.text == SAID) is line

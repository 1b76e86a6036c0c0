"""The router: what a message is taken for, where it is looked up, and whether a second search is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from searching import KILLED, bare, candidate

from chatbot.language import kind_of
from chatbot.library.search.inquiry import Inquiry
from chatbot.library.search.library import Library
from chatbot.library.search.modules.base import Module
from chatbot.library.search.modules.iterative_retrieval import IterativeRetrieval, interleaved
from chatbot.library.search.modules.router import Router
from chatbot.library.search.plans import MODULAR, plan_of
from chatbot.library.search.tools import Tools


@pytest.fixture(scope="module")
def books(casebook: Callable[..., Library]) -> Library:
    """The casebook."""
    return casebook()


def routed(books: Library, message: str, **more: Any) -> Inquiry:
    return Router()(Inquiry(message, kind=kind_of(message, books.tools.language), **more), books.tools)


# ---------------------------------------------------------------------- intents


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        ("Good evening, Mr. Holmes!", "small talk"),
        ("Thank you very much.", "small talk"),
        ("My name is Ada Quill.", "told by the visitor"),
        ("What is my name?", "about the visitor"),
        ("Do you remember what I told you of my dog?", "about the visitor"),
        ("Have we met before?", "about the visitor"),
        ("Where do you keep your tobacco?", "about the persona"),
        ("What killed Julia Stoner?", "question"),
        ("Did you meet Irene Adler?", "question"),
        ("What do you think of the iPhone?", "unknown words"),
        ("Netflix?", "unknown words"),
    ],
)
def test_a_message_is_taken_for_what_it_is(books: Library, message: str, intent: str) -> None:
    assert routed(books, message).intent == intent


@pytest.mark.parametrize("message", ["Good evening!", "What do you think of the iPhone?"])
def test_small_talk_and_what_is_out_of_his_world_open_no_books(books: Library, message: str) -> None:
    found = books.search(message, MODULAR)
    assert [step.module for step in found.steps] == ["router"]
    assert (found.evidence, found.considered, found.weak) == ((), 0, True)
    assert found.why_weak.startswith(f"{found.intent}: nothing was looked up")


@pytest.mark.parametrize("message", ["Where do you keep your tobacco?", KILLED])
def test_what_the_books_may_hold_is_searched_in_them(books: Library, message: str) -> None:
    done = routed(books, message)
    assert not done.ended and done.works == frozenset() and done.candidates == ()
    assert books.search(message, MODULAR).evidence


def test_a_question_about_himself_finds_his_habits(books: Library) -> None:
    found = books.search("Where do you keep your tobacco?", MODULAR)
    assert "slipper" in " ".join(piece.text for piece in found.evidence)
    assert "you: Sherlock Holmes" in {step.note for step in found.steps if step.module == "persona"}


# ---------------------------------------------------------------------- a second search


@dataclass(frozen=True)
class Searches(Module):
    """A module that finds what it was told to, and remembers what it was asked."""

    name = "searches"
    found: tuple[Any, ...] = ()
    asked: list[Inquiry] = field(default_factory=list)

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        self.asked.append(inquiry)
        return replace(inquiry, candidates=self.found).measured(coverage=0.9), ""


def first_search(coverage: float) -> Inquiry:
    """What a first search of two works found."""
    found = (
        candidate("He kept it there.", 0.6, 1, key="There old Barnaby Quill kept it.", work="The Kettle"),
        candidate("She sold it.", 0.5, 2, key="She sold it to a sailor.", work="The Kettle"),
        candidate("A cat slept.", 0.4, 3, key="A cat slept.", work="The Cat"),
        candidate("It rained.", 0.3, 4, key="It rained.", work="The Rain"),
    )
    return Inquiry("Where was it kept?", candidates=found).measured(coverage=coverage, nearest=0.5)


def test_a_search_that_covers_the_question_is_made_once() -> None:
    chain = Searches()
    done, note = IterativeRetrieval((chain,)).apply(first_search(0.8), bare())
    assert chain.asked == []
    assert done == first_search(0.8)
    assert note == "once: 0.80 of the question is covered"


def test_where_little_is_covered_it_is_made_again_in_the_works_found_with_the_names_found() -> None:
    chain = Searches((candidate("Under the third stair.", 0.7, 9, work="The Kettle"),))
    done, note = IterativeRetrieval((chain,)).apply(first_search(0.3), bare())
    (asked,) = chain.asked
    assert asked.works == {"The Kettle", "The Cat"}
    assert asked.phrasings[-1].text == "Where was it kept? Barnaby Quill"
    assert asked.phrasings[0].text == "Where was it kept?"
    assert asked.candidates == ()
    assert note == "again in The Kettle, The Cat: 0.30 of the question was covered"
    assert [one.text for one in done.candidates][:2] == ["Under the third stair.", "He kept it there."]
    assert done.candidates[0].reasons[-1].note == "found by the second search"
    assert not done.candidates[1].reasons
    assert (done.works, done.phrasings) == (frozenset(), ())
    assert (done.signals["coverage"], done.signals["nearest"]) == (0.9, 0.5)


def test_where_nothing_was_found_nothing_is_searched_again() -> None:
    chain = Searches()
    assert IterativeRetrieval((chain,)).apply(Inquiry("Where?"), bare())[0].candidates == ()
    assert chain.asked == []


def test_a_window_that_both_searches_found_is_kept_once_with_the_better_score() -> None:
    worse, better = candidate("He kept it.", 0.4), candidate("He kept it.", 0.6)
    other = candidate("She sold it.", 0.5)
    assert [one.score for one in interleaved([worse, other], [better])] == [0.6, 0.5]


def test_the_real_second_search_stays_in_the_works_of_the_first(books: Library) -> None:
    names = ["dense", "bm25", "fuse", "focus"]
    plan = plan_of("twice", [*names, {"iterative-retrieval": {"coverage": 1.1, "works": 1, "steps": names}}])
    found = books.search(KILLED, plan, pieces=20)
    second = [
        piece for piece in found.evidence if "found by the second search" in {reason.note for reason in piece.reasons}
    ]
    assert second and {piece.passage.work for piece in second} == {"The Speckled Band"}
    assert len({piece.passage.work for piece in found.evidence}) > 1
    assert [step.module for step in found.steps] == [*names, *names, "iterative-retrieval"]


def test_nothing_that_is_handed_over_is_among_the_dropped(books: Library) -> None:
    question = "Who hid a stolen gem inside a goose, and who hid one inside a plaster bust?"
    for asked in (question, "Which servant told of the stone?"):
        found = books.search(asked, MODULAR)
        assert found.dropped
        kept = {piece.text for piece in found.evidence}
        assert not kept & {piece.text for piece in found.dropped}

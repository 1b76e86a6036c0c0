"""Walking the tree of a conversation in the page, without a browser: versions, branches, and what is selected."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fakes import FakeEngine
from test_chat_handlers import ANN, BOB, asked, contents, opened, seated, until

from chatbot.errors import MemoryStoreError
from chatbot.library.search.library import Library
from chatbot.settings import Settings
from chatbot.web.chat_handlers import ChatHandlers
from chatbot.web.keys import SHORTCUTS, help_html, keys_script
from chatbot.web.turn_bar import turn_bar_html
from chatbot.web.views import Seat, View
from memory import Memory

MORNING, EVENING, HOW, WHY = "Good morning.", "Good evening.", "How are you?", "Why so?"


def press(chat: ChatHandlers, seat: Seat, **pressed: str) -> View:
    """The view after a button of the bar."""
    list(chat.press(ANN, seat, "standard", pressed))
    return seat.view


def step(chat: ChatHandlers, seat: Seat, what: str, by: int) -> list[str]:
    return contents(press(chat, seat, do="step", what=what, by=str(by)))[1:]


def said(view: View) -> str:
    """The bar as it is read."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", turn_bar_html(view))).strip()


@pytest.fixture
def grown(settings: Settings, library: Library, tmp_path: Path) -> tuple[ChatHandlers, FakeEngine, Memory, Seat]:
    """Two questions at the beginning; the first has two answers, and the first of these goes on."""
    chat, engine, memory = opened(settings, tmp_path, "One.", "Two.", "Other.", "New.")
    seat = seated(chat)
    asked(chat, "standard", EVENING, seat)
    asked(chat, "standard", HOW, seat)
    press(chat, seat, do="step", what="message", by="-1")
    press(chat, seat, do="again")
    list(chat.edit(ANN, seat, "standard", 1, MORNING))
    assert contents(seat.view)[1:] == [MORNING, "New."]
    return chat, engine, memory, seat


def test_any_message_has_another_answer_and_its_versions_are_walked_with_what_followed(
    grown: tuple[ChatHandlers, FakeEngine, Memory, Seat],
) -> None:
    chat, _, _, seat = grown
    assert "Question 2 of 2" in said(seat.view) and "Answer" not in said(seat.view).replace("Another answer", "")
    assert step(chat, seat, "question", 1) == [MORNING, "New."]  # there is no third
    assert step(chat, seat, "question", -1) == [EVENING, "Other."]
    assert "Question 1 of 2" in said(seat.view) and "Answer 2 of 2" in said(seat.view)
    assert step(chat, seat, "reply", -1) == [EVENING, "One.", HOW, "Two."]
    # The turn whose version was chosen stays selected, with its evidence.
    assert (seat.view.number, seat.view.about) == (1, EVENING)
    assert "Message 1 of 2" in said(seat.view) and "Answer 1 of 2" in said(seat.view)
    assert step(chat, seat, "reply", 1) == [EVENING, "Other."]


def test_the_path_that_was_chosen_is_what_is_found_later_and_continued(
    grown: tuple[ChatHandlers, FakeEngine, Memory, Seat],
) -> None:
    chat, engine, memory, seat = grown
    step(chat, seat, "question", -1)
    assert seat.view.conversation is not None
    elsewhere = seated(chat)
    list(chat.open(ANN, elsewhere, seat.view.conversation))
    assert contents(elsewhere.view)[1:] == [EVENING, "Other."]
    engine.replies = ["Because."]
    assert contents(asked(chat, "standard", WHY, seat))[1:] == [EVENING, "Other.", WHY, "Because."]
    turns = {turn.reply: turn for turn in memory.turns(seat.view.conversation)}
    assert turns["Because."].parent_id == turns["Other."].id


def test_a_branch_begins_at_any_message_and_what_followed_is_kept(
    grown: tuple[ChatHandlers, FakeEngine, Memory, Seat],
) -> None:
    chat, engine, _, seat = grown
    step(chat, seat, "question", -1)
    step(chat, seat, "reply", -1)
    assert "Branch from here" in said(seat.view)
    assert contents(press(chat, seat, do="branch"))[1:] == [EVENING, "One."]
    assert "Show what followed" in said(seat.view)
    assert contents(press(chat, seat, do="onward"))[1:] == [EVENING, "One.", HOW, "Two."]
    press(chat, seat, do="branch")
    engine.replies = ["Because."]
    assert contents(asked(chat, "standard", WHY, seat))[1:] == [EVENING, "One.", WHY, "Because."]
    assert "Question 2 of 2" in said(seat.view)
    assert step(chat, seat, "question", -1) == [EVENING, "One.", HOW, "Two."]


def test_messages_are_selected_one_after_the_other(grown: tuple[ChatHandlers, FakeEngine, Memory, Seat]) -> None:
    chat, _, _, seat = grown
    step(chat, seat, "question", -1)
    step(chat, seat, "reply", -1)
    list(chat.look(ANN, seat, 0))  # the greeting: none is selected
    assert said(seat.view).startswith("‹ Messages: 2 ›")
    numbers = []
    for by in (-1, -1, -1, 1, 1):
        step(chat, seat, "message", by)
        numbers.append(seat.view.number)
    assert numbers == [2, 1, 1, 2, 2]


def test_a_reply_goes_on_while_another_branch_is_looked_at(
    grown: tuple[ChatHandlers, FakeEngine, Memory, Seat],
) -> None:
    chat, engine, memory, seat = grown
    engine.replies, engine.hold = ["Because it rains."], True
    views = chat.send(ANN, seat, "standard", WHY)
    until(views, "Because")
    list(chat.look(ANN, seat, 1))
    away = chat.press(ANN, seat, "standard", {"do": "step", "what": "question", "by": "-1"})
    shown = next(away)
    assert contents(shown)[1:] == [EVENING, "Other."] and shown.busy
    engine.release()
    last = list(away)[-1]
    assert contents(last)[1:] == [EVENING, "Other."] and not last.busy
    assert list(views) == []
    assert step(chat, seat, "question", 1) == [MORNING, "New.", WHY, "Because it rains."]
    assert last.conversation is not None
    assert [turn.state for turn in memory.turns(last.conversation)] == ["done"] * 5


def test_nobody_walks_anothers_tree(grown: tuple[ChatHandlers, FakeEngine, Memory, Seat]) -> None:
    chat, _, _, seat = grown
    for pressed in ({"do": "step", "what": "question", "by": "-1"}, {"do": "branch"}, {"do": "again"}):
        with pytest.raises(MemoryStoreError):
            list(chat.press(BOB, seat, "standard", pressed))
    assert contents(seat.view)[1:] == [MORNING, "New."]


def test_what_no_button_says_does_nothing(grown: tuple[ChatHandlers, FakeEngine, Memory, Seat]) -> None:
    chat, _, _, seat = grown
    before = seat.view
    for pressed in ({}, {"do": "step", "what": "question", "by": "7"}, {"do": "step"}, {"do": "nonsense"}):
        assert list(chat.press(ANN, seat, "standard", pressed)) == []
    assert seat.view is before


def test_every_shortcut_is_in_the_help_sheet_and_in_the_script() -> None:
    assert len({one.keys for one in SHORTCUTS}) == len(SHORTCUTS)
    for one in SHORTCUTS:
        assert one.does in help_html()
        assert f'"{one.keys}": "{one.target}"' in keys_script()

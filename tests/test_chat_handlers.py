"""The page's events without a browser: streaming, stopping, retrying, editing, coming back."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from fakes import FakeEngine

from chatbot.errors import EngineError, MemoryStoreError
from chatbot.library.search.library import Library
from chatbot.resources import Resources
from chatbot.settings import Settings
from chatbot.visitors import Visitor
from chatbot.web.chat_handlers import ChatHandlers, View, turn_of_message
from chatbot.web.panels import NO_SEARCH, NOTHING
from memory import Memory

QUESTION = "What killed Julia Stoner?"
ANN, BOB = Visitor("web-ann"), Visitor("web-bob")
REPLY = "It was the snake of Dr. Roylott."


def opened(settings: Settings, tmp_path: Path, *replies: str | Exception) -> tuple[ChatHandlers, FakeEngine, Memory]:
    engine = FakeEngine(*replies)
    resources = Resources(settings, engine=engine)
    memory = resources.__dict__["memory"] = Memory(f"sqlite:///{tmp_path / 'memory.sqlite3'}")
    return ChatHandlers(resources), engine, memory


def contents(view: View) -> list[str]:
    return [message["content"] for message in view.messages]


def test_an_answer_streams_word_by_word_and_ends_with_evidence_and_timings(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    chat, _, _ = opened(settings, tmp_path, REPLY)
    views = list(chat.send(ANN, chat.fresh("sherlock"), "hybrid", QUESTION))
    growing = [contents(view)[-1] for view in views]
    assert growing[0] == "…"
    assert "It was " in growing
    assert growing[-1] == REPLY
    assert "<mark>" in views[-1].evidence
    assert "rests on the notes" in views[-1].timings


def test_a_visitor_comes_back_and_finds_the_conversation(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, _, _ = opened(settings, tmp_path, REPLY)
    left = list(chat.send(ANN, chat.fresh("sherlock"), "hybrid", QUESTION))[-1]
    again, _, _ = opened(settings, tmp_path)
    assert again.conversations(ANN) == [(QUESTION, left.conversation)]
    assert again.conversations(BOB) == []
    assert left.conversation is not None
    back = again.open(ANN, left.conversation)
    assert back.messages == left.messages
    assert back.timings == left.timings
    assert "The Speckled Band" in back.evidence
    with pytest.raises(MemoryStoreError):
        again.open(BOB, left.conversation)


def test_stop_keeps_what_was_said(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, engine, memory = opened(settings, tmp_path, REPLY, "And then.")
    engine.hold = threading.Event()
    views = chat.send(ANN, chat.fresh("sherlock"), "ft", QUESTION)
    view = next(view for view in views if contents(view)[-1].startswith("It was"))
    views.close()
    assert engine.generations[0].cancelled
    assert view.conversation is not None
    assert [turn.state for turn in memory.turns(view.conversation)] == ["stopped"]
    assert contents(chat.open(ANN, view.conversation))[-1].endswith("*(stopped)*")


def test_retry_and_edit_branch_and_lose_nothing(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, _, memory = opened(settings, tmp_path, "One.", "Two.", "Three.", "Four.")
    view = list(chat.send(ANN, chat.fresh("sherlock"), "ft", "Good evening."))[-1]
    view = list(chat.send(ANN, view, "ft", "How are you?"))[-1]
    retried = list(chat.retry(ANN, view, "ft", 1))[-1]
    assert contents(retried)[1:] == ["Good evening.", "One.", "How are you?", "Three."]
    edited = list(chat.edit(ANN, retried, "ft", 0, "Good morning."))[-1]
    assert contents(edited)[1:] == ["Good morning.", "Four."]
    assert edited.conversation is not None
    assert sorted(turn.reply for turn in memory.turns(edited.conversation)) == ["Four.", "One.", "Three.", "Two."]


def test_the_mode_can_change_at_every_message(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, engine, _ = opened(settings, tmp_path, REPLY, REPLY, REPLY)
    view = chat.fresh("sherlock")
    for mode in ("rag", "ft", "hybrid"):
        view = list(chat.send(ANN, view, mode, QUESTION))[-1]
    assert [request.voice is not None for request in engine.requests] == [False, True, True]


def test_a_failure_is_shown_and_the_question_is_kept(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, _, memory = opened(settings, tmp_path, EngineError("The engine is out of tea."))
    view = list(chat.send(ANN, chat.fresh("sherlock"), "ft", QUESTION))[-1]
    assert view.notice == "The engine is out of tea."
    assert QUESTION in contents(view)
    assert view.conversation is not None
    assert memory.turns(view.conversation)[0].state == "failed"


def test_a_message_that_cannot_be_sent_goes_back_into_the_input(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    chat, _, _ = opened(settings, tmp_path)
    view = list(chat.send(ANN, chat.fresh("sherlock"), "nonsense", QUESTION))[-1]
    assert view.draft == QUESTION
    assert "no mode 'nonsense'" in view.notice
    assert "Write a message" in list(chat.send(ANN, chat.fresh("sherlock"), "ft", "  "))[-1].notice


def test_an_earlier_answer_shows_its_own_evidence(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, _, _ = opened(settings, tmp_path, REPLY, "Good night.")
    view = list(chat.send(ANN, chat.fresh("sherlock"), "hybrid", QUESTION))[-1]
    view = list(chat.send(ANN, view, "ft", "Good night."))[-1]
    assert "The Speckled Band" not in chat.look(ANN, view, 1).evidence
    assert "The Speckled Band" in chat.look(ANN, view, 0).evidence


def test_the_search_is_shown_live_and_again_when_it_is_read_from_memory(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    chat, _, _ = opened(settings, tmp_path, REPLY, "Good night.")
    views = list(chat.send(ANN, chat.fresh("sherlock"), "hybrid", QUESTION))
    writing = next(view for view in views if "writing" in view.timings)
    view = views[-1]
    assert "<dd>rag</dd>" in view.search and "Found and not used" in view.search
    # What stands while he writes stays as it is: a block that was opened is not folded under the reader's eyes.
    assert writing.search == view.search
    assert writing.evidence == view.evidence
    assert chat.look(ANN, view, 0).search == view.search
    view = list(chat.send(ANN, view, "ft", "Good night."))[-1]
    assert view.search == ""


def test_weak_evidence_says_why_and_shows_what_was_found(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, _, _ = opened(settings, tmp_path)
    view = list(chat.send(ANN, chat.fresh("sherlock"), "rag", "What do you think of the iPhone?"))[-1]
    assert NOTHING in view.evidence and "not in the books: iphone" in view.evidence
    assert "confidence: too weak to answer from" in view.search
    again = chat.look(ANN, view, 0)
    assert (again.evidence, again.search) == (view.evidence, view.search)


def test_a_router_that_decides_against_searching_is_shown(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, _, _ = opened(settings, tmp_path)
    view = list(chat.send(ANN, chat.fresh("sherlock"), "modular-rag", "Bluetooth smartphone Netflix?"))[-1]
    assert NO_SEARCH in view.evidence and "unknown words" in view.evidence
    assert "<dd>unknown words</dd>" in view.search
    assert (chat.look(ANN, view, 0).evidence, chat.look(ANN, view, 0).search) == (view.evidence, view.search)


def test_messages_are_assigned_to_turns_with_and_without_a_greeting() -> None:
    greeted = View("sherlock", messages=tuple({"role": "x", "content": str(n)} for n in range(5)))
    plain = View("sherlock", messages=greeted.messages[:4])
    assert [turn_of_message(greeted, index) for index in range(5)] == [-1, 0, 0, 1, 1]
    assert [turn_of_message(plain, index) for index in range(4)] == [0, 0, 1, 1]

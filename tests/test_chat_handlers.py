"""The page's events without a browser: streaming, stopping, retrying, editing, coming back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeEngine, unjudged

from chatbot.errors import EngineError, MemoryStoreError
from chatbot.library.search.library import Library
from chatbot.resources import Resources
from chatbot.settings import Settings
from chatbot.turn import gather
from chatbot.visitors import Visitor
from chatbot.web.chat_handlers import ChatHandlers
from chatbot.web.page import build_page
from chatbot.web.panels import BEFORE, NO_SEARCH, NOTHING
from chatbot.web.past_list import Past
from chatbot.web.views import Seat, View, without_folders
from memory import Memory

ANN, BOB = Visitor("web-ann"), Visitor("web-bob")
QUESTION = "What killed Julia Stoner?"
PERSONAS = Path(__file__).parent / "personas"
REPLY = "It was the snake of Dr. Roylott."


def opened(settings: Settings, tmp_path: Path, *replies: str | Exception) -> tuple[ChatHandlers, FakeEngine, Memory]:
    engine = FakeEngine(*replies)
    resources = unjudged(Resources(settings, engine=engine))
    memory = resources.__dict__["memory"] = Memory(f"sqlite:///{tmp_path / 'memory.sqlite3'}")
    return ChatHandlers(resources), engine, memory


def seated(chat: ChatHandlers) -> Seat:
    """A tab that has just been opened."""
    return Seat(chat.greeting("sherlock"))


def asked(chat: ChatHandlers, mode: str, text: str, seat: Seat | None = None) -> View:
    """The last view of an answer."""
    return list(chat.send(ANN, seat or seated(chat), mode, text))[-1]


def until(views: Iterator[View], begins: str) -> View:
    """The first view whose reply begins so."""
    return next(view for view in views if contents(view)[-1].startswith(begins))


def contents(view: View) -> list[str]:
    return [message["content"] for message in view.messages]


def test_an_answer_grows_and_ends_with_evidence_and_timings(
    settings: Settings, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat, engine, _ = opened(settings, tmp_path, REPLY)
    engine.hold = True
    searching = threading.Event()
    monkeypatch.setattr("chatbot.bot.gather", lambda turn: searching.wait() and gather(turn))
    views = chat.send(ANN, seated(chat), "hybrid", QUESTION)
    first = next(views)
    assert contents(first)[-1] == "…" and first.busy
    assert "thinking" in first.timings and BEFORE in first.evidence
    searching.set()
    writing = next(view for view in views if "<mark>" in view.evidence)
    assert writing.busy
    engine.release()
    last = list(views)[-1]
    assert contents(last)[-1].endswith(REPLY) and not last.busy
    # What stands while he writes stays as it is: a block that was opened is not folded under the reader's eyes.
    assert (last.evidence, last.search) == (writing.evidence, writing.search)
    assert "rests on the notes" in last.timings
    assert last.about == QUESTION


def test_a_visitor_comes_back_and_finds_the_conversation_and_its_mode(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    chat, _, _ = opened(settings, tmp_path, REPLY)
    left = asked(chat, "rag", QUESTION)
    assert left.conversation is not None
    again, _, _ = opened(settings, tmp_path)
    assert left.conversation in again.past.html(ANN, Past(), None)
    assert left.conversation not in again.past.html(BOB, Past(), None)
    [back] = again.open(ANN, seated(again), left.conversation)
    assert back.messages == left.messages
    assert back.timings == left.timings
    assert (back.mode, back.about) == ("rag", QUESTION)
    assert "The Speckled Band" in back.evidence
    with pytest.raises(MemoryStoreError):
        list(again.open(BOB, seated(again), left.conversation))


def test_a_reply_goes_on_without_the_page_that_asked(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, engine, memory = opened(settings, tmp_path, REPLY)
    engine.hold = True
    views = chat.send(ANN, seated(chat), "ft", QUESTION)
    left = until(views, "It was")
    assert "writing" in left.timings
    views.close()  # as a reload does
    assert left.conversation is not None
    one, two = (chat.open(ANN, seated(chat), left.conversation) for _ in range(2))
    assert until(one, "It was").busy and until(two, "It was").busy
    engine.release()
    for follower in (one, two):
        assert contents(list(follower)[-1])[-1] == REPLY
    assert [turn.state for turn in memory.turns(left.conversation)] == ["done"]


def test_a_conversation_that_is_left_does_not_fill_the_one_that_is_opened(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    chat, engine, _ = opened(settings, tmp_path, REPLY, "Good evening to you.")
    engine.hold = True
    seat = seated(chat)
    views = chat.send(ANN, seat, "ft", QUESTION)
    left = until(views, "It was")
    [fresh] = chat.fresh(seat, "sherlock")
    assert list(views) == []
    assert seat.view == fresh and not fresh.busy
    other = chat.send(ANN, seat, "standard", "Good evening.")  # another conversation is answered meanwhile
    assert until(other, "Good evening").conversation != left.conversation
    engine.release()
    assert contents(list(other)[-1])[1:] == ["Good evening.", "Good evening to you."]


def test_a_second_message_waits_for_the_end_and_is_given_back(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    chat, engine, memory = opened(settings, tmp_path, REPLY)
    engine.hold = True
    seat = seated(chat)
    views = chat.send(ANN, seat, "ft", QUESTION)
    until(views, "It was")
    [refused] = chat.send(ANN, seat, "ft", "And who was Roylott?")
    assert "still being written" in refused.notice and refused.busy
    assert seat.take_draft() == "And who was Roylott?" and seat.take_draft() == ""
    engine.release()
    last = list(views)[-1]
    assert (contents(last)[-1], last.notice, last.busy) == (REPLY, "", False)
    assert last.conversation is not None and len(memory.turns(last.conversation)) == 1


def test_stop_keeps_what_was_said(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, engine, memory = opened(settings, tmp_path, REPLY)
    engine.hold = True
    seat = seated(chat)
    views = chat.send(ANN, seat, "ft", QUESTION)
    until(views, "It was")
    threading.Timer(0.2, engine.release).start()
    stopped = list(chat.stop(ANN, seat))[-1]
    assert list(views) == []  # the event that followed the reply leaves the page to the one that stopped it
    assert engine.generations[0].cancelled
    assert stopped.conversation is not None and not stopped.busy
    assert [turn.state for turn in memory.turns(stopped.conversation)] == ["stopped"]
    assert contents(stopped)[-1].endswith("*(stopped)*")


def test_two_tabs_on_one_conversation_lose_nothing(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, engine, memory = opened(settings, tmp_path, "One.", "It was two.", "Three.")
    one = seated(chat)
    first = asked(chat, "standard", "Good evening.", one)
    assert first.conversation is not None
    two = seated(chat)
    [_] = chat.open(ANN, two, first.conversation)
    assert list(chat.refresh(ANN, two)) == []  # nothing was added
    engine.hold = True
    views = chat.send(ANN, one, "standard", "How are you?")
    until(views, "It was")
    # The other tab knows nothing of it: what it sends is given back, and it shows how the conversation went on.
    [late] = chat.send(ANN, two, "standard", "And who are you?")
    assert "another tab" in late.notice and contents(late)[-2] == "How are you?"
    assert two.take_draft() == "And who are you?"
    following = chat.refresh(ANN, two)
    assert until(following, "It was").busy and "another tab" in two.view.notice
    engine.release()
    assert contents(list(following)[-1]) == contents(list(views)[-1])
    assert asked(chat, "standard", "And who are you?", two).number == 3
    turns = memory.turns(first.conversation)
    assert [turn.parent_id for turn in turns] == [None, turns[0].id, turns[1].id]
    *_, shown = chat.refresh(ANN, one)
    assert contents(shown)[-1] == "Three."
    memory.delete(first.conversation)
    assert "no such conversation" in asked(chat, "standard", "Hello?", one).notice
    assert one.take_draft() == "Hello?"


def test_closing_stops_what_is_being_written_and_keeps_it(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, engine, memory = opened(settings, tmp_path, REPLY)
    engine.hold = True
    view = until(chat.send(ANN, seated(chat), "ft", QUESTION), "It was")
    threading.Timer(0.2, engine.release).start()
    chat.close()
    assert view.conversation is not None
    [turn] = memory.turns(view.conversation)
    assert turn.state == "stopped" and turn.reply.startswith("It was")


def test_the_desk_keeps_nothing_of_what_has_ended(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, _, _ = opened(settings, tmp_path, "One.", EngineError("Out of tea."), "Three.")
    for number in range(3):
        asked(chat, "standard", f"Good evening, {number}.")
    assert not chat.desk.under_way


def test_retry_and_edit_branch_and_lose_nothing(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, _, memory = opened(settings, tmp_path, "One.", "Two.", "Three.", "Four.")
    seat = seated(chat)
    asked(chat, "standard", "Good evening.", seat)
    asked(chat, "standard", "How are you?", seat)
    retried = list(chat.retry(ANN, seat, "standard"))[-1]
    assert contents(retried)[1:] == ["Good evening.", "One.", "How are you?", "Three."]
    edited = list(chat.edit(ANN, seat, "standard", 1, "Good morning."))[-1]
    assert contents(edited)[1:] == ["Good morning.", "Four."]
    assert edited.conversation is not None
    assert sorted(turn.reply for turn in memory.turns(edited.conversation)) == ["Four.", "One.", "Three.", "Two."]


def test_the_greeting_is_neither_tried_again_nor_edited(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, _, _ = opened(settings, tmp_path, REPLY)
    seat = seated(chat)
    assert "Write a message first" in list(chat.retry(ANN, seat, "ft"))[-1].notice
    assert "Only your own messages" in list(chat.edit(ANN, seat, "ft", 0, "Hello."))[-1].notice
    asked(chat, "hybrid", QUESTION, seat)
    [look] = chat.look(ANN, seat, 0)
    assert BEFORE in look.evidence and not look.about


def test_the_mode_can_change_at_every_message(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, engine, _ = opened(settings, tmp_path, REPLY, REPLY, REPLY)
    seat = seated(chat)
    voices = []
    for mode in ("rag", "ft", "hybrid"):
        asked(chat, mode, QUESTION, seat)
        voices.append(engine.requests[-1].voice is not None)
    assert voices == [False, True, True]


def test_a_failure_is_shown_and_the_question_is_kept(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, _, memory = opened(settings, tmp_path, EngineError("The engine is out of tea."), ZeroDivisionError("kettle"))
    seat = seated(chat)
    view = asked(chat, "ft", QUESTION, seat)
    assert view.notice == "The engine is out of tea." and not view.busy
    assert QUESTION in contents(view) and seat.take_draft() == QUESTION
    assert "kettle" in asked(chat, "ft", QUESTION, seat).notice and not seat.view.busy
    assert view.conversation is not None
    assert memory.turns(view.conversation)[0].state == "failed"


def test_a_message_that_cannot_be_sent_goes_back_into_the_input(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    chat, _, _ = opened(settings, tmp_path)
    seat = seated(chat)
    assert "no mode 'nonsense'" in asked(chat, "nonsense", QUESTION, seat).notice
    assert seat.take_draft() == QUESTION
    assert "Write a message" in asked(chat, "ft", "  ", seat).notice
    failed = chat.failed(seat, ZeroDivisionError("kettle"))
    assert "kettle" in failed.notice and failed.messages == chat.greeting("sherlock").messages


def test_the_evidence_is_that_of_the_answer_that_is_looked_at(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    chat, engine, _ = opened(settings, tmp_path, REPLY, "Good night.")
    seat = seated(chat)
    first = asked(chat, "hybrid", QUESTION, seat)
    assert "<dd>rag</dd>" in first.search and "Found and not used" in first.search
    engine.hold = True
    views = chat.send(ANN, seat, "standard", "Good night.")
    begun = until(views, "Good")
    assert (begun.about, begun.search) == ("Good night.", "") and NO_SEARCH in begun.evidence
    [look] = chat.look(ANN, seat, 2)
    assert (look.about, look.evidence, look.search) == (first.about, first.evidence, first.search)
    engine.release()
    last = list(views)[-1]
    assert contents(last)[-1] == "Good night."
    # What the visitor looks at stays while the next answer is written.
    assert (last.about, last.evidence, last.timings) == (first.about, first.evidence, first.timings)
    [look] = chat.look(ANN, seat, 4)
    assert look.about == "Good night." and NO_SEARCH in look.evidence and look.search == ""


def test_weak_evidence_says_why_and_shows_what_was_found(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, _, _ = opened(settings, tmp_path)
    seat = seated(chat)
    view = asked(chat, "rag", "What do you think of the iPhone?", seat)
    assert NOTHING in view.evidence and "not in the books: iphone" in view.evidence
    assert "confidence: too weak to answer from" in view.search
    [again] = chat.look(ANN, seat, 1)
    assert (again.evidence, again.search) == (view.evidence, view.search)


def test_a_router_that_decides_against_searching_is_shown(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, _, _ = opened(settings, tmp_path)
    seat = seated(chat)
    view = asked(chat, "modular-rag", "Bluetooth smartphone Netflix?", seat)
    assert NO_SEARCH in view.evidence and "unknown words" in view.evidence
    assert "<dd>unknown words</dd>" in view.search
    [again] = chat.look(ANN, seat, 1)
    assert (again.evidence, again.search) == (view.evidence, view.search)


def test_a_tab_that_the_server_forgot_finds_its_conversation(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    chat, _, _ = opened(settings, tmp_path, REPLY)
    left = asked(chat, "ft", QUESTION)
    assert left.conversation is not None
    seat = seated(chat)
    chat.find(ANN, seat, left.conversation)
    assert seat.view.messages == left.messages
    with pytest.raises(MemoryStoreError):
        chat.find(BOB, seated(chat), left.conversation)


def test_another_persona_brings_its_own_mode(settings: Settings, library: Library, tmp_path: Path) -> None:
    chat, _, _ = opened(settings.model_copy(update={"personas": PERSONAS}), tmp_path)
    seat = seated(chat)
    [fresh] = chat.fresh(seat, "sherlock")
    assert fresh.mode == ""
    [other] = chat.fresh(seat, "mechthild")
    assert other.mode == chat.persona("mechthild").default_mode
    assert contents(other) == [chat.persona("mechthild").greeting]


def test_another_persona_brings_its_own_suggestions(settings: Settings, tmp_path: Path) -> None:
    chat, _, _ = opened(settings.model_copy(update={"personas": PERSONAS}), tmp_path)
    page = build_page(chat, {"sherlock": "Sherlock Holmes", "mechthild": "Mechthild"}, "sherlock")
    [suggest] = [event.fn for event in page.fns.values() if event.name == "suggest"]
    for persona in ("mechthild", "sherlock"):
        shown = [button.value for button in suggest(persona) if button.visible]
        assert shown == list(chat.persona(persona).suggestions)


def test_a_line_for_the_visitor_names_no_folder_of_the_server() -> None:
    assert without_folders("'/tmp/up/ab12/empty.txt' is empty.") == "'empty.txt' is empty."
    assert without_folders("Cannot write /home/x/memory.db: full.") == "Cannot write memory.db: full."
    kept = "See https://example.org/a/b, and/or write 1/2/3 of it."
    assert without_folders(kept) == kept


def test_messages_are_assigned_to_turns_with_and_without_a_greeting() -> None:
    messages = tuple({"role": "x", "content": str(n)} for n in range(5))
    greeted, plain = View("sherlock", messages=messages, turns=("a", "b")), View("sherlock", messages=messages[:4])
    assert [greeted.turn_of(index) for index in range(5)] == [None, "a", "a", "b", "b"]
    assert [replace(plain, turns=("a", "b")).turn_of(index) for index in range(4)] == ["a", "a", "b", "b"]

"""The list of past conversations in the page, without a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_chat_handlers import ANN, BOB, contents, opened, seated

from chatbot.settings import Settings
from chatbot.web.chat_handlers import ChatHandlers
from chatbot.web.past_list import Past, Place
from chatbot.web.turn_bar import turn_bar_html
from memory import Memory

SNAKE, STONE = "What killed Julia Stoner?", "Who stole the blue carbuncle?"

Kept = tuple[ChatHandlers, Memory, str, str]


def stored(memory: Memory, *exchanges: tuple[str, str], mode: str = "rag", user: str = ANN.id) -> str:
    """A conversation of the visitor."""
    conversation = memory.start(user, "sherlock", "Good evening.")
    parent = None
    for question, reply in exchanges:
        parent = memory.ask(conversation, parent, mode, question)
        memory.answer(parent, sent=question, reply=reply, state="done")
    memory.rename(conversation, exchanges[0][0])
    return conversation


@pytest.fixture
def kept(settings: Settings, tmp_path: Path) -> Kept:
    """Two conversations of Ann's, the older about a snake, and one of Bob's."""
    chat, _, memory = opened(settings, tmp_path)
    snake = stored(memory, (SNAKE, "A swamp adder."), ("Who sent it?", "Dr. Grimesby Roylott sent it."))
    stone = stored(memory, (STONE, "James Ryder did."), mode="hybrid")
    stored(memory, ("Bob's own?", "His own."), user=BOB.id)
    return chat, memory, snake, stone


def listed(chat: ChatHandlers, past: Past | None = None, shown: str | None = None) -> str:
    """The list as it is read."""
    html = chat.past.html(ANN, past or Past(), shown)
    html = re.sub(r"<details.*?</details>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html)).strip()


def press(chat: ChatHandlers, past: Past | None = None, **pressed: str) -> Past:
    return chat.past.press(ANN, past or Past(), None, pressed)


def exported(chat: ChatHandlers, form: str, conversation: str = "") -> Past:
    return chat.past.press(ANN, Past(), None, {"do": "export", "as": form, "id": conversation})


def test_every_conversation_has_its_name_date_persona_and_mode_and_pinned_ones_are_first(kept: Kept) -> None:
    chat, memory, snake, stone = kept
    date = memory.conversation(stone).updated_at
    assert f"{STONE} {date:%d %b %Y} · Sherlock Holmes · hybrid" in listed(chat)
    assert listed(chat).index(STONE) < listed(chat).index(SNAKE)
    assert "Bob" not in listed(chat)
    press(chat, do="pin", id=snake)
    assert listed(chat).index(SNAKE) < listed(chat).index(STONE) and "Pinned" in listed(chat)
    press(chat, do="unpin", id=snake)
    assert "Pinned" not in listed(chat)
    assert f'data-id="{stone}" aria-current="true"' in chat.past.html(ANN, Past(), stone)


def test_a_name_is_changed_and_a_bad_one_refused_in_a_line(kept: Kept) -> None:
    chat, _, snake, _ = kept
    assert press(chat, do="rename", id=snake, text="  The  band ").notice == ""
    assert "The band" in listed(chat) and SNAKE not in listed(chat)
    for bad in ("", " ", "x" * 121):
        refused = press(chat, do="rename", id=snake, text=bad)
        assert refused.notice and "\n" not in refused.notice and refused.notice in listed(chat, refused)
    press(chat, do="rename", id=snake, text="<img src=x onerror=alert(1)>")
    html = chat.past.html(ANN, Past(), None)
    assert "<img" not in html and "&lt;img" in html


def test_a_search_finds_names_and_messages_and_opens_at_the_message(kept: Kept) -> None:
    chat, memory, snake, _ = kept
    found = chat.past.search(Past(), " roylott ")
    assert SNAKE in listed(chat, found) and STONE not in listed(chat, found)
    html = chat.past.html(ANN, found, None)
    assert "<mark>Roylott</mark>" in html
    [turn] = re.findall(r'data-turn="(\w+)"', html)
    place = press(chat, found, do="open", id=snake, turn=turn).place
    assert place == Place(snake, turn)
    seat = seated(chat)
    list(chat.open(ANN, seat, place.conversation, place.turn))
    assert (seat.view.number, seat.view.about, seat.view.mode) == (2, "Who sent it?", "rag")
    nothing = chat.past.search(Past(), "<b>zebra</b>")
    assert "Nothing holds “&lt;b&gt;zebra&lt;/b&gt;”." in listed(chat, nothing)
    assert SNAKE in listed(chat, chat.past.search(nothing, " "))
    # A hit on another branch: the path leads there.
    first = memory.turns(snake)[0]
    other = memory.ask(snake, first.id, "ft", "And the saucer of milk?")
    memory.answer(other, sent="", reply="For the snake.", state="done")
    press(chat, do="open", id=snake, turn=turn)
    list(chat.open(ANN, seat, snake, turn))
    assert contents(seat.view)[-1].startswith("Dr. Grimesby Roylott")
    assert "Question 1 of 2" in turn_bar_html(seat.view)


def test_what_is_archived_is_listed_apart(kept: Kept) -> None:
    chat, _, snake, _ = kept
    press(chat, do="archive", id=snake)
    assert SNAKE not in listed(chat)
    archived = press(chat, do="show", kept="archived")
    assert SNAKE in listed(chat, archived) and STONE not in listed(chat, archived)
    press(chat, archived, do="unarchive", id=snake)
    assert SNAKE not in listed(chat, archived) and SNAKE in listed(chat)
    assert "Nothing is archived" in listed(chat, archived)


def test_deleting_can_be_undone_and_leaves_what_is_shown(kept: Kept) -> None:
    chat, _, snake, stone = kept
    deleted = chat.past.press(ANN, Past(), snake, {"do": "delete", "id": snake})
    assert deleted.place == Place() and deleted.undo == snake
    assert SNAKE in deleted.notice and "Undo" in listed(chat, deleted)
    assert SNAKE not in listed(chat)
    assert press(chat, deleted, do="undo").place == Place(snake)  # it is shown again
    assert SNAKE in listed(chat)
    assert press(chat, do="delete", id=stone).place is None  # another one is shown
    bin_ = press(chat, do="show", kept="deleted")
    assert STONE in listed(chat, bin_)
    press(chat, bin_, do="purge", id=stone)
    assert "Nothing that could be brought back" in listed(chat, bin_)
    assert press(chat, do="undelete", id=stone).notice.startswith("There is no such conversation")


@pytest.mark.parametrize(
    ("form", "holds"), [("jsonl", "swamp adder"), ("markdown", SNAKE), ("html", "<!doctype html>")]
)
def test_a_conversation_is_saved_as_a_file(kept: Kept, form: str, holds: str) -> None:
    chat, _, snake, _ = kept
    file = exported(chat, form, snake).file
    assert file is not None and holds.lower() in file.text.lower() and STONE not in file.text
    assert re.fullmatch(r"[\w.-]+\.(jsonl|md|html)", file.name)
    assert press(chat).file is None


def test_everything_is_exported_and_imported_again(kept: Kept, tmp_path: Path) -> None:
    chat, _, snake, stone = kept
    file = exported(chat, "jsonl").file
    assert file is not None and "Bob" not in file.text
    for conversation in (snake, stone):
        press(chat, do="delete", id=conversation)
        press(chat, do="purge", id=conversation)
    sent = tmp_path / file.name
    sent.write_text(file.text, encoding="utf-8")
    brought = chat.past.bring(ANN, Past(), "sherlock", str(sent))
    assert brought.notice == "2 conversations imported, 3 messages." and not sent.exists()
    assert brought.place is not None and brought.place.conversation
    assert SNAKE in listed(chat) and STONE in listed(chat)
    sent.write_text(file.text[: len(file.text) // 2], encoding="utf-8")
    refused = chat.past.bring(BOB, Past(), "sherlock", str(sent))
    assert refused.notice and refused.place is None and str(tmp_path) not in refused.notice
    assert "Julia" not in chat.past.html(BOB, Past(), None)


def test_nobody_touches_anothers_conversation(kept: Kept) -> None:
    chat, memory, snake, _ = kept
    before = memory.conversation(snake)
    for do in ("rename", "pin", "archive", "delete", "undelete", "purge", "export"):
        refused = chat.past.press(BOB, Past(), None, {"do": do, "id": snake, "text": "Mine", "as": "jsonl"})
        assert refused.notice.startswith("There is no such conversation") and refused.file is None, do
    assert memory.conversation(snake) == before


def test_what_no_button_says_does_nothing(kept: Kept) -> None:
    chat, _, snake, _ = kept
    for pressed in ({}, {"do": "nonsense", "id": snake}, {"do": "show", "kept": "nonsense"}):
        assert chat.past.press(ANN, Past(), None, pressed) == Past()
    assert exported(chat, "nonsense", snake).notice

"""The Memory tab and the thumbs, without a browser: what is remembered of the visitor, as he sees and changes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_chat_handlers import ANN, BOB, opened, seated
from test_past_handlers import stored

from chatbot.settings import Settings
from chatbot.web.chat_handlers import ChatHandlers
from chatbot.web.memory_list import Recalled
from chatbot.web.turn_bar import turn_bar_html
from memory import Memory, Rating

LEEDS, BATH = "I live in <Leeds>.", "I live in Bath."


@pytest.fixture
def chat(settings: Settings, tmp_path: Path) -> tuple[ChatHandlers, Memory]:
    handlers, _, memory = opened(settings, tmp_path)
    return handlers, memory


def press(chat: ChatHandlers, shown: Recalled | None = None, **pressed: str) -> Recalled:
    return chat.recalled.press(ANN, "sherlock", shown or Recalled(), pressed)


def read(chat: ChatHandlers, state: str = "active") -> str:
    html = chat.recalled.html(ANN, "sherlock", press(chat, do="show", state=state))
    html = re.sub(r"<details.*?</details>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def test_what_is_remembered_is_changed_forgotten_and_used_again(chat: tuple[ChatHandlers, Memory]) -> None:
    page, memory = chat
    assert "Nothing yet" in read(page)
    assert "will be remembered" in press(page, do="remember", text=LEEDS).notice
    assert "I live in &lt;Leeds&gt;. other · written by hand" in read(page)
    [leeds] = memory.recollections(ANN.id, "sherlock")
    press(page, do="edit", id=leeds.id, text=BATH)
    assert BATH in read(page) and "Leeds" not in read(page) and "Leeds" in read(page, "replaced")
    assert "1 recollection forgotten" in press(page, do="forget-all").notice
    assert "Nothing yet" in read(page) and BATH in read(page, "forgotten")
    press(page, Recalled("replaced"), do="restore", id=leeds.id)
    assert "Leeds" in read(page)
    for one in memory.recollections(ANN.id, "sherlock", state=None):
        assert press(page, Recalled("forgotten"), do="forget", id=one.id).state == "forgotten"
        press(page, do="erase", id=one.id)
    assert "Leeds" not in "".join(read(page, state) for state in ("active", "replaced", "forgotten"))


def test_what_cannot_be_is_said_and_another_visitors_is_not_there(chat: tuple[ChatHandlers, Memory]) -> None:
    page, memory = chat
    press(page, do="remember", text=LEEDS)
    [leeds] = memory.recollections(ANN.id, "sherlock")
    assert "Write a sentence" in press(page, do="remember", text="  ").notice
    for do in ("forget", "edit", "erase", "restore"):
        refused = page.recalled.press(BOB, "sherlock", Recalled(), {"do": do, "id": leeds.id, "text": BATH})
        assert "no such recollection" in refused.notice
    assert "Leeds" not in page.recalled.html(BOB, "sherlock", Recalled()) and "Leeds" in read(page)
    assert press(page, do="nonsense") == Recalled()


def test_the_switch_and_the_profile_are_kept(chat: tuple[ChatHandlers, Memory]) -> None:
    page, memory = chat
    assert 'aria-checked="true"' in page.recalled.html(ANN, "sherlock", Recalled())
    press(page, do="switch")
    assert not memory.recall_on(ANN.id) and "It is off" in read(page)
    press(page, do="switch")
    assert memory.recall_on(ANN.id)
    saved = page.recalled.save_profile(ANN, "sherlock", {"name": "Margaret", "about": "I am a <botanist>."})
    assert "Saved." in saved and saved.replace("Saved.", "") == page.recalled.profile_html(ANN, "sherlock")
    assert 'value="Margaret"' in saved and "&lt;botanist&gt;" in saved
    refused = page.recalled.save_profile(ANN, "sherlock", {"name": "M" * 121, "about": "Kept to be corrected."})
    assert "at most 120" in refused and "Kept to be corrected." in refused
    assert memory.profile(ANN.id, "sherlock").name == "Margaret"


def test_a_recollection_leads_to_where_it_was_told_and_a_thumb_is_kept(chat: tuple[ChatHandlers, Memory]) -> None:
    page, memory = chat
    conversation = stored(memory, ("I live in Leeds.", "Indeed."), ("Good night.", "Good night."))
    first, last = memory.turns(conversation)
    seat = seated(page)
    [view] = page.lead_to(ANN, seat, conversation, first.id)
    assert view.turns == (first.id, last.id) and view.number == 1
    for thumb, kept in (("1", 1), ("-1", -1), ("-1", 0)):
        [view] = page.press(ANN, seat, "rag", {"do": "rate", "thumb": thumb})
        assert view.ratings[first.id] == Rating(kept)
        assert turn_bar_html(view).count('aria-pressed="true"') == abs(kept)
        assert ("What was wrong" in turn_bar_html(view)) == (kept == -1)
    [view] = page.press(ANN, seat, "rag", {"do": "note", "note": " It names no <one>. "})
    assert memory.ratings(conversation) == {first.id: Rating(-1, "It names no <one>.")} == dict(view.ratings)
    assert 'value="It names no &lt;one&gt;."' in turn_bar_html(view)
    list(page.press(ANN, seat, "rag", {"do": "rate", "thumb": "1"}))
    [back] = page.open(ANN, seated(page), conversation)
    assert back.ratings == {first.id: Rating(1)}

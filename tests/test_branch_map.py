"""The map of a conversation's branches: a tree that is flat where nothing branches."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from fakes import FakeEngine
from test_chat_handlers import ANN, BOB, contents, seated
from test_tree_handlers import EVENING, HOW, MORNING, grown, press

from chatbot.errors import MemoryStoreError
from chatbot.web.branch_map import map_html
from chatbot.web.chat_handlers import ChatHandlers
from chatbot.web.views import Seat
from memory import BranchNode, Memory

__all__ = ["grown"]  # a fixture

NOW = datetime(2030, 1, 2, tzinfo=UTC)


def node(name: str, parent: str | None = None, on_path: bool = False, reply: str = "So.") -> BranchNode:
    return BranchNode(name, parent, f"Q{name}", reply, "rag", "done", NOW, on_path)


class Depths(HTMLParser):
    """How deep in lists each turn stands; every list is closed where it has to be."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.depths: dict[str, int] = {}
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        if turn := dict(attrs).get("data-turn"):
            self.depths[turn] = self.open.count("ol")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_way_shown_stands_in_one_list_and_the_others_beside_it() -> None:
    nodes = (
        node("a", None, True),
        node("b", "a"),
        node("c", "a", True),
        node("d", "b"),
        node("e", "b"),
        node("f", "c"),
    )
    html = map_html(nodes, "c")
    assert Depths(html).depths == {"a": 1, "b": 2, "d": 3, "e": 2, "c": 1, "f": 1}
    assert re.findall(r'id="go-(\w)"[^>]* class="way"', html) == ["a", "c"]
    assert re.findall(r'id="go-(\w)"[^>]* aria-current', html) == ["c"]


def test_a_map_is_drawn_however_deep_it_is_and_shows_markup_as_it_was_written() -> None:
    long = [node("0")]
    for number in range(1, 3000):
        long += [node(str(number), str(number - 1)), node(f"x{number}", str(number - 1))]
    assert len(Depths(map_html(long, None)).depths) == 5999
    html = map_html([node("a", reply="<img src=x>")], None)
    assert "&lt;img" in html and "<img" not in html


def test_a_press_on_the_map_leads_there(grown: tuple[ChatHandlers, FakeEngine, Memory, Seat]) -> None:
    chat, _, _, seat = grown
    drawn = chat.map_html(ANN, seat)
    turns = dict(re.findall(r'data-turn="([^"]+)".*?class="said">([^<]*)<', drawn))
    by_reply = {reply: turn for turn, reply in turns.items()}
    assert sorted(by_reply) == ["New.", "One.", "Other.", "Two."]
    view = press(chat, seat, do="go", turn=by_reply["One."])
    assert contents(view)[1:] == [EVENING, "One.", HOW, "Two."] and view.number == 1
    assert contents(press(chat, seat, do="go", turn=by_reply["New."]))[1:] == [MORNING, "New."]
    assert "no such conversation" in chat.map_html(BOB, seat)
    assert "no such conversation" in chat.map_html(ANN, seated(chat))
    with pytest.raises(MemoryStoreError):
        list(chat.press(BOB, seat, "standard", {"do": "go", "turn": by_reply["One."]}))

"""Modes side by side, without a browser: written together, judged, chosen between, and taken into a conversation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from fakes import FakeEngine
from test_chat_handlers import ANN, BOB, QUESTION, opened, seated

from chatbot.bot import Bot
from chatbot.errors import BakerStreetError, MemoryStoreError
from chatbot.evaluation import wilson
from chatbot.language import ENGLISH
from chatbot.library.search import Evidence
from chatbot.library.search.library import Library
from chatbot.library.texts import Passage
from chatbot.resources import Resources
from chatbot.settings import Settings
from chatbot.trace import from_stored, to_stored
from chatbot.web.chat_handlers import ChatHandlers
from chatbot.web.compare_handlers import CompareHandlers
from chatbot.web.compare_panel import comparison_html, marked
from chatbot.web.comparing import Comparison, Table
from chatbot.web.desk import Desk
from chatbot.web.judged import judged
from chatbot.web.stored_views import StoredViews
from memory import Memory, OwnMemory, Wins

SNAKE = "It was the snake of Dr. Roylott."
THREE = ("rag", "ft", "hybrid")
PIECE = Evidence(
    Passage("1", "text", "k", "The Kettle", "", 1, "", "Quill kept a kettle."), "Quill kept a kettle.", 0.9
)


# ---------------------------------------------------------------------- what is stored


def test_choices_are_counted_by_mode_with_what_the_lot_would_give(any_memory: Memory) -> None:
    ann = OwnMemory(any_memory, "ann")
    ann.keep_comparison("sherlock", "Why?", ["rag", "ft", "hybrid", "all"], ["hybrid"])
    ann.keep_comparison("sherlock", "Why?", ["rag", "hybrid"], ["rag", "hybrid"], blind=True)
    OwnMemory(any_memory, "bob").keep_comparison("sherlock", "Why?", ["rag", "ft"], ["ft"])
    assert ann.wins("sherlock") == {
        "rag": Wins(1, 2, 1.25),
        "ft": Wins(0, 1, 0.25),
        "hybrid": Wins(2, 2, 1.25),
        "all": Wins(0, 1, 0.25),
    }
    assert ann.wins("sherlock", blind=True) == {"rag": Wins(1, 1, 1.0), "hybrid": Wins(1, 1, 1.0)}
    assert ann.wins("watson") == {} and any_memory.wins()["ft"] == Wins(1, 2, 0.75)
    for modes, best in ((["rag"], ["rag"]), (["rag", "rag"], ["rag"]), (["rag", "ft"], []), (["rag", "ft"], ["all"])):
        with pytest.raises(MemoryStoreError, match="cannot be stored"):
            ann.keep_comparison("sherlock", "Why?", modes, best)
    assert len(ann.wins("sherlock")) == 4


def test_the_interval_of_a_share_is_wilsons() -> None:
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4) and wilson(0, 0) is None


# ---------------------------------------------------------------------- what the judges say


class Doubting:
    """A judge of support that believes no sentence in which a word stands."""

    def unsupported_sentences(self, reply: str, evidence: Sequence[str], question: str) -> list[str]:
        return [sentence for sentence in re.split(r"(?<=\.) ", reply) if "moon" in sentence]


def test_what_the_evidence_does_not_hold_is_marked() -> None:
    reply = "Quill kept a kettle. Moriarty kept it on the <moon>."
    verdict = judged(
        reply, "What did he keep?", [PIECE], ["Holmes"], support=cast(Any, Doubting()), tone=None, language=ENGLISH
    )
    assert (verdict.tone, verdict.claims, verdict.supported) == (None, 2, 1)
    assert [reply[begin:end] for begin, end in verdict.strange] == ["Moriarty", "moon"]
    html = marked(reply, verdict)
    assert html.startswith("Quill kept a kettle. <u") and '<mark title="not in the evidence">Moriarty</mark>' in html
    assert (
        "&lt;" in html
        and re.sub(r"</?(u|mark)[^>]*>", "", html) == "Quill kept a kettle. Moriarty kept it on the &lt;moon&gt;."
    )
    bare = judged(reply, "?", [], [], support=cast(Any, Doubting()), tone=None, language=ENGLISH)
    assert bare.claims is None and "<mark" not in marked(reply, bare)


# ---------------------------------------------------------------------- the tab


@pytest.fixture
def chat(settings: Settings, library: Library, tmp_path: Path) -> tuple[ChatHandlers, FakeEngine, Memory]:
    return opened(settings, tmp_path, *(f"{SNAKE} I said so {number} times." for number in range(9)))


def compared(chat: ChatHandlers, table: Table, modes: Sequence[str] = THREE, **more: Any) -> Comparison:
    return list(chat.compared.ask(ANN, table, "sherlock", QUESTION, modes, **more))[-1]


def test_the_replies_are_written_together_and_stopped_together(
    chat: tuple[ChatHandlers, FakeEngine, Memory],
) -> None:
    page, engine, _ = chat
    engine.hold = True
    table = Table()
    views = page.compared.ask(ANN, table, "sherlock", QUESTION, ("few-shot", "standard"))
    view = next(view for view in views if all("snake" in side.progress.reply for side in view.sides))
    assert view.busy and [side.mode for side in view.sides] == ["standard", "few-shot"]  # in the order of the ladder
    assert "still being written" in compared(page, table).notice
    page.compared.stop(table)
    engine.release()
    last = list(views)[-1]
    assert not last.busy and not last.open and "(stopped)" in page.compared.html(last, seated(page))
    assert all(generation.cancelled for generation in engine.generations)


def test_a_reply_is_chosen_once_and_goes_on_in_a_conversation(chat: tuple[ChatHandlers, FakeEngine, Memory]) -> None:
    page, _, memory = chat
    table, seat = Table(), seated(page)
    view = compared(page, table, blind=True)
    assert view.open and {side.mode for side in view.sides} == set(THREE)
    html = page.compared.html(view, seat)
    assert "Answer A" in html and "Answer C" in html and not re.search(r"hybrid|\bft\b|Evidence:|\btone\b", html)
    with pytest.raises(BakerStreetError, match="no reply here"):
        page.compared.take(ANN, table, 1, None)  # it would tell the mode
    assert page.compared.choose(ANN, table, 7).open
    chosen = page.compared.choose(ANN, table, 1)
    assert chosen.sides[chosen.chosen or 0].mode in chosen.notice
    assert page.compared.choose(ANN, table, 0).chosen == 1  # a choice stands
    wins = memory.wins(ANN.id, blind=True)
    assert sum(each.best for each in wins.values()) == len(chosen.best(1)) and set(wins) == set(THREE)
    table_html = page.compared.wins_html(ANN, "sherlock")
    assert (
        "1 of 1" in table_html and "by lot" in table_html and "Nothing yet" in page.compared.wins_html(BOB, "sherlock")
    )

    side = chosen.sides[1]
    conversation, turn = page.compared.take(ANN, table, 1, None)
    [view_of_it] = page.open(ANN, seat, conversation, turn)
    assert [message["content"] for message in view_of_it.messages][1:] == [QUESTION, side.progress.reply]
    stored = memory.turn(turn)
    assert side.progress.trace is not None
    assert (stored.evidence, stored.trace) == to_stored(side.progress.trace)
    assert from_stored(stored.evidence, stored.trace) == side.progress.trace
    assert (stored.mode, stored.state, memory.conversation(conversation).title) == (side.mode, "done", QUESTION)
    again, second = page.compared.take(ANN, table, 0, conversation)
    assert again == conversation and [each.id for each in memory.path(conversation)] == [turn, second]
    with pytest.raises(MemoryStoreError, match="no such conversation"):
        page.compared.take(BOB, table, 0, conversation)


def test_what_cannot_be_compared_is_said_in_a_line(chat: tuple[ChatHandlers, FakeEngine, Memory]) -> None:
    page, *_ = chat
    assert "two modes" in compared(page, Table(), ["rag"]).notice
    assert "two modes" in compared(page, Table(), ["rag", "nonsense"]).notice
    assert "Write a question" in list(page.compared.ask(ANN, Table(), "sherlock", "  ", THREE))[-1].notice
    assert "two modes" in compared(page, Table(), []).notice
    long = list(page.compared.ask(ANN, Table(), "sherlock", "why " * 9000, THREE))[-1]
    assert "Shorten it" in long.notice and not long.sides and not page.desk.under_way


@pytest.mark.slow
def test_real_replies_are_held_against_the_books(resources: Resources) -> None:
    page = CompareHandlers(resources, StoredViews(resources), Desk(Bot(resources)))
    last = list(page.ask(ANN, Table(), "sherlock", QUESTION, ("standard", "hybrid")))[-1]
    hybrid, plain = last.sides
    assert hybrid.judged is not None and hybrid.judged.claims == hybrid.judged.supported and not hybrid.against
    assert plain.judged is not None and plain.against == "hybrid" and plain.judged.claims is not None
    assert plain.judged.supported < plain.judged.claims and plain.judged.strange
    assert hybrid.judged.tone is not None and 0 < hybrid.judged.tone < 1
    html = comparison_html(last)
    assert "by the evidence of hybrid" in html and '<mark title="not in the evidence">' in html
    assert 'id="side-0-piece-1"' in html and "This one is best" in html

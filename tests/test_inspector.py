"""The prompt inspector, without a browser: the exact prompt by origin, what was cut and why, and the drafts."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from test_chat_handlers import ANN, BOB, QUESTION, asked, opened, seated

from chatbot.library.search.library import Library
from chatbot.settings import Settings
from chatbot.trace import Check, PromptPiece, Tokens, Trace, WrittenDraft, from_stored
from chatbot.web.inspector import NO_MODEL, NO_TRACE, UNKNOWN, inspector_html

GOOD = "It was the snake of Dr. Roylott."
WRITTEN = Trace(
    mode="hybrid",
    persona="sherlock",
    model="bundled",
    voice=True,
    prompt=(("system", "You are <Ada>."), ("user", "[1] It rained.\nWho?")),
    pieces=(
        (PromptPiece(origin="persona", characters=14, tokens=5),),
        (
            PromptPiece(origin="evidence", characters=15, tokens=9),
            PromptPiece(origin="question", characters=4, tokens=2),
        ),
    ),
    budget=1900,
    left_out=("examples",),
    earlier=3,
    raw_reply="It rained.",
    check=Check(verdict="withheld", unsupported=("Moriarty",)),
    drafts=(
        WrittenDraft(
            text="It rained.", worth=0.4, why="not in the evidence: Bob", written="It rained. Bob saw <it>.", tone=0.9
        ),
        WrittenDraft(text="Rain it was.", worth=0.8, written="Rain it was.", tone=0.8, chosen=True),
        WrittenDraft(text="", worth=0.0, why="nothing is left of it", written="No."),
    ),
    tokens=Tokens(prompt=20, cached=5, reply=4),
)


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", html)))


def test_the_dialog_has_every_character_of_the_prompt_with_its_origin_and_size() -> None:
    html = inspector_html("Who?", WRITTEN)
    parts = re.findall(r'<div class="part" data-origin="(\w+)">.*?<pre>(.*?)</pre>', html, re.DOTALL)
    assert [(origin, unescape(text)) for origin, text in parts] == [
        ("persona", "You are <Ada>."),
        ("evidence", "[1] It rained.\n"),
        ("question", "Who?"),
    ]
    text = plain(html)
    assert "20 tokens of at most 1,900; 5 came from the cache (25%). bundled, the tuned voice" in text
    assert "persona 5 tokens, 25%" in text and "template 4 tokens, 20%" in text  # what the template adds is counted too
    assert "examples no room in 1,900 tokens" in text and "3 exchanges before the last" in text


def test_the_drafts_say_what_spoke_for_and_against_them() -> None:
    text = plain(html := inspector_html("Who?", WRITTEN))
    assert "draft 1: worth 0.40, tone 0.90" in text and "against it: not in the evidence: Bob" in text
    assert "<del> Bob saw &lt;it&gt;.</del>" in html  # what may not be said is struck out
    assert "said draft 2: worth 0.80" in text and text.count("said draft") == 1
    assert "draft 3: nothing of it may be said" in text
    assert "not in the evidence: Moriarty" in text and "draft set aside" in text


def test_what_is_not_known_is_said() -> None:
    assert NO_TRACE in inspector_html("Who?", None) and "Gone." in inspector_html("Who?", None, "Gone.")
    assert plain(NO_MODEL) in plain(inspector_html("Who?", Trace(mode="rag", persona="sherlock")))
    older = inspector_html("Who?", WRITTEN.model_copy(update={"pieces": (), "budget": 0, "left_out": (), "earlier": 0}))
    assert UNKNOWN in older and "You are &lt;Ada&gt;." in older and "Nothing was cut" in older


def test_a_visitor_sees_the_prompt_of_any_of_his_turns_and_of_nobody_elses(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    chat, engine, memory = opened(settings, tmp_path, GOOD, "Good evening to you.")
    seat = seated(chat)
    first = asked(chat, "hybrid", QUESTION, seat)
    asked(chat, "hybrid", "What a fine long evening this is for a walk!", seat)
    list(chat.look(ANN, seat, 1))
    html = chat.inspector.html(ANN, seat.view)
    shown = "".join(unescape(text) for text in re.findall(r"<pre>(.*?)</pre>", html, re.DOTALL))
    assert shown == "".join(message.content for message in engine.requests[0].messages)
    assert 'data-origin="evidence"' in html and QUESTION in html
    stored = memory.turn(first.turn or "")
    trace = from_stored(stored.evidence, stored.trace)
    assert trace is not None
    assert all(
        sum(piece.characters for piece in pieces) == len(text)
        for (_, text), pieces in zip(trace.prompt, trace.pieces, strict=True)
    )
    assert "no such conversation" in chat.inspector.html(BOB, seat.view)
    assert "Ask something first" in chat.inspector.html(ANN, seated(chat).view)

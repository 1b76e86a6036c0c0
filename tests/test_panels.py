"""The panels beside the chat: words marked, everything escaped, what the check found, the line of timings."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from chatbot.library.search import Evidence, Found, Reason, Step
from chatbot.library.texts import Passage
from chatbot.trace import Check, Timings, Tokens, Trace, from_stored, to_stored
from chatbot.web.panels import (
    BEFORE,
    NO_SEARCH,
    NOTHING,
    empty_evidence_html,
    evidence_html,
    mark,
    search_html,
    timings_html,
    waiting_html,
)

PIECE = Evidence(
    Passage(
        id="umbrella-12",
        kind="text",
        source="umbrella",
        work="The Borrowed Umbrella",
        chapter="In the Hall",
        place=12,
        narrator="the porter",
        text="It rained.\nThe porter carried two umbrellas.",
    ),
    text="The porter carried two umbrellas.",
    score=0.734,
    reasons=(
        Reason("dense", 1, 0.5),
        Reason("bm25", 3, 12.414),
        Reason("fuse", 2, 0.0164),
        Reason("focus", 1, 0.71, "64 of 180 words"),
    ),
)


HOSTILE = "<script>&"


def changed(piece: Evidence = PIECE, **values: Any) -> Evidence:
    """The piece with other values, those of its passage among them."""
    own = {name: values.pop(name) for name in ("text", "score", "reasons") if name in values}
    return replace(piece, passage=replace(piece.passage, **values), **own)


SEARCH = Found(
    evidence=(PIECE, PIECE),
    plan="modular-rag",
    intent="question",
    confidence=0.834,
    considered=92,
    steps=(Step("dense", 8.71, 0, "nearest 0.59"), Step("fuse", 1.0, 24)),
    dropped=(
        changed(
            work="The Second Umbrella",
            text="The cab was late. " * 20,
            reasons=(Reason("bm25", 9, 3.0, "found"), Reason("mmr", 5, 0.2, "says what a better one says")),
        ),
    ),
)
TRACE = Trace(
    mode="hybrid",
    persona="sherlock",
    search=SEARCH,
    check=Check(verdict="grounded"),
    timings=Timings(retrieval_ms=41.0, first_token_ms=1500.0, total_ms=3500.0),
    tokens=Tokens(prompt=300, cached=120, reply=21),
)


def shown(*evidence: Evidence, considered: int = 9, why_weak: str = "") -> str:
    """The panel of these pieces."""
    return evidence_html("Who?", Found(evidence, considered=considered, why_weak=why_weak))


# ---------------------------------------------------------------------- the evidence


@pytest.mark.parametrize(
    ("text", "question", "marked"),
    [
        ("He examined the wheels.", "Why examine a wheel?", ["examined", "wheels"]),
        ("A case; many cases", "Which cases?", ["case", "cases"]),
        ("CARRYING an umbrella", "Who carries it?", ["CARRYING"]),
        ("The porter's umbrella", "Which porter?", ["porter's"]),
        ("The porter’s umbrella", "What of the porter’s key?", ["porter"]),
        ("He was at the door of the house.", "What was he at the time?", []),
        ("The porterhouse", "Which porter?", []),
    ],
)
def test_words_of_the_question_are_marked_in_any_inflection(text: str, question: str, marked: list[str]) -> None:
    assert [unescape(word) for word in re.findall("<mark>(.*?)</mark>", mark(text, question))] == marked


def test_marking_does_not_change_the_text() -> None:
    text = "“He's 5 & <20>,” said the porter's wife -- umbrellas!"
    assert unescape(re.sub("</?mark>", "", mark(text, "umbrella porter 20"))) == text


@pytest.mark.parametrize("field", ["work", "chapter", "narrator", "text", "passage"])
def test_a_piece_of_evidence_is_escaped(field: str) -> None:
    whole = replace(PIECE, passage=replace(PIECE.passage, text=HOSTILE))
    html = shown(whole if field == "passage" else changed(**{field: HOSTILE}))
    assert "<script>" not in html
    assert "script" in html and "&gt;&amp;" in html


def test_a_piece_shows_its_place_score_whole_passage_and_what_each_module_did_to_it_in_order() -> None:
    html = shown(PIECE)
    for part in ("The Borrowed Umbrella", "In the Hall", "told by the porter, paragraph 12", ">0.73<"):
        assert part in html
    assert "<p>It rained.</p>" in html
    assert rows_of(html, "why") == [
        ["module", "place", "score", "what it did"],
        ["dense", "1", "0.50", ""],
        ["bm25", "3", "12.41", ""],
        ["fuse", "2", "0.016", ""],
        ["focus", "1", "0.71", "64 of 180 words"],
    ]
    assert html.index("<details>") < html.index('<table class="why">') < html.index("</details>")
    assert "<table" not in shown(changed(reasons=()))


@pytest.mark.parametrize("field", ["module", "note"])
def test_a_reason_is_escaped(field: str) -> None:
    values: dict[str, Any] = {field: HOSTILE}
    html = shown(changed(reasons=(replace(PIECE.reasons[-1], **values),)))
    assert "<script>" not in html
    assert "&lt;script&gt;&amp;" in html


@pytest.mark.parametrize(
    ("kind", "label", "absent"),
    [
        ("recollection", "what you said earlier", ("told by", "paragraph", "casebook")),
        ("casebook", "the casebook", ("told by", 'class="chapter"')),
    ],
)
def test_a_piece_that_is_from_no_book_is_labelled(kind: str, label: str, absent: tuple[str, ...]) -> None:
    html = shown(changed(kind=kind, work="What you told me on May 1, 2026", chapter=""))
    assert label in html
    assert not [part for part in absent if part in html]


def test_pieces_are_numbered_in_their_order() -> None:
    html = shown(PIECE, changed(work="The Second Umbrella"))
    assert re.findall(r'class="number">(\d)</span><span class="work">([^<]*)<', html) == [
        ("1", "The Borrowed Umbrella"),
        ("2", "The Second Umbrella"),
    ]


def test_a_search_without_results_differs_from_a_mode_without_search_and_weak_evidence_says_why() -> None:
    assert NOTHING in shown()
    assert NO_SEARCH in evidence_html("Who?", None)
    assert NO_SEARCH in shown(considered=0)  # a router looked nothing up
    assert BEFORE in empty_evidence_html()
    assert len({NOTHING, NO_SEARCH, BEFORE}) == 3
    assert "his books do not know &lt;i&gt;" in shown(why_weak="his books do not know <i>")


# ---------------------------------------------------------------------- how the search went


def rows_of(html: str, table: str) -> list[list[str]]:
    """The cells of the table of that class, row by row."""
    inside = re.findall(f'<table class="{table}">(.*?)</table>', html)
    assert len(inside) == 1
    rows = re.findall("<tr>(.*?)</tr>", inside[0])
    return [[unescape(cell) for cell in re.findall("<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


def test_the_search_is_shown_with_plan_intent_confidence_and_number() -> None:
    html = search_html(SEARCH)
    assert "How the search went" in html
    assert dict(re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", html)) == {
        "plan": "modular-rag",
        "taken for": "question",
        "likely to answer": "0.83",
        "passages considered": "92",
    }
    assert html.startswith('<details class="search"><summary>'), "it is collapsed at first"
    assert "taken for" not in search_html(replace(SEARCH, intent="")), "there is no intent without a router"


def test_every_step_of_the_search_has_a_row() -> None:
    assert rows_of(search_html(SEARCH), "steps") == [
        ["module", "ms", "left", "what it did"],
        ["dense", "8.7", "–", "nearest 0.59"],
        ["fuse", "1.0", "24", ""],
    ]


def test_an_unused_passage_is_shown_with_its_beginning_and_last_reason() -> None:
    html = search_html(SEARCH)
    assert "Found and not used" in html
    assert '<span class="work">The Second Umbrella</span>' in html
    assert "mmr: says what a better one says" in html
    assert "bm25: found" not in html
    (beginning,) = re.findall('<div class="beginning">(.*?)</div>', html)
    assert beginning.startswith("The cab was late. The cab") and beginning.endswith(" …")
    assert len(beginning) <= 90


def test_what_there_was_not_is_not_shown() -> None:
    assert "Found and not used" not in search_html(replace(SEARCH, dropped=()))
    assert search_html(None) == search_html(Found()) == ""


@pytest.mark.parametrize(
    "search",
    [
        replace(SEARCH, plan=HOSTILE),
        replace(SEARCH, intent=HOSTILE),
        replace(SEARCH, steps=(replace(SEARCH.steps[0], module=HOSTILE),)),
        replace(SEARCH, steps=(replace(SEARCH.steps[0], note=HOSTILE),)),
        replace(SEARCH, dropped=(changed(SEARCH.dropped[0], work=HOSTILE),)),
        replace(SEARCH, dropped=(changed(SEARCH.dropped[0], text=HOSTILE),)),
        replace(SEARCH, dropped=(changed(reasons=(Reason(HOSTILE, 1, 0.0, "dropped"),)),)),
        replace(SEARCH, dropped=(changed(reasons=(Reason("focus", 1, 0.0, HOSTILE),)),)),
    ],
)
def test_every_text_of_the_search_is_escaped(search: Found) -> None:
    html = search_html(search)
    assert "<script>" not in html
    assert html.count("&lt;script&gt;&amp;") == 1


# ---------------------------------------------------------------------- the line of timings


@pytest.mark.parametrize(
    ("check", "tone", "label"),
    [
        (Check(verdict="grounded"), "good", "rests on the notes"),
        (Check(verdict="declined"), "plain", "says the answer is not known"),
        (Check(verdict="withheld"), "warn", "draft set aside: not in the notes"),
        (Check(verdict="unchecked"), "plain", "not checked: no notes"),
        (None, "plain", "stopped"),
    ],
)
def test_the_verdict_of_the_check_is_shown_in_words(check: Check | None, tone: str, label: str) -> None:
    assert f'<span class="tag {tone}">{label}</span>' in timings_html(TRACE.model_copy(update={"check": check}))


def test_the_line_names_mode_search_first_token_speed_and_cache() -> None:
    line = timings_html(TRACE)
    for part in (
        '<span class="tag mode">hybrid</span>',
        "search 41 ms, 2 pieces",
        "first token 1.50 s",
        "10 tokens/s",
        "prompt 300 tokens, 120 of them cached",
    ):
        assert part in line


def test_the_line_omits_search_and_speed_if_there_were_none() -> None:
    line = timings_html(TRACE.model_copy(update={"timings": Timings(first_token_ms=5.0), "tokens": Tokens()}))
    assert "search" not in line
    assert "tokens/s" not in line


@pytest.mark.parametrize("check", [Check(verdict="withheld", quoted=(1,), unsupported=("Zanzibar",)), None])
def test_a_stored_trace_is_read_back_as_it_was(check: Check | None) -> None:
    trace = TRACE.model_copy(update={"check": check})
    evidence, rest = json.loads(json.dumps(to_stored(trace)))
    assert from_stored(evidence, rest) == trace


def test_the_line_of_a_turn_in_progress_is_escaped() -> None:
    assert "Asking &lt;him&gt;" in waiting_html("Asking <him>")

"""The record of a search: what was found and not handed over, and why; stored and read back as it was."""

from __future__ import annotations

import json
from dataclasses import replace

from chatbot.library.search import Evidence, Found, Reason
from chatbot.library.texts import Passage
from chatbot.trace import Trace, from_stored, to_stored


def piece(name: str) -> Evidence:
    passage = Passage(name, "text", "umbrella", "The Borrowed Umbrella", "", 1, "the porter", "It rained.")
    return Evidence(passage, "It rained.", 0.5, (Reason("dense", 4, 0.7),))


FOUND = Found((piece("a"), piece("b"), piece("c")), dropped=(piece("d"),))


def test_a_piece_that_was_not_handed_over_says_why_last() -> None:
    left = FOUND.dropping(FOUND.evidence[1:], "prompt", "no room for it")
    assert [each.passage.id for each in left.evidence] == ["a"]
    assert [each.passage.id for each in left.dropped] == ["b", "c", "d"]
    last = [each.reasons[-1] for each in left.dropped]
    assert [(reason.module, reason.rank, reason.note) for reason in last] == [
        ("prompt", 2, "no room for it"),
        ("prompt", 3, "no room for it"),
        ("dense", 4, ""),
    ]
    assert left.dropped[0].reasons[0].module == "dense"


def test_weak_evidence_is_not_handed_over_and_strong_evidence_is() -> None:
    assert FOUND.with_weak_dropped() == FOUND
    weak = replace(FOUND, weak=True).with_weak_dropped()
    assert weak.evidence == ()
    assert [each.passage.id for each in weak.dropped] == ["a", "b", "c", "d"]
    assert weak.dropped[0].reasons[-1].note == "too weak to answer from"


def test_a_trace_is_stored_with_its_evidence_apart_and_read_back_as_it_was() -> None:
    trace = Trace(mode="rag", persona="sherlock", search=FOUND)
    evidence, rest = json.loads(json.dumps(to_stored(trace)))
    assert [each["passage"]["id"] for each in evidence] == ["a", "b", "c"]
    assert "evidence" not in rest["search"]
    assert from_stored(evidence, rest) == trace
    talk = Trace(mode="ft", persona="sherlock")
    assert from_stored(*to_stored(talk)) == talk
    assert from_stored([], {}) is None  # a turn that has not ended

"""The record of a search: what was found and not handed over, and why."""

from __future__ import annotations

import pytest

from chatbot.library.search.evidence import Evidence, Found, Reason
from chatbot.library.texts.passages import Passage
from chatbot.trace import SearchRecord


def piece(name: str) -> Evidence:
    passage = Passage(name, "text", "umbrella", "The Borrowed Umbrella", "", 1, "the porter", "It rained.")
    return Evidence(passage, "It rained.", 0.5, (Reason("dense", 4, 0.7),))


@pytest.mark.parametrize(
    ("weak", "module", "note"), [(True, "confidence", "too weak to answer from"), (False, "prompt", "no room for it")]
)
def test_a_piece_that_was_not_handed_over_says_why_last(weak: bool, module: str, note: str) -> None:
    found = Found((piece("a"), piece("b"), piece("c")), weak=weak, dropped=(piece("d"),))
    dropped = SearchRecord.of("rag", found, found.evidence[1:]).dropped
    assert [record.passage_id for record in dropped] == ["b", "c", "d"]
    last = [record.reasons[-1] for record in dropped]
    assert [(reason.module, reason.rank, reason.note) for reason in last] == [
        (module, 2, note),
        (module, 3, note),
        ("dense", 4, ""),
    ]
    assert dropped[0].reasons[0].module == "dense"

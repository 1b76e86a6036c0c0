"""Sixteen processes write for a minute into one database: no error is shown, nothing is lost and nothing doubled."""

from __future__ import annotations

import json
import time
from collections import Counter
from contextlib import closing
from statistics import quantiles

import pytest
from forks import Forks, checked

from memory import Memory

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
WRITERS, SECONDS = 16, 60.0


def test_sixteen_writers_for_a_minute(database_url: str) -> None:
    with closing(Memory(database_url)) as memory:
        shared = memory.start("everybody", "sherlock")
        root = memory.ask(shared, None, "rag", "Who took the vase?")
        memory.answer(root, sent="s", reply="The porter.", state="done")
    with closing(Forks("write")) as forks:
        for number in range(WRITERS):
            forks.order(url=database_url, number=number, seconds=SECONDS, shared=shared, root=root)
        said, running, end = [], WRITERS, time.monotonic() + SECONDS + 120
        while running and time.monotonic() < end:
            lines = forks.said(1.0)
            said += [line for line in lines if "turn" in line]
            assert not [line for line in lines if "error" in line], json.dumps(lines)
            running -= sum("ended" in line for line in lines)
    assert not running, f"{running} writers did not come to an end"
    checked(database_url)
    written = {line["turn"]: (line["parent"], line["question"], f"Reply to {line['question']}") for line in said}
    assert len(written) == len(said)
    with closing(Memory(database_url)) as memory:
        stored = [
            turn
            for found in memory.conversations(limit=None)
            for turn in memory.traced_turns(found.id)
            if turn.id != root
        ]
        assert {turn.id: (turn.parent_id, turn.question, turn.reply) for turn in stored} == written
        assert len(stored) == len(written)
        assert {turn.state for turn in stored} == {"done"}
        twice = [question for question, times in Counter(turn.question for turn in stored).items() if times > 1]
        assert not twice
        assert all(turn.trace == {"seed": 1 + int(turn.question.split()[1])} for turn in stored)
        assert len(memory.search(None, "porter", limit=5)) == 1  # what was shown meanwhile is not found any more
    waits = quantiles([line["seconds"] * 1000 for line in said], n=20)
    print(f"{len(written)} turns by {WRITERS} writers; a turn p50 {waits[9]:.0f}, p95 {waits[18]:.0f} ms")

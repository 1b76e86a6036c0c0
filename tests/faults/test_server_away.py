"""A PostgreSQL server that goes away for half a minute and comes back: turns fail clearly or wait, and then go on."""

from __future__ import annotations

import threading
import time
from contextlib import closing

import pytest
from databases import running_server

from chatbot.errors import DatabaseAwayError, MemoryStoreError, NotStoredYetError
from memory import Memory

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
AWAY_S = 30.0
WRITERS = 8


def test_a_server_that_goes_away_for_half_a_minute_loses_no_turn() -> None:
    """Every writer has a turn under way when it goes: that is kept, and its next one refused in a line."""
    with running_server() as server, closing(Memory(server.url)) as memory:
        refused: list[str] = []
        kept: set[str] = set()
        expected: dict[str, tuple[str, str]] = {}
        gone, done = threading.Event(), threading.Event()
        away = threading.Barrier(WRITERS + 1)

        def write(number: int) -> None:
            conversation, place = memory.start(f"user {number}", "sherlock"), 0
            first = True
            while not done.is_set():
                question = f"Question {place} of {number}"
                try:
                    turn = memory.ask(conversation, None, "rag", question)
                except DatabaseAwayError as error:
                    refused.append(str(error))
                    time.sleep(0.5)
                    continue
                place += 1
                expected[turn] = (question, f"Reply to {question}")
                memory.show(turn, "The por")
                if first and place == 3:  # this one is under way while the server goes
                    first = False
                    away.wait(60)
                    gone.wait(60)
                try:
                    memory.answer(turn, sent="s", reply=f"Reply to {question}", state="done")
                except NotStoredYetError as error:
                    assert "The reply is kept" in str(error)
                    kept.add(turn)

        writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        away.wait(60)
        server.stop()
        gone.set()
        left = time.monotonic()
        with pytest.raises(MemoryStoreError, match=r"cannot be (opened|reached)"):
            Memory(server.url)
        time.sleep(max(0.0, AWAY_S - (time.monotonic() - left)))
        server.start()
        with closing(Memory(server.url)):  # a start in between takes none of the turns for abandoned ones for good
            pass
        end = time.monotonic() + 60
        while memory._journal._endings and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(2.0)
        done.set()
        for writer in writers:
            writer.join()
        assert len(kept) >= WRITERS
        assert refused and all("cannot be reached" in line and "\n" not in line for line in refused), set(refused)
        stored = {turn.id: turn for found in memory.conversations(limit=None) for turn in memory.turns(found.id)}
        assert {turn: (one.question, one.reply) for turn, one in stored.items()} == expected
        assert {one.state for one in stored.values()} == {"done"}
    print(f"{len(stored)} turns, {len(kept)} of them kept while the server was away, {len(refused)} refused")

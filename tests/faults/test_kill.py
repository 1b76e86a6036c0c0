"""A process is killed while it writes a reply: the question is there each time, and so is what it had shown of it."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import closing
from pathlib import Path

import pytest
from forks import Forks, checked
from slow_server import slow_server

from memory import Memory, StoredTurn

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]
KILLS = 200
LATEST_S = 2.5  # after the first word was shown; after the question was stored in every fifth kill
LOST_S = 1.0  # what was shown longer than this before the end must be there


def _killed(
    forks: Forks, seconds: float, since: str, order: dict[str, object]
) -> tuple[str, list[tuple[float, str]], float]:
    """The turn that is answered, what was shown of it with the moments, and the moment at which it was killed."""
    forks.order(**order)
    child, turn, end = 0, "", float("inf")
    pieces: list[tuple[float, str]] = []
    while time.monotonic() < end:
        for line in forks.said(min(60.0, end - time.monotonic())):
            assert "ended" not in line, "the turn ended by itself"
            child = line.get("pid", child)
            turn = line.get("turn", turn)
            if since in line and end == float("inf"):
                end = time.monotonic() + seconds
            if "piece" in line:
                pieces.append((time.monotonic(), line["piece"]))
    os.kill(child, signal.SIGKILL)
    killed = time.monotonic()
    while rest := forks.said(0.1):
        pieces += [(killed, line["piece"]) for line in rest if "piece" in line]
    return turn, pieces, killed


def test_a_process_that_is_killed_loses_no_question_and_at_most_a_second_of_the_reply(
    database_url: str, tmp_path: Path
) -> None:
    url, moments = database_url, random.Random(7)
    longest = 0.0
    with slow_server() as server, closing(Forks("answer")) as forks:
        own = {"home": str(tmp_path / "home"), "engine": "remote", "remote_url": server, "remote_model": "m"}
        for number in range(KILLS):
            question = f"Good evening, how are you for the {number}th time?"
            order = {"settings": {**own, "database_url": url}, "question": question}
            since = "piece" if number % 5 else "turn"
            turn, pieces, killed = _killed(forks, moments.uniform(0, LATEST_S), since, order)
            checked(url)
            with closing(Memory(url)) as memory:
                stored = _closed(memory, turn)
                assert (stored.question, stored.state) == (question, "interrupted")
                assert len(memory.conversations(limit=None)) == number + 1
            shown = "".join(text for _, text in pieces)
            assert shown.startswith(stored.reply) or stored.reply.startswith(shown)
            lost = [moment for at, moment in enumerate(m for m, _ in pieces) if _upto(pieces, at) > len(stored.reply)]
            longest = max([longest, *(killed - moment for moment in lost)])
            assert longest <= LOST_S, f"kill {number}: {shown!r} was shown, {stored.reply!r} is stored"
    print(f"{KILLS} kills: every question stored, at most {longest:.2f} s of a reply lost")


def _closed(memory: Memory, turn: str) -> StoredTurn:
    """The turn, when it is closed: a server may need a moment to notice that its owner is dead."""
    for _ in range(100):
        stored = memory.turn(turn)
        if stored.state != "pending":
            return stored
        time.sleep(0.1)
        memory._close_abandoned()
    return stored


def _upto(pieces: list[tuple[float, str]], last: int) -> int:
    """How many characters had been shown when that piece was."""
    return sum(len(text) for _, text in pieces[: last + 1])

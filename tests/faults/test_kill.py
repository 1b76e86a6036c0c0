"""A process is killed while it writes a reply: the question is there each time, and so is what it had shown of it."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from slow_server import slow_server

from memory import Memory

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
MOMENTS = [random.Random(7).uniform(0.1, 4.0) for _ in range(6)]  # seconds after the first word was shown
LOST_S = 1.0  # what was shown longer than this before the end must be there
PROGRAM = "from chatbot.cli import main; main()"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with slow_server() as url:
        yield url


def _shown_until_killed(home: Path, server: str, question: str, seconds: float) -> list[tuple[float, str]]:
    """Chat in a process of its own and kill it; gives what it had shown of the reply, each piece with its time."""
    environment = {
        **os.environ,
        "BAKERSTREET_HOME": str(home),
        "BAKERSTREET_ENGINE": "remote",
        "BAKERSTREET_REMOTE_URL": server,
        "BAKERSTREET_REMOTE_MODEL": "m",
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-c", PROGRAM, "chat", "--mode", "standard"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(f"{question}\n".encode())
        process.stdin.flush()
        pieces: list[tuple[float, str]] = []
        said = ""
        end = float("inf")
        while time.monotonic() < end:
            piece = os.read(process.stdout.fileno(), 65536).decode()
            assert piece, "the chat ended by itself"
            said += piece
            if "word0 " in said:
                if not pieces:
                    end, piece = time.monotonic() + seconds, said[said.index("word0 ") :]
                pieces.append((time.monotonic(), piece))
        process.send_signal(signal.SIGKILL)
        process.wait()
    return pieces


def test_a_process_that_is_killed_loses_no_question_and_at_most_a_second_of_the_reply(
    tmp_path: Path, server: str
) -> None:
    home = tmp_path / "home"
    for number, seconds in enumerate(MOMENTS):
        question = f"Good evening, how are you for the {number}th time?"
        pieces = _shown_until_killed(home, server, question, seconds)
        end = pieces[-1][0]
        safe = "".join(text for moment, text in pieces if moment < end - LOST_S)
        database = home / "memory.sqlite3"
        with closing(sqlite3.connect(database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        memory = Memory(f"sqlite:///{database}")
        try:
            conversations = memory.conversations()
            assert len(conversations) == number + 1
            (turn,) = memory.turns(conversations[0].id)
            assert (turn.question, turn.state) == (question, "interrupted")
            assert len(turn.reply) >= len(safe) and turn.reply.startswith(safe)
        finally:
            memory.close()

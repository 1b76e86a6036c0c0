"""The memory at its limits: lengths, counts, defaults and messages, each as it is stated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from chatbot.errors import MemoryStoreError
from memory import Memory
from memory.database import _explained, _without_password


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'memory.sqlite3'}"


@pytest.fixture
def memory(url: str) -> Iterator[Memory]:
    memory = Memory(url)
    yield memory
    memory.close()


def test_a_conversation_without_a_greeting_has_an_empty_one(memory: Memory) -> None:
    assert memory.conversation(memory.start("ada", "sherlock")).greeting == ""


def test_a_conversation_counts_its_own_turns(memory: Memory) -> None:
    empty, talk = memory.start("ada", "sherlock"), memory.start("ada", "sherlock")
    first = memory.ask(talk, None, "rag", "Who took the vase?")
    for question in ("And why?", "And when?"):
        memory.ask(talk, first, "rag", question)
    assert (memory.conversation(empty).turns, memory.conversation(talk).turns) == (0, 3)


def test_an_answer_is_stored_with_its_time(url: str, memory: Memory) -> None:
    turn = memory.ask(memory.start("ada", "sherlock"), None, "rag", "Who took the vase?")
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            assert connection.execute(text("SELECT completed_at FROM turns")).scalar() is None
        memory.answer(turn, sent="s", reply="The porter.", state="done")
        with engine.connect() as connection:
            times = connection.execute(text("SELECT created_at, completed_at FROM turns")).one()
    finally:
        engine.dispose()
    assert times[1] >= times[0]


def test_the_path_to_an_unknown_turn_or_conversation_is_empty(memory: Memory) -> None:
    conversation = memory.start("ada", "sherlock")
    memory.ask(conversation, None, "rag", "Who took the vase?")
    assert memory.path(conversation, "nowhere") == []
    assert memory.path("nowhere") == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ada:secret@db/memory", "postgresql://ada:***@db/memory"),
        ("postgresql://ada@db/memory?password=secret", "postgresql://ada@db/memory"),
        ("postgresql://ada:secret@db:port/memory", "***@db:port/memory"),
        ("ada:sec@ret@db", "***@db"),
        ("a filing cabinet", "a filing cabinet"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert _without_password(url) == shown


LOCKED = "The database is locked by another program. Close it and send the message again; nothing is lost."
FULL = "The disk is full, so nothing more can be stored. Free some space and send the message again."
FAILING = "The disk takes nothing more: most likely it is full. Free some space and send the message again."
CROWDED = "The database has no connection free. Send the message again in a moment; nothing is lost."
READ_ONLY = "The database cannot be written to. Check the permissions of its file and folder."
AWAY = "The database cannot be reached: connection refused. Start it, or correct BAKERSTREET_DATABASE_URL."


@pytest.mark.parametrize(
    ("problem", "advice"),
    [
        ("database is locked", LOCKED),
        ("resource busy", LOCKED),
        ("database or disk is full", FULL),
        ("could not extend file: No space left on device", FULL),
        ("disk I/O error", FAILING),
        ("attempt to write a readonly database", READ_ONLY),
        ("cannot execute INSERT in a read-only transaction", READ_ONLY),
        ("FATAL: sorry, too many clients already", CROWDED),
        ("connection refused\nIs it running?", AWAY),
    ],
)
def test_each_failure_of_the_database_says_what_to_do(problem: str, advice: str) -> None:
    assert str(_explained(OperationalError("SELECT 1", {}, Exception(problem)))) == advice


def test_no_more_conversations_or_hits_are_given_than_asked_for(memory: Memory) -> None:
    for number in range(3):
        memory.ask(memory.start("ada", "sherlock"), None, "rag", f"Question {number}?")
    assert len(memory.conversations("ada", limit=2)) == 2
    assert len(memory.search("ada", "question", limit=2)) == 2


def test_an_id_that_nobody_has_is_refused_in_words(memory: Memory) -> None:
    message = r"^No conversation has an id that starts with 'x'\. See `bakerstreet memory list`\.$"
    with pytest.raises(MemoryStoreError, match=message):
        memory.conversation("x")

"""The memory on a real SQLite file and a real PostgreSQL: stored first, never overwritten, clear when it cannot be."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from databases import fresh_database, on_server
from kettles import free_port
from sqlalchemy import Engine, create_engine, event, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.pool import Pool

from chatbot.errors import MemoryStoreError, NotStoredYetError
from memory import Memory
from memory.models import Base

PASSWORD = "elementary-1895"
VASE = "Who took the vase?"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the SQLite database of a test lies."""
    return tmp_path / "memory.sqlite3"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, file: Path) -> str:
    """An empty database of each kind."""
    return f"sqlite:///{file}" if request.param == "sqlite" else fresh_database(request.getfixturevalue("postgres"))


@pytest.fixture
def memory(url: str) -> Iterator[Memory]:
    """A memory over an empty database."""
    with _opened(url) as memory:
        yield memory


# ---------------------------------------------------------------------- turns


def test_a_question_is_stored_before_it_is_answered(url: str, memory: Memory) -> None:
    turn = _asked(memory)
    with _opened(url) as other:
        stored = other.turn(turn)
    assert (stored.question, stored.mode, stored.state, stored.reply) == (VASE, "rag", "pending", "")


def test_an_answer_completes_the_turn_with_its_evidence_and_trace(url: str, memory: Memory) -> None:
    turn, evidence, trace = _asked(memory), [{"work": "Ä"}], {"seed": 3}
    memory.answer(turn, sent="Notes: ...", reply="The porter.", state="done", evidence=evidence, trace=trace)
    with _opened(url) as other:
        stored = other.turn(turn)
    assert (stored.sent, stored.reply, stored.state, stored.error) == ("Notes: ...", "The porter.", "done", "")
    assert (stored.evidence, stored.trace) == (evidence, trace)


@pytest.mark.parametrize("state", ["done", "stopped", "failed"])
def test_an_answered_turn_cannot_be_answered_again(memory: Memory, state: str) -> None:
    turn = _asked(memory)
    memory.answer(turn, sent="a", reply="The porter.", state=state, trace={"seed": 1}, error="e")
    before = memory.turn(turn)
    with pytest.raises(MemoryStoreError, match="is not waiting for an answer"):
        memory.answer(turn, sent="b", reply="The cook.", state="done", trace={"seed": 2})
    assert memory.turn(turn) == before


def test_a_turn_that_was_never_asked_cannot_be_answered_or_read(memory: Memory) -> None:
    with pytest.raises(MemoryStoreError, match="'nowhere'"):
        memory.answer("nowhere", sent="", reply="", state="done")
    with pytest.raises(MemoryStoreError, match="'nowhere'"):
        memory.turn("nowhere")


def test_retry_and_edit_make_siblings_and_the_path_follows_the_head(memory: Memory) -> None:
    conversation = memory.start("ada", "sherlock")
    first = memory.ask(conversation, None, "rag", VASE)
    second = memory.ask(conversation, first, "rag", "And why?")
    assert _ids(memory, conversation) == [first, second]
    retried = memory.ask(conversation, first, "ft", "And why?")
    assert _ids(memory, conversation) == [first, retried]
    edited = memory.ask(conversation, None, "rag", "Who took the lamp?")
    assert _ids(memory, conversation) == [edited]
    assert [turn.id for turn in memory.turns(conversation)] == [first, second, retried, edited]
    assert memory.turn(retried).parent_id == memory.turn(second).parent_id == first


def test_a_branch_that_is_looked_at_becomes_the_path(memory: Memory) -> None:
    conversation = memory.start("ada", "sherlock")
    first = memory.ask(conversation, None, "rag", VASE)
    second = memory.ask(conversation, first, "rag", "And why?")
    memory.ask(conversation, None, "rag", "Who took the lamp?")
    assert [turn.id for turn in memory.path(conversation, second)] == [first, second]
    memory.look_at(conversation, second)
    assert _ids(memory, conversation) == [first, second]
    memory.look_at(conversation, None)
    assert _ids(memory, conversation) == []


def test_a_turn_needs_a_parent_and_a_conversation_that_exist(memory: Memory) -> None:
    conversation = memory.start("ada", "sherlock")
    with pytest.raises(MemoryStoreError, match="no turn 'nowhere' in this conversation"):
        memory.ask(conversation, "nowhere", "rag", "Who?")
    with pytest.raises(MemoryStoreError, match="no conversation 'nowhere'"):
        memory.ask("nowhere", None, "rag", "Who?")
    assert memory.turns(conversation) == []


# ---------------------------------------------------------------------- conversations


def test_a_user_sees_only_her_own_conversations_the_latest_first(memory: Memory) -> None:
    lamp, vase = memory.start("ada", "sherlock"), memory.start("ada", "sherlock")
    ben = memory.start("ben", "sherlock")
    first = memory.ask(lamp, None, "rag", "Who took the lamp?")
    memory.ask(vase, None, "rag", VASE)
    memory.ask(ben, None, "rag", "Who took the ring?")
    assert [item.id for item in memory.conversations("ada")] == [vase, lamp]
    memory.ask(lamp, first, "rag", "And why?")
    assert [(item.id, item.turns) for item in memory.conversations("ada")] == [(lamp, 2), (vase, 1)]
    assert [item.id for item in memory.conversations()] == [lamp, ben, vase]
    assert [item.id for item in memory.conversations(limit=1)] == [lamp]


def test_a_conversation_without_turns_is_not_listed(memory: Memory) -> None:
    memory.start("ada", "sherlock")
    assert memory.conversations("ada") == []


def test_everything_is_there_after_closing_and_opening(url: str) -> None:
    with _opened(url) as memory:
        conversation = memory.start("ada", "sherlock", "Good evening.")
        turn = memory.ask(conversation, None, "hybrid", VASE)
        memory.answer(turn, sent="s", reply="The porter.", state="done", evidence=[{"n": 1}], trace={"seed": 1})
        before = (memory.conversations("ada"), memory.path(conversation))
    with _opened(url) as memory:
        assert (memory.conversations("ada"), memory.path(conversation)) == before
        assert memory.conversation(conversation).greeting == "Good evening."


def test_a_unique_prefix_of_an_id_is_enough(memory: Memory) -> None:
    conversation = memory.start("ada", "sherlock")
    assert memory.conversation(conversation[:8]).id == conversation
    assert memory.conversation(conversation, "ada").id == conversation


def test_an_ambiguous_prefix_of_an_id_is_refused(memory: Memory) -> None:
    digits = [memory.start("ada", "sherlock")[0] for _ in range(17)]  # of sixteen digits one comes twice
    twice = next(digit for digit in digits if digits.count(digit) > 1)
    with pytest.raises(MemoryStoreError, match=f"Several conversations have an id that starts with '{twice}'"):
        memory.conversation(twice)


@pytest.mark.parametrize("unknown", ["nowhere", "", "%", "_"])
def test_an_unknown_id_and_that_of_another_user_are_refused(memory: Memory, unknown: str) -> None:
    conversation = memory.start("ada", "sherlock")
    with pytest.raises(MemoryStoreError, match="No conversation has an id that starts"):
        memory.conversation(conversation, "ben")
    with pytest.raises(MemoryStoreError, match=f"No conversation has an id that starts with '{unknown}'"):
        memory.conversation(unknown)


# ---------------------------------------------------------------------- several at once


def test_two_threads_that_add_the_same_user_at_once_get_one(memory: Memory) -> None:
    both_know_nobody = threading.Barrier(2, timeout=60)

    def meet(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO users"):
            both_know_nobody.wait()

    def talk(question: str) -> str:
        conversation = memory.start("newcomer", "sherlock")
        memory.ask(conversation, None, "rag", question)
        return conversation

    with _listening(Engine, "before_cursor_execute", meet), ThreadPoolExecutor(2) as pool:
        both = set(pool.map(talk, [VASE, "Who took the lamp?"]))
    assert {item.id for item in memory.conversations("newcomer")} == both


def test_sqlite_is_read_while_another_program_writes(file: Path) -> None:
    with _opened(f"sqlite:///{file}") as memory, closing(sqlite3.connect(file, isolation_level=None)) as other:
        memory.answer(_asked(memory), sent="s", reply="The porter.", state="done", title=VASE)
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE conversations SET title = 'half written'")
        assert [item.title for item in memory.conversations("ada")] == [VASE]


def test_postgresql_can_drop_its_connections_between_two_turns(postgres: str) -> None:
    url = fresh_database(postgres)
    with _opened(url) as memory:
        conversation = memory.start("ada", "sherlock")
        on_server(
            postgres,
            f"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = '{make_url(url).database}'",
        )
        turn = memory.ask(conversation, None, "rag", VASE)
        assert _ids(memory, conversation) == [turn]


# ---------------------------------------------------------------------- what goes wrong


def test_a_database_that_is_locked_when_opened_is_reported(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memory.database.BUSY_SECONDS", 0.05)
    with _opened(f"sqlite:///{file}") as memory:
        memory.start("ada", "sherlock")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(MemoryStoreError, match=f"{file.name} cannot be opened: database is locked"):
            Memory(f"sqlite:///{file}")


def test_a_full_disk_is_reported_and_nothing_stored_is_lost(file: Path) -> None:
    with _opened(f"sqlite:///{file}") as memory:
        conversation = memory.start("ada", "sherlock")
        turn = memory.ask(conversation, None, "rag", VASE)

    def no_more_pages(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # SQLite takes it for: as many as there are

    with _listening(Pool, "connect", no_more_pages), _opened(f"sqlite:///{file}") as memory:
        second = memory.ask(conversation, turn, "rag", "Why?")
        with pytest.raises(NotStoredYetError, match="The disk is full"):
            memory.answer(second, sent="s", reply="The porter. " * 10_000, state="done")
        assert memory.turn(second).reply.startswith("The porter.")
    with _opened(f"sqlite:///{file}") as memory:
        assert [turn.question for turn in memory.path(conversation)] == [VASE, "Why?"]


def test_a_read_only_database_can_be_read_and_a_write_is_reported(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _opened(f"sqlite:///{file}") as memory:
        memory.answer(_asked(memory), sent="s", reply="The porter.", state="done", title=VASE)
    monkeypatch.chdir(tmp_path)
    with _opened(f"sqlite:///file:{file}?mode=ro&uri=true") as memory:
        assert [item.title for item in memory.conversations("ada")] == [VASE]
        with pytest.raises(MemoryStoreError, match="cannot be written to"):
            memory.start("ada", "sherlock")
    assert not (tmp_path / "file:").exists()


def test_a_folder_that_cannot_be_made_and_a_file_that_is_no_database_are_reported_and_not_changed(file: Path) -> None:
    file.write_text("a shopping list " * 100)
    with pytest.raises(MemoryStoreError, match="file is not a database"):
        Memory(f"sqlite:///{file}")
    with pytest.raises(MemoryStoreError, match=r"memory\.sqlite3/below\.sqlite3 cannot be opened"):
        Memory(f"sqlite:///{file / 'below.sqlite3'}")
    assert file.read_text() == "a shopping list " * 100


@pytest.mark.parametrize(
    "wrong",
    [
        f"postgresql+psycopg://ada:{PASSWORD}@127.0.0.1:{{port}}/db",
        f"postgresql+psycopg://ada@127.0.0.1:{{port}}/db?password={PASSWORD}",
        f"postgresql+psycopg://ada:{PASSWORD}@127.0.0.1:port/db",
        f"postgresql+psycopg//ada:{PASSWORD}@127.0.0.1/db",
        f"filingcabinet://ada:{PASSWORD}@127.0.0.1/db",
        "a filing cabinet",
    ],
)
def test_an_invalid_url_is_reported_without_its_password(wrong: str) -> None:
    pytest.importorskip("psycopg", reason="the driver of PostgreSQL is not installed")
    wrong = wrong.format(port=free_port())
    with pytest.raises(MemoryStoreError) as raised:
        Memory(wrong)
    message = str(raised.value)
    assert wrong.rpartition("@")[2].partition("?")[0] in message
    assert "cannot be opened" in message or "Correct BAKERSTREET_DATABASE_URL" in message
    assert PASSWORD not in message


# ---------------------------------------------------------------------- the tables


def test_the_migrations_make_exactly_the_tables_of_the_models(url: str, memory: Memory) -> None:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            names = {name for name in inspect(connection).get_table_names() if not _is_of_the_search(name)}
            assert names == {*Base.metadata.tables, "alembic_version"}
            options = {"compare_type": True, "include_name": lambda name, *_: not _is_of_the_search(name or "")}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, Base.metadata) == []
    finally:
        engine.dispose()


# ---------------------------------------------------------------------- helpers


def _asked(memory: Memory) -> str:
    """The id of a turn in a conversation of its own that waits for its answer."""
    return memory.ask(memory.start("ada", "sherlock"), None, "rag", VASE)


def _is_of_the_search(name: str) -> bool:
    """Whether a table, a column or an index is what the migrations make for the search; it is no part of the models."""
    return name.startswith(("turn_words", "turn_numbers")) or name in ("words", "ix_turns_words")


def _ids(memory: Memory, conversation: str) -> list[str]:
    return [turn.id for turn in memory.path(conversation)]


@contextmanager
def _opened(url: str) -> Iterator[Memory]:
    memory = Memory(url)
    try:
        yield memory
    finally:
        memory.close()


@contextmanager
def _listening(target: type, name: str, function: Callable[..., None]) -> Iterator[None]:
    event.listen(target, name, function)
    try:
        yield
    finally:
        event.remove(target, name, function)


def test_several_threads_can_open_a_new_database_at_once(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(Memory, [url] * 4))
    for memory in opened:
        memory.close()


def test_times_have_a_zone(memory: Memory) -> None:
    conversation = memory.start("ada", "sherlock")
    memory.ask(conversation, None, "rag", "Who?")
    assert memory.turns(conversation)[0].created_at.tzinfo is not None
    assert memory.conversation(conversation).updated_at.tzinfo is not None

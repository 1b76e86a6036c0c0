"""The memory when things go wrong: processes that die, a database that is locked, full, read-only or too new."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from databases import fresh_database
from sqlalchemy import Engine, create_engine, event, text

from chatbot.errors import DatabaseBusyError, MemoryStoreError, NotStoredYetError, ReadOnlyError
from memory import Drawn, Memory, Profile, Summary
from memory.journal import PATIENCE_S, Journal
from memory.upgrade import MIGRATIONS

VASE = "Who took the vase?"
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "memory.sqlite3"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, file: Path) -> str:
    return f"sqlite:///{file}" if request.param == "sqlite" else fresh_database(request.getfixturevalue("postgres"))


@contextmanager
def opened(url: str) -> Iterator[Memory]:
    memory = Memory(url)
    try:
        yield memory
    finally:
        memory.close()


def asked(memory: Memory) -> str:
    return memory.ask(memory.start("ada", "sherlock"), None, "rag", VASE)


def until(happens: Callable[[], bool]) -> None:
    """Wait for something that a thread does; the test's own time limit ends it."""
    while not happens():
        time.sleep(0.02)


# ---------------------------------------------------------------------- what was shown, and by whom


def test_what_was_shown_is_stored_while_it_grows_and_read_at_once(url: str) -> None:
    with opened(url) as memory, opened(url) as other:
        turn = asked(memory)
        memory.show(turn, "The por")
        assert (memory.turn(turn).reply, memory.turn(turn).state) == ("The por", "pending")
        until(lambda: other.turn(turn).reply == "The por")
        memory.show(turn, "The porter did.")
        (current,) = memory.path(memory.turn(turn).conversation_id)
        assert current.reply == "The porter did."
        until(lambda: other.turn(turn).reply == "The porter did.")
        memory.answer(turn, sent="s", reply="The cook did.", state="done")
        assert other.turn(turn).reply == memory.turn(turn).reply == "The cook did."


def test_what_was_shown_late_does_not_change_a_turn_that_has_ended(url: str) -> None:
    with opened(url) as memory:
        turn = asked(memory)
        memory.answer(turn, sent="s", reply="The porter.", state="done")
        memory.show(turn, "The co")
        assert memory.turn(turn).reply == "The porter."
    with opened(url) as memory:
        assert (memory.turn(turn).reply, memory.turn(turn).state) == ("The porter.", "done")


PROCESS = """
import sys, time
from memory import Memory
memory = Memory(sys.argv[1])
turn = memory.ask(memory.start("ada", "sherlock"), None, "rag", "Who took the vase?")
memory.show(turn, "The por")
other = Memory(sys.argv[1])
while other.turn(turn).reply != "The por":
    time.sleep(0.05)
print(turn, flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process(url: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that has begun to answer a turn, and goes on until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESS, url], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def test_a_turn_of_a_process_that_died_is_closed_and_that_of_a_living_one_is_left_alone(url: str) -> None:
    with another_process(url) as (_, living), another_process(url) as (process, dead):
        process.kill()
        process.wait()
        until(lambda: _seen_anew(url, dead) != "pending")  # a server may need a moment to notice
        with opened(url) as memory:
            closed = memory.turn(dead)
            assert (closed.question, closed.reply, closed.state) == (VASE, "The por", "interrupted")
            assert "the program ended" in closed.error
            assert (memory.turn(living).state, memory.turn(living).reply) == ("pending", "The por")


def _seen_anew(url: str, turn: str) -> str:
    with opened(url) as memory:
        return memory.turn(turn).state


def test_a_turn_that_was_taken_for_dead_is_completed_by_its_owner_alone(url: str) -> None:
    with opened(url) as memory, opened(url) as other:
        turn = asked(memory)
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("UPDATE turns SET state = 'interrupted'"))
        engine.dispose()
        with pytest.raises(MemoryStoreError, match="is not waiting"):
            other.answer(turn, sent="s", reply="The cook.", state="done")
        memory.answer(turn, sent="s", reply="The porter.", state="done")
        assert (other.turn(turn).reply, other.turn(turn).state) == ("The porter.", "done")


def test_two_memories_of_one_process_do_not_take_each_other_for_dead(url: str) -> None:
    with opened(url) as memory:
        turn = asked(memory)
        with opened(url):
            assert memory.turn(turn).state == "pending"
    with opened(url) as memory:
        assert memory.turn(turn).state == "interrupted"


def test_text_that_no_database_takes_is_stored_with_signs_in_its_place(url: str) -> None:
    with opened(url) as memory:
        turn = memory.ask(memory.start("ada", "sherlock"), None, "rag", "Who\x00 \ud83d took it?")
        memory.show(turn, "The\x00")
        memory.answer(turn, sent="\ud83d", reply="The\x00 porter.", state="done", trace={"a": "\x00\ud83d"})
        stored = memory.turn(turn)
        assert (stored.question, stored.reply) == ("Who\N{REPLACEMENT CHARACTER} ? took it?", "The\ufffd porter.")


# ---------------------------------------------------------------------- locked, full, read-only


def test_a_reply_outlives_a_database_that_is_locked(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memory.database.BUSY_SECONDS", 0.05)
    with opened(f"sqlite:///{file}") as memory, closing(sqlite3.connect(file, isolation_level=None)) as other:
        turn = asked(memory)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(NotStoredYetError, match=r"locked by another program\. The reply is kept"):
            memory.answer(turn, sent="s", reply="The porter.", state="done", trace={"seed": 1})
        assert other.execute("SELECT state FROM turns").fetchone() == ("pending",)
        kept = memory.turn(turn)
        assert (kept.reply, kept.state, kept.sent, kept.trace) == ("The porter.", "done", "s", {"seed": 1})
        with pytest.raises(DatabaseBusyError, match="locked by another program"):
            asked(memory)
        time.sleep(1.2)  # it is tried again, and refused again
        other.execute("ROLLBACK")
        until(lambda: other.execute("SELECT state FROM turns").fetchone() == ("done",))
        assert memory.turn(turn) == kept


def test_closing_waits_for_a_database_that_is_locked(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memory.database.BUSY_SECONDS", 0.05)
    memory = Memory(f"sqlite:///{file}")
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        turn = asked(memory)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(NotStoredYetError):
            memory.answer(turn, sent="s", reply="The porter.", state="done")
        release = threading.Timer(1.5, other.execute, ["ROLLBACK"])
        release.start()
        memory.close()
        release.join()
        assert other.execute("SELECT reply FROM turns").fetchone() == ("The porter.",)
    assert PATIENCE_S > 14


FULL_DISK = """
import resource, signal, sys
from chatbot.errors import MemoryStoreError
from memory import Memory
memory = Memory(sys.argv[1])
turn = memory.ask(memory.start("ada", "sherlock"), None, "rag", "Who took the vase?")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))  # no file may grow beyond
try:
    memory.answer(turn, sent="s", reply="The porter. " * 100_000, state="done")
except MemoryStoreError as error:
    print(error)
memory.close()
"""


def test_a_disk_that_takes_nothing_more_is_reported_in_plain_words(file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, f"sqlite:///{file}"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert "full" in done.stdout and "The reply is kept" in done.stdout
    assert "Traceback" not in done.stderr
    with opened(f"sqlite:///{file}") as memory:
        (conversation,) = memory.conversations()
        assert [(turn.question, turn.state) for turn in memory.turns(conversation.id)] == [(VASE, "interrupted")]


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_database_in_a_folder_that_cannot_be_written_to_says_so(file: Path) -> None:
    with opened(f"sqlite:///{file}") as memory:
        turn = asked(memory)
    with opened(f"sqlite:///file:{file}?mode=ro&uri=true") as memory:
        assert memory.turn(turn).state == "pending"  # it cannot be closed, and can be read
        with pytest.raises(ReadOnlyError, match="cannot be written to"):
            asked(memory)


def test_a_database_of_a_newer_version_is_left_alone_with_a_line(url: str) -> None:
    Memory(url).close()
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(MemoryStoreError, match=r"newer version of Baker Street \(revision 9999\)\. Update"):
            Memory(url)
        with engine.begin() as connection:
            assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    finally:
        engine.dispose()


# ---------------------------------------------------------------------- many at once, and much of it


def test_more_threads_than_connections_wait_for_one_another(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memory.database.CONNECTIONS", 1)
    monkeypatch.setattr("memory.database.MORE_CONNECTIONS", 1)
    with opened(url) as memory:
        conversations = [memory.start(f"user{number}", "sherlock") for number in range(16)]

        def talk(conversation: str) -> int:
            parent = None
            for number in range(5):
                turn = memory.ask(conversation, parent, "rag", f"Question {number}?")
                memory.show(turn, "The")
                memory.answer(turn, sent="s", reply="The porter.", state="done")
                parent = turn
            return len(memory.path(conversation))

        with ThreadPoolExecutor(16) as pool:
            assert list(pool.map(talk, conversations)) == [5] * 16


def test_when_no_connection_comes_free_the_line_is_plain(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memory.database.CONNECTIONS", 1)
    monkeypatch.setattr("memory.database.MORE_CONNECTIONS", 0)
    monkeypatch.setattr("memory.database.CONNECTION_SECONDS", 0.05)
    with opened(fresh_database(postgres)) as memory:
        asked(memory)
        with memory._database.transaction() as held:
            held.execute(text("SELECT 1"))
            with pytest.raises(DatabaseBusyError, match=r"no connection free\. Send the message again"):
                memory.conversations()


def test_neither_the_path_nor_what_was_said_reads_evidence_and_traces(url: str) -> None:
    statements: list[str] = []

    def listen(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    with opened(url) as memory:
        first = asked(memory)
        conversation = memory.turn(first).conversation_id
        memory.answer(first, sent="s", reply="The porter.", state="done", evidence=[{"n": 1}], trace={"seed": 1})
        memory.ask(conversation, first, "rag", "And why?")
        event.listen(Engine, "before_cursor_execute", listen)
        try:
            assert [turn.question for turn in memory.path(conversation)] == [VASE, "And why?"]
            assert [said.question for said in memory.undrawn("ada", "sherlock", 9)] == [VASE]
            assert len(memory.turns(conversation)) == 2
        finally:
            event.remove(Engine, "before_cursor_execute", listen)
    assert statements and not any("evidence" in statement or "trace" in statement for statement in statements)


def test_the_path_of_a_conversation_leads_through_no_other(url: str) -> None:
    with opened(url) as memory:
        first, other = asked(memory), asked(memory)
        assert memory.path(memory.turn(first).conversation_id, other) == []


# ---------------------------------------------------------------------- migrations


def test_the_migration_goes_up_and_down_and_keeps_every_turn(url: str) -> None:
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _: object) -> None:
        if engine.dialect.name == "sqlite":
            connection.execute("PRAGMA foreign_keys=ON")

    def migrate(step: Callable[[Config, str], None], target: str) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            step(config, target)

    def rows(columns: str = "id, question, reply, state") -> list[tuple[str, ...]]:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM turns ORDER BY question"))]

    try:
        with opened(url) as memory:
            conversation = memory.start("ada", "sherlock")
            one = memory.ask(conversation, None, "rag", "A")
            memory.answer(one, sent="s", reply="The porter.", state="done")
            two = memory.ask(conversation, one, "rag", "B")
        with opened(url) as memory:
            assert memory.turn(two).state == "interrupted"
            three = memory.ask(conversation, one, "rag", "C")
            memory.rename(conversation, "The vase")
            deleted = memory.start("ada", "sherlock")
            parent = None
            for _ in range(1200):  # SQLite follows a chain of a thousand
                parent = memory.ask(deleted, parent, "rag", "D")
            memory.delete(deleted)
            memory.keep_drawn({one: [Drawn("I live in Leeds.", "home", "home")], two: []})
            memory.keep_summary(Summary(two, "A, B", 2))
            memory.set_profile("ada", "sherlock", name="Ada", about="")
            memory.set_recall("ada", False)
            memory.rate(one, 1, "Well said.")
            memory.keep_comparison("ada", "sherlock", "A", ["rag", "ft"], ["rag"])
        migrate(command.downgrade, "0004")
        with pytest.raises(Exception, match="comparisons"), engine.connect() as connection:
            connection.execute(text("SELECT best FROM comparisons"))
        migrate(command.downgrade, "0003")
        assert [row[1] for row in rows() if row[1] != "D"] == ["A", "B", "C"]
        with pytest.raises(Exception, match="thumb"):
            rows("thumb")
        migrate(command.downgrade, "0002")
        assert [row[1] for row in rows()] == ["A", "B", "C"]  # what was deleted is not shown again
        with pytest.raises(Exception, match="pinned"), engine.connect() as connection:
            connection.execute(text("SELECT pinned FROM conversations"))
        migrate(command.downgrade, "0001")
        expected = [(one, "A", "The porter.", "done"), (two, "B", "", "stopped"), (three, "C", "", "pending")]
        assert rows() == expected
        with pytest.raises(Exception, match="owner"):
            rows("owner")
        migrate(command.upgrade, "0002")
        assert rows() == expected
        with opened(url) as memory:  # nobody owns the turn that an earlier version left
            assert [turn.state for turn in memory.turns(conversation)] == ["done", "stopped", "interrupted"]
            assert [turn.id for turn in memory.path(conversation)] == [one, three]
            assert [hit.turn_id for hit in memory.search("ada", "porter")] == [one]  # of turns older than the search
            (listed,) = memory.conversations("ada")
            assert (listed.title, listed.pinned, listed.archived) == ("The vase", False, False)
            # What an earlier version did not know is drawn out of its turns again.
            assert [said.id for said in memory.undrawn("ada", "sherlock", 9)] == [one, two, three]
            assert memory.recollections("ada", "sherlock", state=None) == [] and memory.recall_on("ada")
            assert (memory.profile("ada", "sherlock"), memory.ratings(conversation)) == (Profile(), {})
            assert memory.wins("ada") == {}
            memory.keep_drawn({one: [Drawn("I live in Leeds.", "home", "home")]})
            assert [told.text for told in memory.recollections("ada", "sherlock")] == ["I live in Leeds."]
    finally:
        engine.dispose()


def test_what_is_shown_is_stored_after_a_failure_of_the_thread_that_stores_it() -> None:
    failed, stored = threading.Event(), threading.Event()

    def store(shown: Mapping[str, str]) -> None:
        if not failed.is_set():
            failed.set()
            raise RuntimeError("out of paper")
        stored.set()

    journal = Journal(store, lambda turn, ending: None)
    journal.show("turn", "My dear")
    assert failed.wait(30)
    journal.show("turn", "My dear fellow")
    assert stored.wait(30)
    stored.clear()
    ended = threading.Thread(target=lambda: None)
    ended.start()
    ended.join()
    journal._closing.set()
    assert journal._thread is not None
    journal._thread.join()
    journal._closing.clear()
    journal._thread = ended  # as after a fork
    journal.show("turn", "My dear fellow,")
    assert stored.wait(30)
    journal.close()

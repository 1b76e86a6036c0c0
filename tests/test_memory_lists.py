"""Conversations as wholes, on SQLite and PostgreSQL: listed, named, pinned, archived, deleted and removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, create_engine, event, text

from chatbot.errors import MemoryStoreError
from memory import ConversationSummary, Memory
from memory.conversations import GRACE, TITLE_LENGTH
from memory.models import now

VASE = "Who took the vase?"


def begun(memory: Memory, user: str = "ada", question: str = VASE, persona: str = "sherlock", title: str = "") -> str:
    """A conversation with one turn."""
    conversation = memory.start(user, persona)
    turn = memory.ask(conversation, None, "rag", question)
    memory.answer(turn, sent="s", reply="The porter.", state="done", title=title)
    return conversation


def ids(found: list[ConversationSummary]) -> list[str]:
    return [item.id for item in found]


@contextmanager
def statements() -> Iterator[list[str]]:
    """The queries that are run meanwhile."""
    seen: list[str] = []

    def listen(*arguments: object) -> None:
        if str(arguments[2]).startswith(("SELECT", "WITH")):
            seen.append(str(arguments[2]))

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", listen)


# ---------------------------------------------------------------------- the list


def test_one_query_has_all_that_a_list_shows(any_memory: Memory) -> None:
    began = now()
    for number in range(5):
        begun(any_memory, title=f"Vase {number}")
    last = begun(any_memory, persona="watson", title="The lamp")
    head = any_memory.path(last)[-1]
    turn = any_memory.ask(last, head.id, "hybrid", "And why?")
    with statements() as seen:
        found = any_memory.conversations("ada")
    assert len(seen) == 1 and len(found) == 6
    first = found[0]
    assert (first.id, first.title, first.persona, first.mode, first.turns) == (last, "The lamp", "watson", "hybrid", 2)
    assert (first.pinned, first.archived, first.deleted_at, first.head_id) == (False, False, None, turn)
    assert began <= first.created_at < first.updated_at <= now()
    assert first == any_memory.conversation(last)


def test_a_list_is_read_in_parts(any_memory: Memory) -> None:
    every = [begun(any_memory) for _ in range(5)][::-1]
    parts = [ids(any_memory.conversations("ada", limit=2, offset=offset)) for offset in (0, 2, 4, 6)]
    assert parts == [every[:2], every[2:4], every[4:], []]


def test_a_list_may_be_of_one_persona(any_memory: Memory) -> None:
    sherlock, watson = begun(any_memory), begun(any_memory, persona="watson")
    assert ids(any_memory.conversations("ada", "sherlock")) == [sherlock]
    assert ids(any_memory.conversations("ada", "watson")) == [watson]
    assert any_memory.conversations("ada", "mycroft") == []


def test_a_list_may_be_searched_by_name_and_by_what_was_said(any_memory: Memory) -> None:
    vase, lamp = begun(any_memory, title="Das MÜLLERSCHE Haus"), begun(any_memory, question="Who lit the lamp?")
    begun(any_memory, "ben", question="Who lit the lamp?", title="müller")
    assert ids(any_memory.conversations("ada", text="Haus")) == [vase]
    assert ids(any_memory.conversations("ada", text="lamp")) == [lamp]
    assert ids(any_memory.conversations("ada", text="porter")) == [lamp, vase]
    assert any_memory.conversations("ada", text="porter kettle") == []
    assert any_memory.conversations("nobody", text="lamp") == []
    for sign in ("%", "_", "\\", '"*', "AND ("):
        assert any_memory.conversations("ada", text=sign) == []


def test_names_are_found_whatever_their_capitals(any_memory: Memory) -> None:
    if any_memory._database._engine.dialect.name != "sqlite":
        pytest.skip("which capitals PostgreSQL knows, its own locale says")
    vase = begun(any_memory, title="Das MÜLLERSCHE Haus")
    assert ids(any_memory.conversations("ada", text="müller")) == [vase]


def test_pinned_conversations_stand_first(any_memory: Memory) -> None:
    first, second, third = begun(any_memory), begun(any_memory), begun(any_memory)
    any_memory.pin(first)
    assert ids(any_memory.conversations("ada")) == [first, third, second]
    assert any_memory.conversation(first).pinned
    any_memory.pin(first, False)
    assert ids(any_memory.conversations("ada")) == [third, second, first]


def test_archived_conversations_are_in_a_list_of_their_own_and_still_found(any_memory: Memory) -> None:
    first, second = begun(any_memory), begun(any_memory)
    any_memory.archive(first)
    assert ids(any_memory.conversations("ada")) == [second]
    assert ids(any_memory.conversations("ada", archived=True)) == [first]
    assert ids(any_memory.conversations("ada", archived=None)) == [second, first]
    assert [hit.conversation_id for hit in any_memory.search("ada", "vase")] == [second, first]
    any_memory.archive(first, False)
    assert any_memory.conversations("ada", archived=True) == []


def test_the_mode_is_that_of_the_branch_that_is_looked_at(any_memory: Memory) -> None:
    conversation = begun(any_memory)
    first = any_memory.path(conversation)[0].id
    any_memory.ask(conversation, None, "ft", VASE)
    assert any_memory.conversation(conversation).mode == "ft"
    any_memory.look_at(conversation, first)
    assert any_memory.conversation(conversation).mode == "rag"
    any_memory.look_at(conversation, None)
    assert any_memory.conversation(conversation).mode == ""


# ---------------------------------------------------------------------- names


def test_a_conversation_has_no_name_until_one_is_made_and_keeps_it(any_memory: Memory) -> None:
    conversation = any_memory.start("ada", "sherlock")
    first = any_memory.ask(conversation, None, "rag", VASE)
    assert any_memory.conversation(conversation).title == ""
    any_memory.answer(first, sent="s", reply="The porter.", state="done", title="The vase")
    second = any_memory.ask(conversation, first, "rag", "And why?")
    any_memory.answer(second, sent="s", reply="For money.", state="done", title="And why?")
    assert any_memory.conversation(conversation).title == "The vase"


def test_a_name_that_was_given_while_the_first_reply_was_written_stays(any_memory: Memory) -> None:
    conversation = any_memory.start("ada", "sherlock")
    turn = any_memory.ask(conversation, None, "rag", VASE)
    any_memory.rename(conversation, "Mine")
    any_memory.answer(turn, sent="s", reply="The porter.", state="done", title="The vase")
    assert any_memory.conversation(conversation).title == "Mine"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  The\n vase\t", "The vase"),
        ("a\x00b\u202ec\ud83d", "a\N{REPLACEMENT CHARACTER}bc?"),
        ("Ünï 福 👩‍🔬 %_'\"", "Ünï 福 👩‍🔬 %_'\""),
        ("x" * TITLE_LENGTH, "x" * TITLE_LENGTH),
    ],
)
def test_a_name_is_one_line_of_whatever_was_written(any_memory: Memory, given: str, kept: str) -> None:
    conversation = begun(any_memory, title="The vase")
    any_memory.rename(conversation, given)
    assert any_memory.conversation(conversation).title == kept


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (" \n\u202e", "A name needs at least one character"),
        ("x" * (TITLE_LENGTH + 1), "The name has 121 characters; at most 120"),
    ],
)
def test_a_name_that_is_none_is_refused_and_the_old_one_kept(any_memory: Memory, given: str, why: str) -> None:
    conversation = begun(any_memory, title="The vase")
    with pytest.raises(MemoryStoreError, match=why):
        any_memory.rename(conversation, given)
    assert any_memory.conversation(conversation).title == "The vase"


# ---------------------------------------------------------------------- deleting


def test_a_deleted_conversation_is_nowhere_and_comes_back_as_it_was(any_memory: Memory) -> None:
    conversation, other = begun(any_memory, title="The vase"), begun(any_memory, question="Who lit the lamp?")
    any_memory.pin(conversation)
    before = any_memory.conversations("ada")
    until = any_memory.delete(conversation)
    assert now() + GRACE - timedelta(minutes=1) < until <= now() + GRACE
    assert ids(any_memory.conversations("ada")) == ids(any_memory.conversations(archived=None)) == [other]
    assert any_memory.search("ada", "vase") == any_memory.search(None, "vase") == []
    assert any_memory.conversations("ada", text="vase") == []
    for change in (any_memory.conversation, any_memory.pin, any_memory.archive, any_memory.delete):
        with pytest.raises(MemoryStoreError, match="conversation"):
            change(conversation)
    with pytest.raises(MemoryStoreError, match="no conversation"):
        any_memory.rename(conversation, "Mine")
    with pytest.raises(MemoryStoreError, match="no conversation"):
        any_memory.ask(conversation, None, "rag", "And why?")
    (deleted,) = any_memory.deleted("ada")
    assert deleted.id == conversation and deleted.deleted_at == until - GRACE
    assert any_memory.deleted("ben") == []
    any_memory.undelete(conversation)
    assert any_memory.conversations("ada") == before and any_memory.deleted() == []
    assert [hit.conversation_id for hit in any_memory.search("ada", "vase")] == [conversation]
    with pytest.raises(MemoryStoreError, match="no conversation"):
        any_memory.undelete(conversation)


def test_what_is_purged_is_gone_from_every_table(database_url: str, any_memory: Memory) -> None:
    first, second, kept = begun(any_memory), begun(any_memory), begun(any_memory, question="Who lit the lamp?")
    parent = any_memory.path(first)[0].id
    for _ in range(1100):  # SQLite follows a chain of a thousand
        parent = any_memory.ask(first, parent, "rag", "Who took the ring?")
    any_memory.delete(second)
    for conversation in (first, second):
        any_memory.purge(conversation)
        with pytest.raises(MemoryStoreError, match="no conversation"):
            any_memory.purge(conversation)
        with pytest.raises(MemoryStoreError, match="No conversation"):
            any_memory.conversation(conversation, deleted=None)
    assert any_memory.turns(first) == [] and any_memory.search(None, "ring") == any_memory.search(None, "vase") == []
    assert ids(any_memory.conversations()) == [kept] and len(any_memory.search(None, "lamp")) == 1
    engine = create_engine(database_url)
    tables = ["turns", "conversations", *(["turn_numbers"] if engine.dialect.name == "sqlite" else [])]
    with engine.connect() as connection:
        assert [connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables] == [1] * len(tables)
    engine.dispose()


def test_a_turn_under_way_in_a_conversation_that_is_purged_ends_in_words(any_memory: Memory) -> None:
    conversation = any_memory.start("ada", "sherlock")
    turn = any_memory.ask(conversation, None, "rag", VASE)
    any_memory.show(turn, "The por")
    any_memory.purge(conversation)
    with pytest.raises(MemoryStoreError, match="is not waiting for an answer"):
        any_memory.answer(turn, sent="s", reply="The porter.", state="done", title="The vase")


def test_a_reply_under_way_is_stored_in_a_conversation_that_is_deleted(any_memory: Memory) -> None:
    conversation = any_memory.start("ada", "sherlock")
    turn = any_memory.ask(conversation, None, "rag", VASE)
    any_memory.delete(conversation)
    any_memory.answer(turn, sent="s", reply="The porter.", state="done")
    any_memory.undelete(conversation)
    assert [stored.reply for stored in any_memory.path(conversation)] == ["The porter."]


def test_what_was_deleted_long_ago_is_removed_and_the_rest_is_not(database_url: str, any_memory: Memory) -> None:
    old, recent, kept = begun(any_memory), begun(any_memory), begun(any_memory)
    for conversation in (old, recent):
        any_memory.delete(conversation)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        for conversation, age in ((old, GRACE + timedelta(hours=1)), (recent, GRACE - timedelta(hours=1))):
            row = {"id": conversation, "at": (now() - age).replace(tzinfo=None).isoformat(" ")}
            connection.execute(text("UPDATE conversations SET deleted_at = :at WHERE id = :id"), row)
    engine.dispose()
    again = Memory(database_url)
    try:
        assert ids(again.deleted()) == [recent] and ids(again.conversations()) == [kept]
        assert again.turns(old) == [] and len(again.turns(recent)) == 1
    finally:
        again.close()


def test_a_database_that_was_deleted_from_holds_none_of_it(any_memory: Memory) -> None:
    if any_memory._database._engine.dialect.name != "sqlite":
        pytest.skip("when PostgreSQL overwrites what was deleted, its server says")
    begun(any_memory, question="zanzibarian " * 50)
    (listed,) = any_memory.conversations()
    any_memory.purge(listed.id)
    engine = any_memory._database._engine
    with engine.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1

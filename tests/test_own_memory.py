"""One user's part of the memory: another's conversation cannot be told from one that does not exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatbot.errors import MemoryStoreError
from memory import Memory, OwnMemory


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    memory = Memory(f"sqlite:///{tmp_path / 'memory.sqlite3'}")
    yield memory
    memory.close()


CALLS: dict[str, Callable[[OwnMemory, str, str], object]] = {
    "conversation": lambda own, conversation, turn: own.conversation(conversation),
    "path": lambda own, conversation, turn: own.path(conversation),
    "turns": lambda own, conversation, turn: own.turns(conversation),
    "turn": lambda own, conversation, turn: own.turn(turn),
    "rename": lambda own, conversation, turn: own.rename(conversation, "Mine"),
    "pin": lambda own, conversation, turn: own.pin(conversation),
    "archive": lambda own, conversation, turn: own.archive(conversation),
    "delete": lambda own, conversation, turn: own.delete(conversation),
    "purge": lambda own, conversation, turn: own.purge(conversation),
    "versions": lambda own, conversation, turn: own.versions(conversation),
    "siblings": lambda own, conversation, turn: own.siblings(turn),
    "continued": lambda own, conversation, turn: own.continued(turn),
    "branches": lambda own, conversation, turn: own.branches(conversation),
    "look_at": lambda own, conversation, turn: own.look_at(conversation, turn),
    "go_to": lambda own, conversation, turn: own.go_to(turn),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_what_belongs_to_others_does_not_exist(memory: Memory, call: Callable[[OwnMemory, str, str], object]) -> None:
    ann, bob = OwnMemory(memory, "web-ann"), OwnMemory(memory, "web-bob")
    conversation = ann.start("sherlock", "Good evening.")
    turn = memory.ask(conversation, None, "ft", "Who was he?")
    before = (ann.conversations(), ann.deleted(), ann.path(conversation))
    with pytest.raises(MemoryStoreError) as foreign:
        call(bob, conversation, turn)
    assert (ann.conversations(), ann.deleted(), ann.path(conversation)) == before
    with pytest.raises(MemoryStoreError) as missing:
        call(bob, "0" * 32, "0" * 32)
    assert str(foreign.value) == str(missing.value)
    assert bob.conversations() == bob.deleted() == bob.search("he") == []
    assert (
        [item.id for item in ann.conversations()] == [hit.conversation_id for hit in ann.search("he")] == [conversation]
    )
    call(ann, conversation, turn)  # to its owner it is there


def test_what_is_deleted_does_not_exist_and_its_owner_alone_brings_it_back(memory: Memory) -> None:
    ann, bob = OwnMemory(memory, "web-ann"), OwnMemory(memory, "web-bob")
    conversation = ann.start("sherlock")
    turn = memory.ask(conversation, None, "ft", "Who was he?")
    ann.delete(conversation)
    for name, call in CALLS.items():
        if name != "purge":
            with pytest.raises(MemoryStoreError, match="no such conversation"):
                call(ann, conversation, turn)
    assert ann.search("he") == bob.deleted() == [] and [item.id for item in ann.deleted()] == [conversation]
    for change in (bob.undelete, bob.purge):
        with pytest.raises(MemoryStoreError, match="no such conversation"):
            change(conversation)
    ann.undelete(conversation)
    assert [found.id for found in ann.path(conversation)] == [turn]
    ann.delete(conversation)
    ann.purge(conversation)
    with pytest.raises(MemoryStoreError, match="no such conversation"):
        ann.undelete(conversation)


@pytest.mark.parametrize("wrong", ["", "%", "_", "x" * 100_000, "\x00", "web-ann"])
def test_an_id_that_is_none_finds_nothing_and_is_not_repeated(memory: Memory, wrong: str) -> None:
    ann = OwnMemory(memory, "web-ann")
    conversation = ann.start("sherlock")
    for id_ in (wrong, conversation[:31], conversation + "0"):
        with pytest.raises(MemoryStoreError) as error:
            ann.conversation(id_)
        assert len(str(error.value)) < 100


def test_the_user_of_the_command_line_is_not_a_visitor_of_the_page(memory: Memory) -> None:
    conversation = OwnMemory(memory, "visitor").start("sherlock")
    with pytest.raises(MemoryStoreError):
        OwnMemory(memory, "web-visitor").path(conversation)


def test_a_turn_continues_its_own_conversation_alone(memory: Memory) -> None:
    own = OwnMemory(memory, "web-ann")
    one, other = own.start("sherlock"), own.start("sherlock")
    turn = memory.ask(one, None, "ft", "Who was he?")
    for parent in (turn, "0" * 32):
        with pytest.raises(MemoryStoreError, match="no turn"):
            memory.ask(other, parent, "ft", "And she?")

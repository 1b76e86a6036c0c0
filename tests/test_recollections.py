"""What a user told, in SQLite and in PostgreSQL: replaced by what is told later, forgotten, restored, his alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatbot.errors import MemoryStoreError
from memory import Drawn, Memory, OwnMemory, Profile, Rating, RatingCounts, Recollection, Summary

LEEDS, BATH = "I live in Leeds.", "I have moved to Bath."


def test_what_is_told_later_of_the_same_matter_takes_its_place_and_gives_it_back(any_memory: Memory) -> None:
    own = OwnMemory(any_memory, "ann")
    first = _told(
        any_memory, "My name is Ann and I live in Leeds.", Drawn("My name is Ann", "name", "name"), _home(LEEDS)
    )
    second = _told(any_memory, BATH, _home(BATH))
    bath, name = own.recollections("sherlock")
    (leeds,) = own.recollections("sherlock", state="replaced")
    assert (bath.text, name.text, leeds.text) == (BATH, "My name is Ann", LEEDS)
    assert (bath.topic, bath.by_hand, bath.state) == ("home", False, "active")
    assert (leeds.replaced_by, bath.turn_id) == (bath.id, own.turns(second)[0].id)
    assert bath.told_at > name.told_at
    own.delete(second)
    assert _texts(own) == [LEEDS, "My name is Ann"]
    assert own.recollections("sherlock", state=None) == own.recollections("sherlock")
    own.undelete(second)
    assert _texts(own) == [BATH, "My name is Ann"]
    own.purge(second)
    assert _texts(own) == [LEEDS, "My name is Ann"]
    own.purge(first)
    assert own.recollections("sherlock", state=None) == []


def test_what_is_forgotten_brings_nothing_back_until_it_is_restored(any_memory: Memory) -> None:
    own = OwnMemory(any_memory, "ann")
    _told(any_memory, LEEDS, _home(LEEDS))
    _told(any_memory, BATH, _home(BATH))
    (bath,) = own.recollections("sherlock")
    own.forget_recollection(bath.id)
    assert (_texts(own), _texts(own, "forgotten"), _texts(own, "replaced")) == ([], [BATH], [LEEDS])
    assert own.restore_recollection(bath.id) == bath
    (leeds,) = own.recollections("sherlock", state="replaced")
    again = own.restore_recollection(leeds.id)
    assert (again.text, again.state, again.by_hand) == (LEEDS, "active", True)
    assert (_texts(own), _texts(own, "replaced")) == ([LEEDS], [BATH, LEEDS])
    assert (own.forget_all("sherlock"), _texts(own), own.forget_all("sherlock")) == (1, [], 0)


def test_what_is_written_by_hand_is_changed_and_erased(any_memory: Memory) -> None:
    own = OwnMemory(any_memory, "ann")
    bees = own.remember("sherlock", "I keep\n bees.")
    assert (bees.text, bees.topic, bees.by_hand, bees.conversation_id) == ("I keep bees.", "other", True, None)
    wasps = own.edit_recollection(bees.id, "I keep wasps.")
    assert (_texts(own), own.recollections("sherlock", state="replaced")[0].replaced_by) == (
        ["I keep wasps."],
        wasps.id,
    )
    own.erase_recollection(wasps.id)
    assert _texts(own) == ["I keep bees."]
    for wrong in (" ", "x" * 501):
        with pytest.raises(MemoryStoreError):
            own.remember("sherlock", wrong)
        with pytest.raises(MemoryStoreError):
            own.edit_recollection(bees.id, wrong)
    assert _texts(own, None) == ["I keep bees."]


def test_a_turn_is_drawn_from_once_when_it_has_ended(any_memory: Memory) -> None:
    conversation = any_memory.start("ann", "sherlock")
    first = any_memory.ask(conversation, None, "rag", LEEDS)
    assert any_memory.undrawn("ann", "sherlock", 9) == []
    any_memory.answer(first, sent="", reply="Indeed.", state="done")
    second = _told(any_memory, BATH)
    assert [told.question for told in any_memory.undrawn("ann", "sherlock", 9)] == [LEEDS, BATH]
    assert [told.question for told in any_memory.undrawn("ann", "sherlock", 1)] == [BATH]
    assert any_memory.undrawn("bob", "sherlock", 9) == any_memory.undrawn("ann", "watson", 9) == []
    assert any_memory.whose(second) == "ann" and any_memory.whose("nowhere") == ""
    for _ in range(2):
        any_memory.keep_drawn({first: [_home(LEEDS)], "gone": [_home(BATH)]})
    assert [found.text for found in any_memory.recollections("ann", "sherlock", state=None)] == [LEEDS]
    any_memory.keep_drawn({any_memory.turns(second)[0].id: []})
    assert any_memory.undrawn("ann", "sherlock", 9) == []


CALLS: list[Callable[[OwnMemory, Recollection, str], object]] = [
    lambda own, told, turn: own.edit_recollection(told.id, "Mine."),
    lambda own, told, turn: own.forget_recollection(told.id),
    lambda own, told, turn: own.restore_recollection(told.id),
    lambda own, told, turn: own.erase_recollection(told.id),
    lambda own, told, turn: own.rate(turn, 1),
    lambda own, told, turn: own.ratings(own.conversations()[0].id if own.conversations() else "0" * 32),
]


def test_nothing_is_mixed_between_users_or_personas(any_memory: Memory) -> None:
    ann, bob = OwnMemory(any_memory, "ann"), OwnMemory(any_memory, "bob")
    conversation = _told(any_memory, LEEDS, _home(LEEDS))
    turn = ann.turns(conversation)[0].id
    (told,) = ann.recollections("sherlock")
    ann.set_profile("sherlock", name="Ann", about="A physician.")
    bob.remember("sherlock", "I live in Hull.", "home")
    assert (
        ann.recollections("watson", state=None) == [] and ann.profile("watson") == bob.profile("sherlock") == Profile()
    )
    assert (_texts(ann), _texts(bob)) == ([LEEDS], ["I live in Hull."])
    nobody = Recollection("\x00", *(None,) * 9)  # type: ignore[arg-type]
    for call in CALLS:
        with pytest.raises(MemoryStoreError) as foreign:
            call(bob, told, turn)
        with pytest.raises(MemoryStoreError) as missing:
            call(bob, nobody, "0" * 32)
        assert str(foreign.value) == str(missing.value)
    assert ann.recollections("sherlock", state=None) == [told] and ann.ratings(conversation) == {}
    bob.set_recall(False)
    assert (ann.recall_on(), bob.recall_on(), OwnMemory(any_memory, "new").recall_on()) == (True, False, True)
    bob.set_recall(True)
    assert bob.recall_on()


def test_a_profile_is_written_anew_and_taken_back(any_memory: Memory) -> None:
    own = OwnMemory(any_memory, "ann")
    own.set_profile("sherlock", name=" Ann\n Quill ", about="")
    written = own.set_profile("sherlock", name="Ann Quill", about="A physician.\nAn old friend.")
    assert own.profile("sherlock") == written and written.updated_at is not None
    assert (written.name, written.about) == ("Ann Quill", "A physician.\nAn old friend.")
    with pytest.raises(MemoryStoreError, match="at most 120"):
        own.set_profile("sherlock", name="x" * 121, about="")
    assert own.profile("sherlock") == written
    assert own.set_profile("sherlock", name="", about=" ") == own.profile("sherlock") == Profile()


def test_turns_are_rated_counted_and_rated_anew(any_memory: Memory) -> None:
    own = OwnMemory(any_memory, "ann")
    conversation, other = _told(any_memory, LEEDS), _told(any_memory, BATH)
    turn = own.turns(conversation)[0].id
    own.rate(turn, 1)
    own.rate(own.turns(other)[0].id, -1)
    own.rate(turn, -1, " Too short. ")
    assert own.ratings(conversation) == {turn: Rating(-1, "Too short.")}
    assert own.rating_counts() == any_memory.rating_counts() == own.rating_counts("sherlock") == RatingCounts(0, 2)
    assert own.rating_counts("watson") == any_memory.rating_counts("bob") == RatingCounts()
    own.delete(other)
    assert own.rating_counts() == RatingCounts(0, 1)
    for thumb, note in ((2, ""), (1, "x" * 2001)):
        with pytest.raises(MemoryStoreError):
            own.rate(turn, thumb, note)
    own.rate(turn, 0, "no")
    assert (own.ratings(conversation), own.rating_counts()) == ({}, RatingCounts())


def test_of_a_long_path_its_end_is_read_and_the_summary_that_reaches_furthest(any_memory: Memory) -> None:
    conversation, turns = any_memory.start("ann", "sherlock"), list[str]()
    for number in range(6):
        turns.append(any_memory.ask(conversation, turns[-1] if turns else None, "rag", str(number)))
    assert [turn.question for turn in any_memory.path(conversation, limit=2)] == ["4", "5"]
    assert [turn.question for turn in any_memory.path(conversation, turns[1], limit=9)] == ["0", "1"]
    assert any_memory.summary_on(turns) is None
    for reached, text in ((1, "short"), (3, "long"), (3, "again")):
        any_memory.keep_summary(Summary(turns[reached], text, reached + 1))
    assert any_memory.summary_on(turns) == Summary(turns[3], "long", 4)
    assert any_memory.summary_on(turns[:3]) == Summary(turns[1], "short", 2)
    any_memory.purge(conversation)
    assert any_memory.summary_on(turns) is None


def _told(memory: Memory, said: str, *drawn: Drawn) -> str:
    """The id of a conversation of Ann's with one turn, from which this was drawn; undrawn where nothing is given."""
    conversation = memory.start("ann", "sherlock")
    turn = memory.ask(conversation, None, "rag", said)
    memory.answer(turn, sent=said, reply="Indeed.", state="done")
    if drawn:
        memory.keep_drawn({turn: drawn})
    return conversation


def _home(text: str) -> Drawn:
    return Drawn(text, "home", "home")


def _texts(own: OwnMemory, state: str | None = "active") -> list[str]:
    return [found.text for found in own.recollections("sherlock", state=state)]  # type: ignore[arg-type]

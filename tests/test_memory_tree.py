"""The tree of a conversation, on SQLite and PostgreSQL: versions, the map, and the way through it."""

from __future__ import annotations

import pytest

from chatbot.errors import MemoryStoreError
from memory import Memory, Versions
from memory.branches import EXCERPT

VASE, LAMP, WHY = "Who took the vase?", "Who lit the lamp?", "And why?"


def grown(memory: Memory) -> tuple[str, dict[str, str]]:
    """A conversation with two questions at the root, one of them answered three times, and a branch below."""
    conversation = memory.start("ada", "sherlock")
    made = {}
    for name, parent, question in (
        ("vase", None, VASE),
        ("why", "vase", WHY),
        ("lamp", None, LAMP),
        ("vase 2", None, VASE),
        ("when", "vase", "And when?"),
        ("deep", "why", "And then?"),
        ("vase 3", None, VASE),
    ):
        made[name] = memory.ask(conversation, made[parent] if parent else None, "rag", question)
    return conversation, made


def test_the_versions_of_a_turn_are_its_replies_and_its_questions(any_memory: Memory) -> None:
    _, made = grown(any_memory)
    vases = (made["vase"], made["vase 2"], made["vase 3"])
    assert any_memory.siblings(made["vase 2"]) == Versions(vases, 1, (made["vase 2"], made["lamp"]), 0)
    assert any_memory.siblings(made["lamp"]) == Versions((made["lamp"],), 0, (made["vase 3"], made["lamp"]), 1)
    assert any_memory.siblings(made["when"]) == Versions((made["when"],), 0, (made["why"], made["when"]), 1)
    with pytest.raises(MemoryStoreError, match="no turn 'nowhere'"):
        any_memory.siblings("nowhere")


def test_the_versions_on_the_path_are_those_of_each_turn(any_memory: Memory) -> None:
    conversation, made = grown(any_memory)
    grown(any_memory)  # another conversation's turns stand at no place of this one
    any_memory.look_at(conversation, made["deep"])
    expected = {turn: any_memory.siblings(turn) for turn in (made["vase"], made["why"], made["deep"])}
    assert any_memory.versions(conversation) == expected
    assert any_memory.versions("nowhere") == {}


def test_the_map_has_every_turn_with_its_first_words_and_the_path(any_memory: Memory) -> None:
    conversation, made = grown(any_memory)
    any_memory.answer(made["deep"], sent="s", reply="The porter.\n" * 100, state="done")
    any_memory.look_at(conversation, made["deep"])
    nodes = any_memory.branches(conversation)
    assert [node.id for node in nodes] == list(made.values())
    assert [node.id for node in nodes if node.on_path] == [made["vase"], made["why"], made["deep"]]
    deep = nodes[5]
    assert (deep.parent_id, deep.question, deep.mode, deep.state) == (made["why"], "And then?", "rag", "done")
    assert deep.reply.startswith("The porter. The porter.") and deep.reply.endswith("…") and len(deep.reply) <= EXCERPT
    assert deep.created_at.tzinfo is not None
    any_memory.look_at(conversation, None)
    assert not any(node.on_path for node in any_memory.branches(conversation))
    parents = {node.parent_id for node in nodes}
    assert all(any_memory.continued(node.id) == (node.id in parents) for node in nodes)
    assert any_memory.branches("nowhere") == any_memory.branches(any_memory.start("ada", "sherlock")) == ()


def test_going_to_a_turn_leads_on_to_what_was_last_written_behind_it(any_memory: Memory) -> None:
    conversation, made = grown(any_memory)
    for turn, end in (("vase", "deep"), ("why", "deep"), ("when", "when"), ("lamp", "lamp"), ("deep", "deep")):
        assert any_memory.go_to(made[turn]) == made[end]
        assert any_memory.conversation(conversation).head_id == made[end]
    with pytest.raises(MemoryStoreError, match="no turn 'nowhere'"):
        any_memory.go_to("nowhere")


def test_only_a_turn_of_the_conversation_can_be_looked_at(any_memory: Memory) -> None:
    conversation, made = grown(any_memory)
    _, others = grown(any_memory)
    for turn in (others["vase"], "nowhere"):
        with pytest.raises(MemoryStoreError, match="no turn"):
            any_memory.look_at(conversation, turn)
    assert any_memory.conversation(conversation).head_id == made["vase 3"]

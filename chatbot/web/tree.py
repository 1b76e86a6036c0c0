"""The way through the tree of a conversation, as the buttons of the page lead it."""

from __future__ import annotations

from collections.abc import Mapping

from memory import OwnMemory


def walked(memory: OwnMemory, conversation: str, selected: str | None, pressed: Mapping[str, str]) -> str | None:
    """Lead the path as a button says.

    Args:
        memory: the visitor's.
        conversation: the id of the one that is shown.
        selected: the id of the turn that is selected.
        pressed: what the button says that it does.

    Returns:
        The turn to be selected on the new path; None: it stays as it is.

    Raises:
        MemoryStoreError: there is no such turn, or another visitor has it.
    """
    if pressed.get("do") == "go" and pressed.get("turn"):
        memory.go_to(pressed["turn"])  # what followed it is shown too
        return pressed["turn"]
    if not selected:
        return None
    match pressed:
        case {"do": "step", "what": "question" | "reply" as what, "by": "1" | "-1" as by}:
            return _stepped(memory, selected, what == "reply", int(by))
        case {"do": "branch"}:  # the next message begins one here
            memory.look_at(conversation, selected)
            return selected
        case {"do": "onward"}:
            memory.go_to(selected)
            return selected
    return None


def _stepped(memory: OwnMemory, selected: str, reply: bool, by: int) -> str | None:
    """Another version of a turn's reply or question, with what followed upon that."""
    versions = memory.siblings(selected)
    turns, at = (versions.replies, versions.reply) if reply else (versions.questions, versions.question)
    if not 0 <= at + by < len(turns):
        return None
    memory.go_to(turns[at + by])
    return turns[at + by]

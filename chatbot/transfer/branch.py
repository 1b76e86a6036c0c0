"""One branch of a conversation as its readers see it: what was said, and where else it was said otherwise."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from chatbot.errors import TransferError
from chatbot.trace import from_stored
from memory import OwnMemory, Transfer

logger = logging.getLogger(__name__)

STEPS = 50  # of a branch that are read at once, each with its versions
Values = Mapping[str, Any]  # the columns of a conversation or a turn, as `memory.Row` has them


@dataclass(frozen=True)
class Said:
    """A question and its reply on a branch.

    Attributes:
        versions: the turns at this place that ask the same, the oldest first; there is at least one.
        chosen: which of them is on the branch.
    """

    versions: tuple[Values, ...]
    chosen: int

    @property
    def turn(self) -> Values:
        """The one on the branch."""
        return self.versions[self.chosen]


def branch_of(transfer: Transfer, conversation: Values, turn_id: str | None = None) -> Iterator[Said]:
    """The branch from the root to `turn_id` (default: the head of the conversation), the oldest first.

    Raises:
        TransferError: there is no such turn in the conversation.
    """
    links = transfer.links(conversation["id"])
    parents = dict(links)
    turn = turn_id or conversation["head_id"]
    if turn is not None and turn not in parents:
        raise TransferError(f"There is no turn '{turn}' in this conversation.")
    beside: dict[str | None, list[str]] = {}
    for child, parent in links:
        beside.setdefault(parent, []).append(child)
    path = []
    while turn is not None:
        path.append(turn)
        turn = parents[turn]
    left = reversed(path)
    while steps := list(islice(left, STEPS)):
        ids = [turn for step in steps for turn in beside[parents[step]]]
        found = {row.values["id"]: row.values for row in transfer.turns(conversation["id"], ids)}
        for step in steps:
            here = found.get(step)
            if here is None:  # deleted since
                return
            beside_it = (found[turn] for turn in beside[parents[step]] if turn in found)
            versions = tuple(turn for turn in beside_it if turn["question"] == here["question"])
            yield Said(versions, versions.index(here))


def conversation_of(own: OwnMemory, conversation_id: str) -> Values:
    """The columns of a conversation, by its whole id.

    Raises:
        MemoryStoreError: there is none, or another user has it.
    """
    (row,) = own.transfer().conversations(own.conversation(conversation_id).id)
    return row.values


def notes_of(turn: Values) -> list[tuple[str, str]]:
    """The evidence of a turn: where each piece stands, in words, and what it says."""
    try:
        trace = from_stored(turn["evidence"], turn["trace"])
    except (ValueError, KeyError, TypeError) as error:
        logger.warning("The notes of the turn %s are left out: they cannot be read: %r", turn["id"], error)
        return []
    return [(piece.heading, piece.text) for piece in trace.evidence] if trace else []


def mark_of(said: Said) -> str:
    """What is to be known of a reply beside its text: that it is unfinished, and which version of several it is."""
    state = said.turn["state"]
    version = f"version {said.chosen + 1} of {len(said.versions)}" if len(said.versions) > 1 else ""
    return ", ".join(filter(None, ("" if state == "done" else str(state), version)))


def minute(moment: str) -> str:
    """A time as it is read: 2026-01-31 12:00 UTC."""
    return datetime.fromisoformat(moment).strftime("%Y-%m-%d %H:%M UTC")

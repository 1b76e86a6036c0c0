"""One user's part of the memory: to him, what belongs to others does not exist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from chatbot.errors import MemoryStoreError
from memory.own_recollections import OwnRecollections
from memory.records import BranchNode, ConversationSummary, Hit, StoredTurn, TracedTurn, Versions, Wins
from memory.store import Memory
from memory.transfer import Transfer

MISSING = "There is no such conversation. Choose one from the list, or begin a new one."


class OwnMemory(OwnRecollections):
    """Every way from outside to a conversation leads through here, where its user is checked.

    Args:
        memory: the memory of all.
        user: the name of the one who asks.

    Raises:
        MemoryStoreError: by every method that is given the id of a conversation or a turn: there is none, or another
            user has it; the two cannot be told apart.
    """

    def __init__(self, memory: Memory, user: str) -> None:
        self._memory, self._user = memory, user

    def start(self, persona: str, greeting: str = "") -> str:
        """Start a conversation; returns its id."""
        return self._memory.start(self._user, persona, greeting)

    # ------------------------------------------------------------------ conversations

    def conversations(
        self,
        persona: str | None = None,
        *,
        text: str | None = None,
        archived: bool | None = False,
        limit: int | None = 100,
        offset: int = 0,
    ) -> list[ConversationSummary]:
        """The user's conversations; see `Memory.conversations`."""
        return self._memory.conversations(self._user, persona, text=text, archived=archived, limit=limit, offset=offset)

    def deleted(self) -> list[ConversationSummary]:
        """The user's deleted conversations that can be brought back, the last deleted first."""
        return self._memory.deleted(self._user)

    def conversation(self, conversation_id: str, *, deleted: bool | None = False) -> ConversationSummary:
        """One conversation, by its whole id: one that is not deleted, one that is, or (None) either."""
        found = self._memory.summary(conversation_id, self._user, deleted=deleted)
        if found is None:
            raise MemoryStoreError(MISSING)
        return found

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another name; see `Memory.rename`."""
        self._memory.rename(self._mine(conversation_id), title)

    def pin(self, conversation_id: str, pinned: bool = True) -> None:
        """Keep a conversation at the top of the list, or no longer."""
        self._memory.pin(self._mine(conversation_id), pinned)

    def archive(self, conversation_id: str, archived: bool = True) -> None:
        """Put a conversation into the archive, or back into the list."""
        self._memory.archive(self._mine(conversation_id), archived)

    def delete(self, conversation_id: str) -> datetime:
        """Delete a conversation; returns until when it can be brought back. See `Memory.delete`."""
        return self._memory.delete(self._mine(conversation_id))

    def undelete(self, conversation_id: str) -> None:
        """Bring a deleted conversation back as it was."""
        self._memory.undelete(self.conversation(conversation_id, deleted=True).id)

    def purge(self, conversation_id: str) -> None:
        """Remove a conversation with all its turns, deleted before or not. Nothing brings it back."""
        self._memory.purge(self.conversation(conversation_id, deleted=None).id)

    # ------------------------------------------------------------------ turns

    def search(self, text: str, *, persona: str | None = None, limit: int = 20, offset: int = 0) -> list[Hit]:
        """The user's turns in which all words of a text stand; see `Memory.search`."""
        return self._memory.search(self._user, text, persona=persona, limit=limit, offset=offset)

    def path(self, conversation_id: str, turn_id: str | None = None) -> list[StoredTurn]:
        """The turns from the root to `turn_id` (default: the head of the conversation), the oldest first."""
        return self._memory.path(self._mine(conversation_id), turn_id)

    def evidence(self, conversation_id: str) -> dict[str, list[dict[str, object]]]:
        """The evidence of every turn on the path, by the turn's id."""
        return self._memory.evidence(self.conversation(conversation_id).id)

    def turns(self, conversation_id: str) -> list[StoredTurn]:
        """Every turn of a conversation, on every branch, in the order they were stored."""
        return self._memory.turns(self._mine(conversation_id))

    def turn(self, turn_id: str) -> TracedTurn:
        """One turn with its evidence and trace."""
        try:
            turn = self._memory.turn(turn_id)
        except MemoryStoreError:
            raise MemoryStoreError(MISSING) from None
        self._mine(turn.conversation_id)
        return turn

    def add_answered(
        self,
        conversation_id: str,
        parent_id: str | None,
        mode: str,
        question: str,
        *,
        sent: str,
        reply: str,
        evidence: Iterable[dict[str, object]],
        trace: dict[str, object],
        title: str = "",
    ) -> str:
        """Store a turn that was answered outside of every conversation; see `Memory.add_answered`."""
        return self._memory.add_answered(
            self._mine(conversation_id),
            parent_id,
            mode,
            question,
            sent=sent,
            reply=reply,
            evidence=evidence,
            trace=trace,
            title=title,
        )

    # ------------------------------------------------------------------ modes side by side

    def keep_comparison(
        self, persona: str, question: str, modes: Sequence[str], best: Sequence[str], *, blind: bool = False
    ) -> None:
        """Store that the user chose a reply; see `Memory.keep_comparison`."""
        self._memory.keep_comparison(self._user, persona, question, modes, best, blind=blind)

    def wins(self, persona: str, *, blind: bool | None = None) -> dict[str, Wins]:
        """How often he chose each mode; see `Memory.wins`."""
        return self._memory.wins(self._user, persona, blind=blind)

    # ------------------------------------------------------------------ the tree

    def versions(self, conversation_id: str) -> dict[str, Versions]:
        """What else was asked and answered, for every turn on the path; see `Memory.versions`."""
        return self._memory.versions(self._mine(conversation_id))

    def siblings(self, turn_id: str) -> Versions:
        """What else was asked and answered at the place of a turn; see `Memory.siblings`."""
        return self._memory.siblings(self._own(turn_id))

    def continued(self, turn_id: str) -> bool:
        """Whether anything was asked behind a turn."""
        return self._memory.continued(self._own(turn_id))

    def branches(self, conversation_id: str) -> tuple[BranchNode, ...]:
        """The map of a conversation; see `Memory.branches`."""
        return self._memory.branches(self._mine(conversation_id))

    def look_at(self, conversation_id: str, turn_id: str | None) -> None:
        """Make a turn the end of the path, which the next turn continues; see `Memory.look_at`."""
        self._memory.look_at(self._mine(conversation_id), turn_id)

    def go_to(self, turn_id: str) -> str:
        """Lead the path through a turn, on to the end of what was last written behind it; returns that end."""
        return self._memory.go_to(self._own(turn_id))

    def transfer(self) -> Transfer:
        """The user's conversations as rows, to be carried away and taken in."""
        return self._memory.transfer(self._user)

    def _mine(self, conversation_id: str) -> str:
        """The id of a conversation, when it is one of the user's and not deleted."""
        if not self._memory.has(self._user, conversation_id):
            raise MemoryStoreError(MISSING)
        return conversation_id

    def _own(self, turn_id: str) -> str:
        """The id of a turn, when it is one of the user's."""
        self._mine(self._memory.conversation_of(turn_id))
        return turn_id

"""One user's part of the memory: to him, what belongs to others does not exist."""

from __future__ import annotations

from chatbot.errors import MemoryStoreError
from memory.records import ConversationSummary, StoredTurn, TracedTurn
from memory.store import Memory
from memory.transfer import Transfer

MISSING = "There is no such conversation. Choose one from the list, or begin a new one."


class OwnMemory:
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

    def conversations(self) -> list[ConversationSummary]:
        """The user's conversations with at least one turn, the latest first."""
        return self._memory.conversations(self._user)

    def conversation(self, conversation_id: str) -> ConversationSummary:
        """One conversation, by its whole id."""
        try:
            found = self._memory.conversation(conversation_id[:64], self._user)
        except MemoryStoreError:
            found = None
        if found is None or found.id != conversation_id:
            raise MemoryStoreError(MISSING)
        return found

    def path(self, conversation_id: str) -> list[StoredTurn]:
        """The turns from the root to the head of a conversation, the oldest first."""
        return self._memory.path(self.conversation(conversation_id).id)

    def turns(self, conversation_id: str) -> list[StoredTurn]:
        """Every turn of a conversation, on every branch, in the order they were stored."""
        return self._memory.turns(self.conversation(conversation_id).id)

    def turn(self, turn_id: str) -> TracedTurn:
        """One turn with its evidence and trace."""
        try:
            turn = self._memory.turn(turn_id)
        except MemoryStoreError:
            raise MemoryStoreError(MISSING) from None
        self.conversation(turn.conversation_id)
        return turn

    def look_at(self, conversation_id: str, turn_id: str) -> None:
        """Make a turn of a conversation the end of the path that is shown and that the next turn continues."""
        if self.turn(turn_id).conversation_id != self.conversation(conversation_id).id:
            raise MemoryStoreError(MISSING)
        self._memory.look_at(conversation_id, turn_id)

    def transfer(self) -> Transfer:
        """The user's conversations as rows, to be carried away and taken in."""
        return self._memory.transfer(self._user)

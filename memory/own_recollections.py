"""One user's part of what is remembered of him: his recollections, profile, switch and ratings."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from memory.recollections import OTHER, State
from memory.records import ConversationSummary, Profile, Rating, RatingCounts, Recollection

if TYPE_CHECKING:
    from memory.store import Memory


class OwnRecollections:
    """The part of `OwnMemory` that knows them; to him, what belongs to others does not exist.

    Raises:
        MemoryStoreError: by every method that is given an id: there is none, or another user has it; the two cannot be
            told apart.
    """

    _memory: Memory
    _user: str

    @abstractmethod
    def _own(self, turn_id: str) -> str:
        """The id of a turn, when it is one of the user's."""

    @abstractmethod
    def conversation(self, conversation_id: str, *, deleted: bool | None = False) -> ConversationSummary:
        """One of the user's conversations."""

    def recollections(
        self, persona: str, *, state: State | None = "active", limit: int | None = 200, offset: int = 0
    ) -> list[Recollection]:
        """What the user told a persona, the latest first; see `Memory.recollections`."""
        return self._memory.recollections(self._user, persona, state=state, limit=limit, offset=offset)

    def remember(self, persona: str, text: str, topic: str = OTHER) -> Recollection:
        """Keep something that is written by hand; see `Memory.remember`."""
        return self._memory.remember(self._user, persona, text, topic)

    def edit_recollection(self, recollection_id: str, text: str) -> Recollection:
        """Put another text in its place; the old one is kept as replaced. Returns the new one."""
        return self._memory.edit_recollection(self._user, recollection_id, text)

    def forget_recollection(self, recollection_id: str) -> None:
        """Use it no longer; it can be restored."""
        self._memory.forget_recollection(self._user, recollection_id)

    def forget_all(self, persona: str) -> int:
        """Forget every active recollection with a persona; returns how many there were."""
        return self._memory.forget_all(self._user, persona)

    def restore_recollection(self, recollection_id: str) -> Recollection:
        """Let one count again that was forgotten or replaced; returns the active one."""
        return self._memory.restore_recollection(self._user, recollection_id)

    def erase_recollection(self, recollection_id: str) -> None:
        """Remove it for good."""
        self._memory.erase_recollection(self._user, recollection_id)

    def profile(self, persona: str) -> Profile:
        """What the user wrote of himself for a persona; empty where he has not."""
        return self._memory.profile(self._user, persona)

    def set_profile(self, persona: str, *, name: str, about: str) -> Profile:
        """Write it anew; see `Memory.set_profile`."""
        return self._memory.set_profile(self._user, persona, name=name, about=about)

    def recall_on(self) -> bool:
        """Whether what the user tells is kept and brought back."""
        return self._memory.recall_on(self._user)

    def set_recall(self, on: bool) -> None:
        """Keep and bring back what he tells, or do not."""
        self._memory.set_recall(self._user, on)

    def rate(self, turn_id: str, thumb: int, note: str = "") -> None:
        """Rate a turn; see `Memory.rate`."""
        self._memory.rate(self._own(turn_id), thumb, note)

    def ratings(self, conversation_id: str) -> dict[str, Rating]:
        """The ratings of a conversation's turns, by the turn's id; those without one are left out."""
        return self._memory.ratings(self.conversation(conversation_id).id)

    def rating_counts(self, persona: str | None = None) -> RatingCounts:
        """How many of the user's turns were rated up and down."""
        return self._memory.rating_counts(self._user, persona)

"""What users thought of the replies: up or down, with a note; kept with the turn."""

from __future__ import annotations

from sqlalchemy import func, select, text, update

from chatbot.errors import MemoryStoreError
from chatbot.limits import too_long
from memory.database import Database
from memory.models import RATED, Conversation, Turn, User
from memory.records import Rating, RatingCounts, storable
from memory.rows import THUMBS

NOTE_LENGTH = 2000  # characters


class Ratings:
    """The part of the memory that knows them."""

    _database: Database

    def rate(self, turn_id: str, thumb: int, note: str = "") -> None:
        """Rate a turn, in place of what was said of it before.

        Args:
            turn_id: which.
            thumb: 1 up, -1 down, 0: not rated any longer.
            note: why.

        Raises:
            MemoryStoreError: there is no such turn, no such rating, or the note is too long.
        """
        note = storable(note).strip()
        if thumb and thumb not in THUMBS:
            raise MemoryStoreError(f"There is no rating {thumb}. Use 1 for up, -1 for down, 0 for none.")
        if len(note) > NOTE_LENGTH:
            raise MemoryStoreError(too_long("The note", len(note), NOTE_LENGTH))
        rated = update(Turn).where(Turn.id == turn_id).values(thumb=thumb or None, note=note if thumb else "")
        with self._database.transaction() as session:
            if session.scalar(rated.returning(Turn.id)) is None:
                raise MemoryStoreError(f"There is no turn '{turn_id}'.")

    def ratings(self, conversation_id: str) -> dict[str, Rating]:
        """The ratings of a conversation's turns, by the turn's id; those without one are left out."""
        query = select(Turn.id, Turn.thumb, Turn.note).where(text(RATED), Turn.conversation_id == conversation_id)
        with self._database.transaction() as session:
            return {turn: Rating(thumb or 0, note) for turn, thumb, note in session.execute(query)}

    def rating_counts(self, user: str | None = None, persona: str | None = None) -> RatingCounts:
        """How many turns were rated up and down, in conversations that are not deleted.

        Args:
            user: whose; None: everybody's.
            persona: with whom; None: with anybody.
        """
        query = select(Turn.thumb, func.count()).join(Conversation, Conversation.id == Turn.conversation_id)
        query = query.where(text(RATED), Conversation.deleted_at.is_(None)).group_by(Turn.thumb)
        if user is not None:
            query = query.join(User, User.id == Conversation.user_id).where(User.name == user)
        if persona is not None:
            query = query.where(Conversation.persona == persona)
        with self._database.transaction() as session:
            counts = {row[0]: row[1] for row in session.execute(query)}
        return RatingCounts(counts.get(1, 0), counts.get(-1, 0))

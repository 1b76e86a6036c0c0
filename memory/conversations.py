"""The conversations of the users: begun, listed, named, pinned, archived, deleted, and removed in the end."""

from __future__ import annotations

import logging
import unicodedata
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from chatbot.errors import MemoryStoreError
from chatbot.limits import too_long
from memory.database import Database
from memory.fulltext import matching
from memory.models import Conversation, Turn, User, now
from memory.records import ConversationSummary, storable
from memory.snippets import Wanted
from memory.users import user_of

logger = logging.getLogger(__name__)

TITLE_LENGTH = 120  # characters of a name
GRACE = timedelta(days=30)  # how long a deleted conversation can be brought back
MATCHES = 500  # turns, the latest, whose conversations a list that is searched looks at


class Conversations:
    """The part of the memory that knows conversations as wholes."""

    _database: Database

    def start(self, user: str, persona: str, greeting: str = "") -> str:
        """Start a conversation; returns its id.

        Raises:
            MemoryStoreError: the user's name is too long, or it cannot be stored.
        """
        with self._database.transaction() as session:
            conversation = Conversation(user_id=user_of(session, user).id, persona=persona, greeting=greeting)
            session.add(conversation)
            session.flush()
            return conversation.id

    # ------------------------------------------------------------------ lists

    def conversations(
        self,
        user: str | None = None,
        persona: str | None = None,
        *,
        text: str | None = None,
        archived: bool | None = False,
        limit: int | None = 100,
        offset: int = 0,
    ) -> list[ConversationSummary]:
        """Conversations with at least one turn: the pinned ones, then the others, of each the latest first.

        Args:
            user: whose; None: everybody's.
            persona: with whom; None: with anybody.
            text: stands in the name, or its words in a turn; None: whatever they hold.
            archived: those in the archive, or those that are not; None: both.
            limit: the maximum number; None: all.
            offset: the number of conversations before them that are left out.
        """
        query = _summaries().where(Conversation.deleted_at.is_(None))
        query = query.order_by(Conversation.pinned.desc(), Conversation.updated_at.desc(), Conversation.id.desc())
        if persona is not None:
            query = query.where(Conversation.persona == persona)
        if archived is not None:
            query = query.where(Conversation.archived.is_(archived))
        with self._database.transaction() as session:
            if text is not None:
                query = query.where(_holding(session, text, user))
            return _read(session, _of(user, query).limit(limit).offset(offset))

    def deleted(self, user: str | None = None, *, limit: int | None = 100) -> list[ConversationSummary]:
        """The deleted conversations that can be brought back, the last deleted first."""
        query = _summaries().where(Conversation.deleted_at.is_not(None)).order_by(Conversation.deleted_at.desc())
        with self._database.transaction() as session:
            return _read(session, _of(user, query).limit(limit))

    def conversation(
        self, conversation_id: str, user: str | None = None, *, deleted: bool | None = False
    ) -> ConversationSummary:
        """One conversation by its id or a prefix of it.

        Args:
            conversation_id: the id, or its beginning.
            user: whose; None: anybody's.
            deleted: one that is deleted, or one that is not; None: either.

        Raises:
            MemoryStoreError: there is none, there are several, or it belongs to another user than `user`.
        """
        wanted = storable(conversation_id)
        query = _summaries(empty=True).where(Conversation.id.startswith(wanted, autoescape=True))
        if deleted is not None:
            query = query.where(Conversation.deleted_at.is_not(None) if deleted else Conversation.deleted_at.is_(None))
        with self._database.transaction() as session:
            found = _read(session, _of(user, query).limit(2)) if wanted else []
        if len(found) != 1:
            who = "Several conversations have" if found else "No conversation has"
            where = "`bakerstreet memory list --deleted`" if deleted else "`bakerstreet memory list`"
            raise MemoryStoreError(f"{who} an id that starts with '{wanted}'. See {where}.")
        return found[0]

    def summary(self, conversation_id: str, user: str, *, deleted: bool | None = False) -> ConversationSummary | None:
        """One conversation of a user by its whole id: one that is not deleted, one that is, or (None) either.

        None: he has none such.
        """
        with self._database.transaction() as session:
            row = session.execute(_SUMMARY, {"id": storable(conversation_id), "user": storable(user)}).one_or_none()
        if row is None or (deleted is not None and (row[0].deleted_at is not None) is not deleted):
            return None
        return ConversationSummary.of(*row)

    def has(self, user: str, conversation_id: str) -> bool:
        """Whether a user has a conversation, by its whole id, that is not deleted."""
        with self._database.transaction() as session:
            asked = {"id": storable(conversation_id), "user": storable(user)}
            return session.scalar(_HAS, asked) is not None

    # ------------------------------------------------------------------ what is changed of one

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another name: one line, whatever stands in it.

        Raises:
            MemoryStoreError: the name is empty or too long, or there is no such conversation.
        """
        name = one_line(title)
        if not name:
            raise MemoryStoreError("A name needs at least one character. Write one, or leave the name as it is.")
        if len(name) > TITLE_LENGTH:
            raise MemoryStoreError(too_long("The name", len(name), TITLE_LENGTH))
        self._change(conversation_id, title=name)

    def pin(self, conversation_id: str, pinned: bool = True) -> None:
        """Keep a conversation at the top of the list, or no longer.

        Raises:
            MemoryStoreError: there is no such conversation.
        """
        self._change(conversation_id, pinned=pinned)

    def archive(self, conversation_id: str, archived: bool = True) -> None:
        """Put a conversation into the archive, or back into the list.

        Raises:
            MemoryStoreError: there is no such conversation.
        """
        self._change(conversation_id, archived=archived)

    # ------------------------------------------------------------------ deleting

    def delete(self, conversation_id: str) -> datetime:
        """Delete a conversation: it is nowhere to be seen, found or recalled, and removed after `GRACE`.

        Returns:
            Until when it can be brought back, in UTC.

        Raises:
            MemoryStoreError: there is no such conversation.
        """
        moment = now()
        self._change(conversation_id, deleted_at=moment)
        self.purge_expired()
        return moment + GRACE

    def undelete(self, conversation_id: str) -> None:
        """Bring a deleted conversation back as it was.

        Raises:
            MemoryStoreError: there is no such conversation, or it is not deleted.
        """
        self._change(conversation_id, deleted=True, deleted_at=None)

    def purge(self, conversation_id: str) -> None:
        """Remove a conversation with all its turns, deleted before or not. Nothing brings it back.

        Raises:
            MemoryStoreError: there is no such conversation.
        """
        with self._database.transaction() as session:
            # The tree is taken apart first: SQLite follows no chain of a thousand turns.
            session.execute(update(Turn).where(Turn.conversation_id == conversation_id).values(parent_id=None))
            session.execute(delete(Turn).where(Turn.conversation_id == conversation_id))
            of_it = delete(Conversation).where(Conversation.id == conversation_id).returning(Conversation.id)
            if session.scalar(of_it) is None:
                raise _missing(conversation_id)

    def purge_expired(self) -> None:
        """Remove the conversations that were deleted longer than `GRACE` ago."""
        with self._database.transaction() as session:
            expired = session.scalars(select(Conversation.id).where(Conversation.deleted_at < now() - GRACE)).all()
        for conversation_id in expired:
            try:
                self.purge(conversation_id)
            except MemoryStoreError as error:  # another process has, or the next time will
                logger.warning("The deleted conversation %s was not removed: %s", conversation_id, error)

    def _change(self, conversation_id: str, *, deleted: bool = False, **values: object) -> None:
        state = Conversation.deleted_at.is_not(None) if deleted else Conversation.deleted_at.is_(None)
        with self._database.transaction() as session:
            of_it = update(Conversation).where(Conversation.id == storable(conversation_id), state).values(**values)
            if session.scalar(of_it.returning(Conversation.id)) is None:
                raise _missing(conversation_id)


def one_line(text: str) -> str:
    """A text on one line, without signs that are not seen: ends of lines, control codes, marks of direction."""
    seen = (" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in storable(text))
    return " ".join("".join(sign for sign in seen if sign not in _DIRECTIONS).split())


_DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def _missing(conversation_id: str) -> MemoryStoreError:
    return MemoryStoreError(f"There is no conversation '{conversation_id[:64]}'. See `bakerstreet memory list`.")


def _summaries(*, empty: bool = False) -> Select[Conversation, int, str | None]:
    """Conversations with the number of their turns and the mode of their heads; those without turns only if `empty`."""
    head = aliased(Turn)
    count = select(func.count(Turn.id)).where(Turn.conversation_id == Conversation.id).scalar_subquery()
    query = select(Conversation, count, head.mode).outerjoin(head, head.id == Conversation.head_id)
    return query if empty else query.where(select(Turn.id).where(Turn.conversation_id == Conversation.id).exists())


# Made once: it takes longer to make a query than to answer it.
_HAS = (
    select(Conversation.id)
    .join(User, User.id == Conversation.user_id)
    .where(Conversation.id == bindparam("id"), User.name == bindparam("user"), Conversation.deleted_at.is_(None))
)
_SUMMARY = (
    _summaries(empty=True)
    .join(User, User.id == Conversation.user_id)
    .where(Conversation.id == bindparam("id"), User.name == bindparam("user"))
)


def _of(user: str | None, query: Select[Conversation, int, str | None]) -> Select[Conversation, int, str | None]:
    if user is None:
        return query
    return query.where(Conversation.user_id == select(User.id).where(User.name == storable(user)).scalar_subquery())


def _read(session: Session, query: Select[Conversation, int, str | None]) -> list[ConversationSummary]:
    return [ConversationSummary.of(conversation, turns, mode) for conversation, turns, mode in session.execute(query)]


def _holding(session: Session, text: str, user: str | None) -> ColumnElement[bool]:
    """The condition that a text stands in a conversation's name, or its words in one of its latest turns."""
    named = func.lower(Conversation.title).contains(one_line(text).lower(), autoescape=True)
    holding: set[str] = set()
    for query in matching(session, Wanted.of(text), user):
        latest = session.scalars(select(query.limit(MATCHES).subquery().c.conversation_id)).all()
        holding = set(latest)
        if len(latest) == MATCHES:
            break
    return or_(named, Conversation.id.in_(holding))

"""Full-text search over questions and replies: FTS5 on SQLite, a tsvector with a GIN index on PostgreSQL.

Both have the words without capitals and accents. The migrations make the indexes, and the databases keep them in step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, cast, column, func, literal_column, select, table
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from memory.database import Database
from memory.models import Conversation, Turn, User
from memory.records import Hit, with_zone
from memory.snippets import Wanted, named_in, snippet

Found = Select[*tuple[Any, ...]]  # turns, each with what is shown of it

_WORDS = table("turn_words", column("rowid"), column("turn_words"))
_SHOWN = (Conversation.title, Conversation.persona)
LATEST = 50  # conversations, the latest, that are looked through for frequent words
_NUMBERS = table("turn_numbers", column("number"), column("turn_id"))


class FullText:
    """The part of the memory that finds turns by their words."""

    _database: Database

    def search(
        self, user: str | None, text: str, *, persona: str | None = None, limit: int = 20, offset: int = 0
    ) -> list[Hit]:
        """The turns in which all words of a text stand, the latest first; of every user if `user` is None.

        The last word may be the beginning of a longer one. No sign has a meaning of its own. A text without a word
        finds nothing; neither is anything found that was deleted.

        Args:
            user: whose turns.
            text: what is looked for.
            persona: only conversations with this one.
            limit: the maximum number of turns.
            offset: the number of turns before them that are left out.
        """
        wanted = Wanted.of(text)
        with self._database.transaction() as session:
            rows: list[Any] = []
            for query in matching(session, wanted, user):
                if persona is not None:
                    query = query.where(Conversation.persona == persona)
                rows = list(session.execute(query.limit(limit).offset(offset)))
                if len(rows) == limit:
                    break
            return [_hit(row, wanted) for row in rows]


def matching(session: Session, wanted: Wanted, user: str | None) -> Iterator[Found]:
    """Queries for the turns that hold the words, the latest first, with their conversations; none where no turn can.

    The first of them that gives as many turns as are wanted gives the right ones, and is soon done with frequent words;
    the last one has all, and is soon done with rare ones.
    """
    if not wanted.words:
        return
    owner = session.scalar(select(User.id).where(User.name == user)) if user is not None else None
    if user is not None and owner is None:
        return
    if session.get_bind().dialect.name == "postgresql":
        yield from _by_vector(session, wanted, owner)
    else:
        yield _by_table(wanted, owner)


def _by_table(wanted: Wanted, owner: str | None) -> Found:
    """On SQLite: its index gives the latest first by itself."""
    words = [f'"{word}"' for word in wanted.words]
    asked = "{question reply} : (" + " AND ".join(words) + ("*" if wanted.prefix else "") + ")"
    if owner is not None:
        asked = f'owner : "{owner}" AND {asked}'
    found = select(*_SHOWN, Turn.id, Turn.conversation_id, Turn.created_at, Turn.question, Turn.reply)
    found = (
        found.select_from(_WORDS)
        .join(_NUMBERS, _NUMBERS.c.number == _WORDS.c.rowid)
        .join(Turn, Turn.id == _NUMBERS.c.turn_id)
        .join(Conversation, Conversation.id == Turn.conversation_id)
        .where(_WORDS.c.turn_words.op("MATCH")(asked), Conversation.deleted_at.is_(None))
        .order_by(_WORDS.c.rowid.desc())
    )
    # The index knows him too; this does not depend on it.
    return found if owner is None else found.where(Conversation.user_id == owner)


def _by_vector(session: Session, wanted: Wanted, owner: str | None) -> Iterator[Found]:
    """On PostgreSQL, whose index gives no order: first what was asked lately is looked through, then all is looked up.

    A conversation is as new as its last turn, so that no turn outside the latest conversations is newer than the oldest
    of these.
    """
    words = [f"'{word}'" for word in wanted.folded()]
    asked = " & ".join(words) + (":*" if wanted.prefix else "")
    has_them = literal_column("turns.words").op("@@")(cast(func.to_tsquery("simple", asked), TSQUERY))
    of_it: ColumnElement[bool] = Conversation.deleted_at.is_(None)
    if owner is not None:
        of_it = and_(of_it, Conversation.user_id == owner)
    lately = select(Conversation.updated_at).where(of_it).order_by(Conversation.updated_at.desc())
    since = session.scalar(lately.offset(LATEST - 1).limit(1))
    turns = select(Turn.id, Turn.conversation_id, Turn.created_at, Turn.question, Turn.reply).where(has_them)
    if since is not None:
        here = select(Conversation.id).where(of_it, Conversation.updated_at >= since)
        yield _shown(turns.where(Turn.conversation_id.in_(here), Turn.created_at >= since), of_it)
    yield _shown(turns, of_it)


def _shown(turns: Found, of_it: ColumnElement[bool]) -> Found:
    """Turns with their conversations, the latest first.

    With an offset, a query within a query is answered by itself: what is rare is taken from the index of words, however
    many rows are wanted.
    """
    found = turns.offset(0).subquery()
    query = select(*_SHOWN, *found.c).join(Conversation, Conversation.id == found.c.conversation_id).where(of_it)
    return query.order_by(found.c.created_at.desc(), found.c.id.desc())


def _hit(row: Any, wanted: Wanted) -> Hit:
    in_question = named_in(row.question, wanted) >= named_in(row.reply, wanted)
    return Hit(
        conversation_id=row.conversation_id,
        turn_id=row.id,
        title=row.title,
        persona=row.persona,
        created_at=with_zone(row.created_at),
        field="question" if in_question else "reply",
        snippet=snippet(row.question if in_question else row.reply, wanted),
    )

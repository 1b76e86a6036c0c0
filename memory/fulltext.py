"""Full-text search over questions and replies: FTS5 on SQLite, a tsvector with a GIN index on PostgreSQL.

Both have the words without capitals and accents. The migrations make the indexes, and the databases keep them in step.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, cast, column, func, literal_column, select, table
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from memory.database import Database
from memory.models import Conversation, Turn, User
from memory.records import Hit, with_zone
from memory.snippets import Wanted, named_in, snippet

_WORDS = table("turn_words", column("rowid"), column("turn_words"))
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
            found = matching(session, wanted, user)
            if found is None:
                return []
            query = (
                found.join(Conversation, Conversation.id == Turn.conversation_id)
                .where(Conversation.deleted_at.is_(None))
                .add_columns(Turn.conversation_id, Conversation.title, Conversation.persona)
                .add_columns(Turn.question, Turn.reply, Turn.created_at)
                .limit(limit)
                .offset(offset)
            )
            if persona is not None:
                query = query.where(Conversation.persona == persona)
            if user is not None:  # the index knows him too; this does not depend on it
                query = query.join(User, User.id == Conversation.user_id).where(User.name == user)
            return [_hit(row, wanted) for row in session.execute(query)]


def matching(session: Session, wanted: Wanted, user: str | None) -> Select[str] | None:
    """A query for the ids of the turns that hold the words, the latest first; None: no turn can.

    On SQLite the turns are the user's; on PostgreSQL the caller sees to that.
    """
    if not wanted.words:
        return None
    if session.get_bind().dialect.name == "postgresql":
        words = [f"'{word}'" for word in wanted.folded()]
        asked = " & ".join(words) + (":*" if wanted.prefix else "")
        query = cast(func.to_tsquery("simple", asked), TSQUERY)
        has_them = literal_column("turns.words").op("@@")(query)
        return select(Turn.id).where(has_them).order_by(Turn.created_at.desc(), Turn.id.desc())
    words = [f'"{word}"' for word in wanted.words]
    asked = "{question reply} : (" + " AND ".join(words) + ("*" if wanted.prefix else "") + ")"
    if user is not None:
        owner = session.scalar(select(User.id).where(User.name == user))
        if owner is None:
            return None
        asked = f'owner : "{owner}" AND {asked}'
    return (
        select(Turn.id)
        .select_from(_WORDS)
        .join(_NUMBERS, _NUMBERS.c.number == _WORDS.c.rowid)
        .join(Turn, Turn.id == _NUMBERS.c.turn_id)
        .where(_WORDS.c.turn_words.op("MATCH")(asked))
        .order_by(_WORDS.c.rowid.desc())
    )


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

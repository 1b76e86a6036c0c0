"""Users, known by name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from chatbot.errors import MemoryStoreError
from chatbot.limits import MAX_USER, too_long
from memory.models import User

INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}  # by dialect; knows conflicts


def user_of(session: Session, name: str) -> User:
    """The user of that name, added if there is none, even while another transaction adds the same.

    Raises:
        MemoryStoreError: the name is too long.
    """
    if len(name) > MAX_USER:
        raise MemoryStoreError(too_long("The name of the user", len(name), MAX_USER))
    query = select(User).where(User.name == name)
    user = session.scalar(query)
    if user is None:
        # No savepoint: the end of one commits what SQLite's driver has not begun a transaction for.
        session.execute(INSERT[session.get_bind().dialect.name](User).values(name=name).on_conflict_do_nothing())
        user = session.scalar(query)
    assert user is not None  # found or added
    return user

"""Rows as files carry them: every column of what a user has, by the schema.

A value is written as JSON has it; a time as ISO 8601 in UTC, to the microsecond. What belongs to the place and not to
the row is left out: whose it is, which process writes it, and what a row's place in the file says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast, get_args

from sqlalchemy import JSON, Boolean, Column, DateTime, Float, Integer, RowMapping, String, Table

from chatbot.errors import TransferError
from memory.comparisons import wrong_choice
from memory.models import Comparison, Conversation, Profile, Recollection, Turn
from memory.records import with_zone

Kind = Literal["conversation", "turn", "recollection", "profile", "comparison"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_TABLES: Mapping[Kind, Table] = {
    "conversation": cast(Table, Conversation.__table__),
    "turn": cast(Table, Turn.__table__),
    "recollection": cast(Table, Recollection.__table__),
    "profile": cast(Table, Profile.__table__),
    "comparison": cast(Table, Comparison.__table__),
}
# By table, the columns that files do not carry; "*" for a whole table.
NOT_CARRIED = {
    "users": {"*"},
    "conversations": {"user_id", "deleted_at"},
    "turns": {"conversation_id", "owner"},
    "recollections": {"user_id"},
    "profiles": {"user_id"},
    "comparisons": {"user_id"},
    "summaries": {"*"},  # made again of the turns
}
THUMBS = (1, -1)
STATES = ("pending", "done", "stopped", "failed", "interrupted")
_WHOLE_NUMBERS = range(-(2**31), 2**31)


@dataclass(frozen=True)
class Row:
    """A conversation, a turn of the conversation before it, what was told in one of those turns or written by hand, or
    a reply that was chosen among several.

    Attributes:
        kind: which of them.
        values: its columns by name, as JSON has them.
        line: where it stands in its file, from 1.
    """

    kind: Kind
    values: Mapping[str, Any]
    line: int = 0


class BadRow(TransferError):
    """A row that cannot be taken: the message names its line and what is wrong with it."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line} {why}")


def columns_of(kind: Kind) -> list[Column[Any]]:
    """The columns that files carry."""
    table = _TABLES[kind]
    left_out = NOT_CARRIED[table.name]
    return [column for column in table.columns if column.name not in left_out and column.computed is None]


def to_row(kind: Kind, stored: Mapping[Any, Any] | RowMapping) -> Row:
    """A row as a file has it, from one of the database."""
    return Row(kind, {name: _written(value) for name, value in stored.items()})


def to_stored(row: Row) -> dict[str, Any]:
    """The values of a row as the database takes them; what may be left out has its default.

    Raises:
        BadRow: a value is missing, unknown, of another type, too long, or none that the database can store.
    """
    columns = columns_of(row.kind)
    unknown = sorted(row.values.keys() - {column.name for column in columns})
    if unknown:
        raise BadRow(row.line, f"has {unknown[0]!r}, which no {row.kind} has here. Update the program, or take it out.")
    stored = {}
    for column in columns:
        if column.name in row.values:
            try:
                stored[column.name] = _read(column, row.values[column.name])
            except ValueError as error:
                raise BadRow(row.line, f"has a {column.name!r} that {error}.") from None
        elif not column.primary_key and (column.default is not None or column.nullable):
            stored[column.name] = _default(column)
        else:
            raise BadRow(row.line, f"lacks {column.name!r}.")
    if stored.get("thumb") not in (None, *THUMBS):
        raise BadRow(row.line, "has a 'thumb' that is neither 1 nor -1.")
    if row.kind == "turn" and stored["state"] not in STATES:
        raise BadRow(row.line, f"has a 'state' that is none of {', '.join(STATES)}.")
    if row.kind == "comparison" and (mistake := wrong_choice(stored["modes"], stored["best"])):
        raise BadRow(row.line, f"cannot be a choice: {mistake}.")
    return stored


def _written(value: Any) -> Any:
    return with_zone(value).astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _default(column: Column[Any]) -> Any:
    if column.default is None:
        return None
    made = cast(Any, column.default).arg
    return made(None) if callable(made) else made


def _read(column: Column[Any], value: Any) -> Any:
    """One value, checked against its column.

    Raises:
        ValueError: it does not fit; the message goes on from "has a value that".
    """
    kind = column.type
    if value is None and column.nullable:
        return None
    if isinstance(kind, JSON):
        return _json(value, type(_default(column)))
    if isinstance(kind, DateTime):
        return _time(value)
    if isinstance(kind, Boolean):
        return _typed(value, bool, "is neither true nor false")
    if isinstance(kind, Integer):
        if isinstance(value, bool) or not isinstance(value, int) or value not in _WHOLE_NUMBERS:
            raise ValueError("is no whole number of 32 bits")
        return value
    if isinstance(kind, Float):
        return float(_typed(value, (int, float), "is no number"))
    assert isinstance(kind, String), f"no file can carry {column}"
    text: str = _typed(value, str, "is no text")
    if kind.length is not None and len(text) > kind.length:
        raise ValueError(f"has {len(text):,} characters; at most {kind.length} can be stored")
    if "\x00" in text:
        raise ValueError("has a NUL in it, which no database can store; take it out")
    if column.primary_key and not text:
        raise ValueError("is empty")
    return text


def _typed(value: Any, kind: type | tuple[type, ...], otherwise: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(otherwise)
    return value


def _time(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(_typed(value, str, "is no text"))
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is no time with its zone, such as 2026-01-31T12:00:00+00:00") from None


def _json(value: Any, kind: type) -> Any:
    if kind is not type(None) and not isinstance(value, kind):
        raise ValueError(f"is no {'list' if kind is list else 'object'}")
    try:
        written = json.dumps(value, allow_nan=False)
    except ValueError:
        raise ValueError("has a number in it that JSON cannot write (NaN or Infinity)") from None
    if "\\u0000" in written and _has_nul(value):
        raise ValueError("has a NUL in it, which not every database can store; take it out")
    return value


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(part) for pair in value.items() for part in pair)
    return any(map(_has_nul, value)) if isinstance(value, list) else isinstance(value, str) and "\x00" in value

"""Everything a user has as JSON Lines: UTF-8, one object a line, in a form with a version.

The first line is `{"format": "bakerstreet.conversations", "version": 1, "exported_at": "..."}`. Then comes each
conversation, `{"kind": "conversation", ...}`, with its turns behind it, `{"kind": "turn", ...}`, each behind its
parent. The last line, `{"kind": "end", "conversations": 1, "turns": 2}`, tells a whole file from one that was cut.

The other keys of a line are the columns of `memory.models.Conversation` and `Turn`, by name (`memory.rows` says which
are left out): texts, times as ISO 8601 with their zone, `parent_id` (null: the turn begins the conversation), `head_id`
(the last turn of the branch that is looked at), `state` ('done', 'stopped', 'failed', 'interrupted' or, while it was
exported, 'pending': unfinished), `evidence` and `trace` as `chatbot.trace.to_stored` makes them. A key whose column has
a default, or may be empty, may be left out; any other, and a key that is no column, is a mistake. The version changes
when a key changes its meaning.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from chatbot.modes import MODES
from chatbot.trace import from_stored
from memory import BadRow, Row, Transfer

FORMAT, VERSION = "bakerstreet.conversations", 1
Lines = Iterable[tuple[int, dict[str, Any]]]  # the objects of a file, each with the number of its line


def written(transfer: Transfer, conversations: Iterable[Row]) -> Iterator[str]:
    """The lines of a file."""
    yield _line({"format": FORMAT, "version": VERSION, "exported_at": datetime.now(UTC).isoformat()})
    counts = {"conversation": 0, "turn": 0}
    for conversation in conversations:
        yield _line({"kind": conversation.kind, **conversation.values})
        counts["conversation"] += 1
        own = conversation.values["id"]
        for turn in transfer.turns(own, transfer.ids(own)):
            yield _line({"kind": turn.kind, **turn.values})
            counts["turn"] += 1
    yield _line(_end(counts))


def is_ours(first: Mapping[str, Any]) -> bool:
    """Whether a file that begins with this object has the form."""
    return first.get("format") == FORMAT


def rows(lines: Lines) -> Iterator[Row]:
    """The rows of a file.

    Raises:
        BadRow: a line is wrong, or the file was cut.
    """
    counts = {"conversation": 0, "turn": 0}
    begun = ended = False
    number = 1
    for number, data in lines:
        kind = data.pop("kind", None)
        if ended:
            raise BadRow(number, "stands behind the end. Two files were joined: import each by itself.")
        if not begun:
            _check_version(number, data)
            begun = True
        elif kind == "end":
            _check_end(number, data, counts)
            ended = True
        elif kind == "conversation" or kind == "turn":
            counts[kind] += 1
            row = Row(kind, data, number)
            if kind == "turn":
                check_turn(row)
            yield row
        else:
            raise BadRow(number, f"has a 'kind' that is none of conversation, turn and end: {kind!r}.")
    if not ended:
        raise BadRow(number, "is the last one, but not the end: the file was cut. Copy or export it again.")


def check_turn(row: Row) -> None:
    """Check what the memory does not know of a turn.

    Raises:
        BadRow: there is no such mode, or evidence and trace are not as the program writes them.
    """
    if row.values.get("mode") not in list(MODES):
        raise BadRow(row.line, f"has a 'mode' that is none of {', '.join(MODES)}.")
    evidence, trace = row.values.get("evidence"), row.values.get("trace")
    try:
        fits = from_stored(evidence or [], trace or {}) is not None or not evidence
    except (ValueError, TypeError, KeyError, AttributeError):
        fits = False
    if not fits:
        raise BadRow(row.line, "has 'evidence' or a 'trace' that is not as this version writes it.")


def _check_version(number: int, data: Mapping[str, Any]) -> None:
    if data.get("version") != VERSION:
        raise BadRow(
            number,
            f"says version {data.get('version')!r}; this program reads {VERSION}. Update whichever is older.",
        )


def _check_end(number: int, data: Mapping[str, Any], counts: Mapping[str, int]) -> None:
    if {"kind": "end", **data} != _end(counts):
        raise BadRow(
            number,
            f"does not count the {counts['conversation']} conversations and {counts['turn']} turns before it: "
            "lines are missing. Copy or export the file again.",
        )


def _end(counts: Mapping[str, int]) -> dict[str, Any]:
    return {"kind": "end", "conversations": counts["conversation"], "turns": counts["turn"]}


def _line(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False) + "\n"

"""Everything a user has as JSON Lines: UTF-8, one object a line, in a form with a version.

The first line is `{"format": "bakerstreet.conversations", "version": 1, "exported_at": "..."}`. Then comes each
conversation, `{"kind": "conversation", ...}`, with its turns behind it, `{"kind": "turn", ...}`, each behind its
parent, and then what was told in them, `{"kind": "recollection", "turn_id": ..., ...}`. Where everything is exported,
what was written by hand follows (`turn_id` is null), `{"kind": "profile", ...}` for each persona, and
`{"kind": "comparison", ...}` for each reply that was chosen among those of several modes. The last line,
`{"kind": "end", "conversations": 1, "turns": 2, "recollections": 3, "profiles": 1, "comparisons": 0}`, tells a whole
file from one that was cut; a number that is left out is 0.

The other keys of a line are the columns of `memory.models.Conversation`, `Turn`, `Recollection`, `Profile` and
`Comparison`, by name (`memory.rows` says which are left out): texts, times as ISO 8601 with their zone, `parent_id`
(null: the turn begins the conversation), `head_id` (the last turn of the branch that is looked at), `state` ('done',
'stopped', 'failed', 'interrupted' or, while it was exported, 'pending': unfinished), `thumb` (1 up, -1 down),
`evidence` and `trace` as `chatbot.trace.to_stored` makes them. A key whose column has a default, or may be empty, may
be left out; any other, and a key that is no column, is a mistake. The version changes when a key changes its meaning.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from chatbot.modes import MODES
from chatbot.trace import from_stored
from memory import KINDS, BadRow, Kind, Row, Transfer

FORMAT, VERSION = "bakerstreet.conversations", 1
Lines = Iterable[tuple[int, dict[str, Any]]]  # the objects of a file, each with the number of its line


def written(transfer: Transfer, conversations: Iterable[Row], *, by_hand: bool) -> Iterator[str]:
    """The lines of a file.

    Args:
        transfer: gives what belongs to the conversations.
        conversations: that the file shall hold.
        by_hand: whether it shall hold what the user wrote by hand too.
    """
    yield _line({"format": FORMAT, "version": VERSION, "exported_at": datetime.now(UTC).isoformat()})
    counts: Counter[Kind] = Counter()
    for row in _all_of(transfer, conversations, by_hand):
        yield _line({"kind": row.kind, **row.values})
        counts[row.kind] += 1
    yield _line(_end(counts))


def _all_of(transfer: Transfer, conversations: Iterable[Row], by_hand: bool) -> Iterator[Row]:
    for conversation in conversations:
        yield conversation
        own = conversation.values["id"]
        yield from transfer.turns(own, transfer.ids(own))
        yield from transfer.recollections(own)
    if by_hand:
        yield from transfer.recollections(None)
        yield from transfer.profiles()
        yield from transfer.comparisons()


def is_ours(first: Mapping[str, Any]) -> bool:
    """Whether a file that begins with this object has the form."""
    return first.get("format") == FORMAT


def rows(lines: Lines) -> Iterator[Row]:
    """The rows of a file.

    Raises:
        BadRow: a line is wrong, or the file was cut.
    """
    counts: Counter[Kind] = Counter()
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
        elif kind in KINDS:
            counts[kind] += 1
            row = Row(kind, data, number)
            if kind == "turn":
                check_turn(row)
            yield row
        else:
            raise BadRow(number, f"has a 'kind' that is none of {', '.join(KINDS)} and end: {kind!r}.")
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


def _check_end(number: int, data: Mapping[str, Any], counts: Counter[Kind]) -> None:
    if {**_end(Counter()), **data} != _end(counts):
        raise BadRow(
            number,
            f"does not count the {counts['conversation']} conversations, {counts['turn']} turns, "
            f"{counts['recollection']} recollections, {counts['profile']} profiles and {counts['comparison']} "
            "comparisons before it: lines are missing. "
            "Copy or export the file again.",
        )


def _end(counts: Counter[Kind]) -> dict[str, Any]:
    return {"kind": "end"} | {f"{kind}s": counts[kind] for kind in KINDS}


def _line(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False) + "\n"

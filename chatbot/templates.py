"""Placeholders in texts that people write: found when a file is checked, filled in when a line is said.

    {word}            one of the placeholders that a field knows
    {{user}} {{char}} who is spoken to and who speaks, as character cards write it; <USER>, <BOT> and <CHAR> as well
    \\{ \\}             a brace; braces around anything but one word are braces too

Filling in is one pass over the text and never raises, and what is put in is not looked at again. `str.format` is not
used: it raises on a placeholder that it does not know, and reaches the attributes of what it is given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_MACRO = re.compile(r"\{\{\s*(?P<braced>user|char)\s*\}\}|<(?P<tagged>user|bot|char)>", re.IGNORECASE)
_WRITTEN = re.compile(r"\\(?P<brace>[{}])|\{\{[^{}]*\}\}|\{\s*(?P<name>[^\s{}\"',;]*)\s*\}")


class PlaceholderError(ValueError):
    """A text has a placeholder that its field does not know, or lacks one that it needs.

    Attributes:
        written: the placeholder as it stands in the text; empty where it is missing.
    """

    def __init__(self, message: str, written: str = "") -> None:
        super().__init__(message)
        self.written = written


def checked_template(text: str, known: tuple[str, ...] = (), needed: tuple[str, ...] = ()) -> str:
    """The text, if each of its placeholders can be filled in. Its `{{user}}` and `{{char}}` are filled in already.

    Args:
        text: what somebody wrote.
        known: the placeholders that may stand in it, without their braces.
        needed: those that must.

    Raises:
        PlaceholderError: one is not known, or is missing.
    """
    found = set()
    for match in _WRITTEN.finditer(text):
        if match["brace"]:
            continue
        if match["name"] not in known:
            allowed = ", ".join([*(f"{{{name}}}" for name in known), "{{user}}", "{{char}}"])
            raise PlaceholderError(
                f"there is no placeholder {match[0]} here; there are: {allowed}. "
                f"For the braces themselves write \\{match[0]}",
                match[0],
            )
        found.add(match["name"])
    for name in needed:
        if name not in found:
            raise PlaceholderError(f"must hold {{{name}}}")
    return text


def fill_in(text: str, values: Mapping[str, str] | None = None) -> str:
    """The text as it is said: placeholders replaced by their values, `\\{` by `{`; other braces stay."""
    given = values or {}

    def put(match: re.Match[str]) -> str:
        return match["brace"] or given.get(match["name"] or "", match[0])

    return _WRITTEN.sub(put, text)


def fill_in_names(text: str, char: str, user: str) -> str:
    """The text with `{{char}}` and `{{user}}` replaced, in whatever case they are written; all else stays as it is.

    Args:
        text: what somebody wrote.
        char: the name of who speaks.
        user: how the other is called; with a capital where a sentence begins.
    """

    def put(match: re.Match[str]) -> str:
        if (match["braced"] or match["tagged"]).lower() != "user":
            return char
        before = text[max(0, match.start() - 10) : match.start()].rstrip(" \n\"'([*")
        at_start = not before or before[-1] in ".!?"
        return user[:1].upper() + user[1:] if at_start else user

    return _MACRO.sub(put, text)

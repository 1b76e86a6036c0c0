"""Text from outside as the page shows it: emphasis and lists alive, any other Markdown or HTML as it was written.

Gradio's chat and its Markdown component render GitHub's Markdown, in which a picture, a link or a bare address is live.
What would become one is written with HTML entities instead, which Markdown shows as the characters that they stand for
and never reads as markup (CommonMark 0.31, section 2.5).
"""

from __future__ import annotations

import re

_ITEM = re.compile(r"([ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t](?=[ \t]*\S)")
_RULE = re.compile(r"[ \t]*(?:([-*_])[ \t]*)(?:\1[ \t]*){2,}$")
# What begins a block at the start of a line: indented code, a heading, a quotation, the line under a heading, an item.
_BLOCK = re.compile(r"[ \t]+|[#>=+-]|\*(?=[ \t]|$)|\d{1,9}[.)](?=[ \t]|$)")
_INLINE = re.compile(
    r"""
      &(?=\#?\w+;)                  # an entity
    | <                             # HTML, and <http://...>
    | \\(?:[!-/:-@\[-`{-~]|$)       # an escape, which would vanish
    | [`~|\[\]]                     # code, struck out, a table, links, pictures, notes and their targets
    | (?<=\w):(?=//)                # bare addresses
    | (?<=mailto): | (?<=xmpp):
    | (?<=www)\.
    | @
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ENTITY = re.compile(r"&#(\d{1,7});")
_DEEP = 4  # spaces from which a line that is in no list is code


def as_shown(text: str) -> str:
    """Markdown that shows `text` with nothing alive in it but emphasis and lists."""
    lines, in_list = [], False
    for line in text.split("\n"):
        item = None if _RULE.match(line) else _ITEM.match(line)
        if item and not in_list and len(item[1].expandtabs(4)) >= _DEEP:
            item = None
        in_list = bool(item) or (in_list and not line.strip())
        head = item[0] if item else ""
        lines.append(head + _inert(line[len(head) :]))
    return "\n".join(lines)


def as_written(shown: str) -> str:
    """The text that `as_shown` was given: a message comes back from the page in the form in which it was shown."""
    return _ENTITY.sub(lambda found: chr(min(int(found[1]), 0x10FFFF)), shown)


def _inert(line: str) -> str:
    """The line, or what follows the mark of an item, so that it begins no block of its own."""
    block = re.match(r".", line) if _RULE.match(line) else _BLOCK.match(line)
    begun = block[0] if block and line.strip() else ""
    rest = line[len(begun) :]
    return _coded(begun) + (_inert(rest) if begun.isspace() else _INLINE.sub(lambda found: _coded(found[0]), rest))


def _coded(text: str) -> str:
    return "".join(f"&#{ord(char)};" for char in text)

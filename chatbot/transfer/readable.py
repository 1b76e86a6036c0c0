"""A conversation to be read: as Markdown, and as an HTML page that stands alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

from chatbot.transfer.branch import Said, Values, mark_of, minute, notes_of

UNTITLED = "Conversation"
# What Markdown would read as markup: within a line, and at its start.
_INLINE = re.compile(r"[\\`*_\[\]<>~|@#]|&(?=#?\w+;)|(?<=\w):(?=//)|(?<=www)\.")
_START = re.compile(r"(?m)^([ \t]*)(?:([+=-])|(\d{1,9})([.)])(?=[ \t]|$)|)")
_BREAK = re.compile(r"(?<=[^\n])\n(?=[^\n])")  # between two lines of a paragraph

STYLE = """
:root { color-scheme: light dark; --paper: #f7f3ec; --ink: #271f17; --card: #fffdf8; --faint: #6d583c; --line: #e0d3bf }
@media (prefers-color-scheme: dark) {
  :root { --paper: #191410; --ink: #f3e9d8; --card: #271f17; --faint: #cbb897; --line: #54432e }
}
body { margin: 0 auto; max-width: 44rem; padding: 1.5rem 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 "Iowan Old Style", Palatino, Georgia, serif }
section + section { margin-top: 3rem; border-top: 1px solid var(--line) }
h1 { font-size: 1.5rem; margin-bottom: 0; overflow-wrap: anywhere }
h2 { font-size: 1rem; margin: 0 }
article { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; margin: 1rem 0;
  padding: .75rem 1rem }
article.user { margin-left: 12% }
p, blockquote { white-space: pre-wrap; overflow-wrap: anywhere; margin: .4rem 0 }
.about, summary { color: var(--faint); font-size: .875rem; font-weight: normal }
blockquote { border-left: 3px solid var(--line); padding-left: .75rem }
"""
HEAD = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Conversations</title>
<style>{STYLE}</style>
</head>
<body>
<main>
"""
FOOT = "</main>\n</body>\n</html>\n"


def markdown(conversation: Values, branch: Iterable[Said], name: str) -> Iterator[str]:
    """A conversation in Markdown that shows every text as it was written, with the evidence behind each reply.

    Args:
        conversation: its columns.
        branch: what was said.
        name: of the persona.
    """
    title = _plain(" ".join(conversation["title"].split())) or UNTITLED
    yield f"# {title}\n\n{_plain(name)}, {minute(conversation['created_at'])}\n\n"
    if conversation["greeting"]:
        yield f"**{_plain(name)}**\n\n{_plain(conversation['greeting'])}\n\n"
    for said in branch:
        turn = said.turn
        yield f"**You** ({minute(turn['created_at'])}, {_plain(turn['mode'])})\n\n{_plain(turn['question'])}\n\n"
        mark = mark_of(said)
        yield f"**{_plain(name)}**{f' ({mark})' if mark else ''}\n\n{_plain(turn['reply'] or turn['error'])}\n\n"
        for number, (heading, text) in enumerate(notes_of(turn), 1):
            quoted = "\n".join(
                f"> {line}" for line in f"Note {number}: {_plain(heading)}\n\n{_plain(text)}".split("\n")
            )
            yield f"{quoted}\n\n"


def html(conversation: Values, branch: Iterable[Said], name: str) -> Iterator[str]:
    """A conversation as a section of a page (between `HEAD` and `FOOT`), with the evidence under each reply.

    Args:
        conversation: its columns.
        branch: what was said.
        name: of the persona.
    """
    title = " ".join(conversation["title"].split()) or UNTITLED
    about = f"{escape(name)}, <time>{minute(conversation['created_at'])}</time>"
    yield f'<section>\n<h1 dir="auto">{escape(title)}</h1>\n<p class="about">{about}</p>\n'
    if conversation["greeting"]:
        yield _article("persona", name, "", conversation["greeting"])
    for said in branch:
        turn = said.turn
        yield _article("user", "You", f"{minute(turn['created_at'])}, {turn['mode']}", turn["question"])
        yield _article("persona", name, mark_of(said), turn["reply"] or turn["error"], _notes(notes_of(turn)))
    yield "</section>\n"


def _article(kind: str, name: str, about: str, text: str, notes: str = "") -> str:
    head = f'<h2>{escape(name)} <span class="about">{escape(about)}</span></h2>'
    return f'<article class="{kind}">\n{head}\n<p dir="auto">{escape(text)}</p>\n{notes}</article>\n'


def _notes(notes: list[tuple[str, str]]) -> str:
    if not notes:
        return ""
    items = "".join(
        f'<li><span dir="auto">{escape(heading)}</span><blockquote dir="auto">{escape(text)}</blockquote></li>\n'
        for heading, text in notes
    )
    return f"<details>\n<summary>Notes</summary>\n<ol>\n{items}</ol>\n</details>\n"


def _plain(text: str) -> str:
    """Markdown that shows the text as it was written, line by line."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _BREAK.sub(r"\\\n", _START.sub(_inert, _INLINE.sub(r"\\\g<0>", lines)))


def _inert(found: re.Match[str]) -> str:
    blank, mark, number, point = found.groups(default="")
    return "&nbsp;" * len(blank.expandtabs(4)) + number + (f"\\{mark or point}" if mark or point else "")

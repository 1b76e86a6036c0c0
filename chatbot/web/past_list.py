"""The list of past conversations, as HTML: names, dates, personas and modes, what a search found, and what can be done.

Every button and form names what it does in `data-do`; `scripts.PRESS` hands that to the page's events.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Literal

from chatbot.transfer import FORMATS
from memory import ConversationSummary, Hit

Kept = Literal["current", "archived", "deleted"]
Hits = dict[str, list[Hit]]  # by conversation
SHOWN: tuple[tuple[Kept, str], ...] = (("current", "Current"), ("archived", "Archived"), ("deleted", "Deleted"))
_EMPTY = {
    "current": "No conversations yet.",
    "archived": "Nothing is archived.",
    "deleted": "Nothing that could be brought back.",
}


@dataclass(frozen=True)
class Place:
    """Where the chat goes after a press: a conversation, at one of its turns; without them, a new conversation."""

    conversation: str = ""
    turn: str = ""


@dataclass(frozen=True)
class File:
    """A file for the browser to save."""

    name: str
    text: str


@dataclass(frozen=True)
class Past:
    """What a tab shows of the list.

    Attributes:
        text: what is searched for; empty: everything is listed.
        kept: which conversations are listed.
        notice: what was done, or why not.
        undo: the id of the conversation that was deleted last, where that can be undone.
        place: where the chat goes now; None: it stays.
        file: what the browser saves now.
    """

    text: str = ""
    kept: Kept = "current"
    notice: str = ""
    undo: str = ""
    place: Place | None = None
    file: File | None = None


def past_html(
    listed: Sequence[ConversationSummary], hits: Hits, past: Past, shown: str | None, name: Callable[[str], str]
) -> str:
    """The list.

    Args:
        listed: the conversations, in their order.
        hits: what was found in each.
        past: what of the list is shown.
        shown: the id of the conversation that the chat shows.
        name: gives the name of a persona by its id.
    """
    tabs = "".join(_tab(kept, label, kept == past.kept) for kept, label in SHOWN)
    said = escape(past.notice) + (
        ' <button type="button" id="past-undo" data-do="undo">Undo</button>' if past.undo else ""
    )
    items = "".join(_item(one, hits.get(one.id, ()), past.kept, one.id == shown, name(one.persona)) for one in listed)
    none = f"Nothing holds “{escape(past.text)}”." if past.text and past.kept != "deleted" else _EMPTY[past.kept]
    return f"""<div class="past"><div class="kept" role="group" aria-label="Which conversations are listed">{tabs}</div>
<p class="said" role="status">{said}</p>
{f"<ul>{items}</ul>" if items else f'<p class="aside">{none}</p>'}</div>"""


def _tab(name: Kept, label: str, on: bool) -> str:
    return (
        f'<button type="button" id="past-{name}" data-do="show" data-kept="{name}" '
        f'aria-pressed="{"true" if on else "false"}">{label}</button>'
    )


def _item(one: ConversationSummary, hits: Sequence[Hit], kept: Kept, on: bool, persona: str) -> str:
    id_, name = escape(one.id), escape(one.title or "Without a name")
    pinned = '<span class="pinned">Pinned</span>' if one.pinned else ""
    about = " · ".join(filter(None, (escape(persona), escape(one.mode))))
    line = f'<span class="facts">{pinned}{time_html(one.updated_at)} · {about}</span>'
    inner = f'<span class="name">{name}</span>{line}'
    if kept == "deleted":
        acts = _button("undelete", id_, "Bring back") + _button("purge", id_, "Delete for good")
        return f'<li><div class="one">{inner}</div><div class="acts">{acts}</div></li>'
    current = ' aria-current="true"' if on else ""
    found = f'<div class="hits">{"".join(map(_hit, hits))}</div>' if hits else ""
    return f"""<li><div class="line"><button type="button" class="one" id="open-{id_}" data-do="open"
 data-id="{id_}"{current}>{inner}</button>{_menu(one, id_, name)}</div>{found}</li>"""


def _menu(one: ConversationSummary, id_: str, name: str) -> str:
    pin = _button("unpin", id_, "Unpin") if one.pinned else _button("pin", id_, "Pin")
    archive = (
        _button("unarchive", id_, "Take out of the archive") if one.archived else _button("archive", id_, "Archive")
    )
    exports = "".join(
        f'<button type="button" id="export-{form}-{id_}" data-do="export" data-as="{form}" data-id="{id_}">'
        f"{escape(FORMATS[form].label)}</button>"
        for form in FORMATS
    )
    return f"""<details class="menu">
<summary id="menu-{id_}" aria-label="What to do with “{name}”" title="More">⋯</summary>
<div><form data-do="rename" data-id="{id_}"><label>Name <input name="text" id="name-{id_}" maxlength="120"
 value="{escape(one.title)}" required></label><button id="rename-{id_}">Rename</button></form>
<div class="acts">{pin}{archive}{_button("delete", id_, "Delete")}</div>
<div class="acts" role="group" aria-label="Export"><span>Export</span>{exports}</div></div></details>"""


def _button(do: str, id_: str, text: str) -> str:
    return f'<button type="button" id="{do}-{id_}" data-do="{do}" data-id="{id_}">{text}</button>'


def _hit(hit: Hit) -> str:
    text = "".join(f"<mark>{escape(part)}</mark>" if marked else escape(part) for part, marked in hit.snippet)
    return (
        f'<button type="button" data-do="open" data-id="{escape(hit.conversation_id)}" '
        f'data-turn="{escape(hit.turn_id)}">{text}</button>'
    )


def time_html(moment: datetime) -> str:
    """A time in UTC, which the browser writes in its own zone."""
    return f'<time datetime="{moment.isoformat()}">{moment:%d %b %Y}</time>'

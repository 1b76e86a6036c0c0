"""What a persona remembers of the visitor, as HTML: the switch, the list, what can be done, and the profile.

Every button and form names what it does in `data-do`; `scripts.PRESS` hands that to the page's events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from chatbot.web.past_list import time_html
from memory import Profile, Recollection

State = Literal["active", "replaced", "forgotten"]
STATES: tuple[tuple[State, str], ...] = (("active", "Remembered"), ("replaced", "Replaced"), ("forgotten", "Forgotten"))
MOST_WRITTEN = 500  # characters of a recollection; the memory refuses more
MOST_NAME, MOST_ABOUT = 120, 1000  # likewise of the profile
_EMPTY = {
    "active": "Nothing yet. What you tell of yourself in a conversation is listed here.",
    "replaced": "Nothing was replaced by what you told later.",
    "forgotten": "Nothing was forgotten.",
}


@dataclass(frozen=True)
class Recalled:
    """What a tab shows of the recollections.

    Attributes:
        state: which of them are listed.
        notice: what was done, or why not.
    """

    state: State = "active"
    notice: str = ""


def memory_html(found: Sequence[Recollection], shown: Recalled, on: bool, name: str) -> str:
    """The switch and the list.

    Args:
        found: the recollections in the state that is shown, the latest first.
        shown: what of them is shown.
        on: whether what is told is kept and brought back.
        name: the persona's.
    """
    tabs = "".join(
        f'<button type="button" id="memory-{state}" data-do="show" data-state="{state}" '
        f'aria-pressed="{"true" if state == shown.state else "false"}">{label}</button>'
        for state, label in STATES
    )
    items = "".join(map(_item, found))
    every = _button("forget-all", "", "Forget all of it") if found and shown.state == "active" else ""
    listed = f"<ul>{items}</ul>" if items else f'<p class="aside">{_EMPTY[shown.state]}</p>'
    off = "" if on else "<p>It is off: nothing new is kept, and nothing of this is brought back.</p>"
    return f"""<div class="past memories"><h2>What {escape(name)} remembers of you</h2>
<div class="acts"><button type="button" role="switch" id="memory-switch" data-do="switch"
 aria-checked="{"true" if on else "false"}">Remember what I tell</button></div>{off}
<form data-do="remember" data-once><label>Something to remember <input name="text" id="memory-text"
 maxlength="{MOST_WRITTEN}" required></label><button id="memory-keep">Keep</button></form>
<div class="kept" role="group" aria-label="Which recollections are listed">{tabs}</div>
<p class="said" role="status">{escape(shown.notice)}</p>
{listed}<div class="acts">{every}</div></div>"""


def profile_html(profile: Profile, name: str, notice: str = "") -> str:
    """The form of what the visitor writes of himself.

    Args:
        profile: as it is stored.
        name: the persona's.
        notice: what was done, or why not.
    """
    return f"""<div class="past memories"><h2>Who you are to {escape(name)}</h2>
<form data-do="profile"><label>Your name <input name="name" id="profile-name" maxlength="{MOST_NAME}"
 value="{escape(profile.name)}"></label>
<label>Who you are <textarea name="about" id="profile-about" maxlength="{MOST_ABOUT}"
 rows="4">{escape(profile.about)}</textarea></label><button id="profile-save">Save</button></form>
<p class="said" role="status">{escape(notice)}</p></div>"""


def _item(one: Recollection) -> str:
    id_ = escape(one.id)
    whence = "told" if one.conversation_id else "written by hand"
    facts = f'<span class="facts">{escape(one.topic)} · {whence} {time_html(one.told_at)}</span>'
    acts = []
    if one.conversation_id and one.turn_id:
        acts.append(
            f'<button type="button" data-do="open" data-id="{escape(one.conversation_id)}" '
            f'data-turn="{escape(one.turn_id)}">Where it was told</button>'
        )
    form = ""
    if one.state == "active":
        acts.append(_button("forget", id_, "Forget"))
        form = (
            f'<form data-do="edit" data-id="{id_}"><label>Text <input name="text" maxlength="{MOST_WRITTEN}" '
            f'value="{escape(one.text)}" required></label><button>Change</button></form>'
        )
    else:
        acts += [_button("restore", id_, "Use it again"), _button("erase", id_, "Delete for good")]
    return f"""<li><div class="line"><div class="one"><span class="name">{escape(one.text)}</span>{facts}</div>
<details class="menu"><summary aria-label="What to do with “{escape(one.text)}”" title="More">⋯</summary>
<div>{form}<div class="acts">{"".join(acts)}</div></div></details></div></li>"""


def _button(do: str, id_: str, text: str) -> str:
    return f'<button type="button" data-do="{do}" data-id="{id_}">{text}</button>'

"""The bar of the turn that is looked at, as HTML: the versions of its question and reply, and what can be done with it.

Every button names what it does in `data-do`; `scripts.PRESS` hands that to the page's events.
"""

from __future__ import annotations

import json
from html import escape

from chatbot.web.thumbs import NONE
from chatbot.web.views import View
from memory import Versions

NOTE_LENGTH = 2000  # characters; the memory refuses more
_HAND = "M2 11h4v10H2zM8 21h9.5c1 0 1.8-.6 2.1-1.5l2.2-6.4c.5-1.5-.6-3.1-2.2-3.1H14l.8-4.6c.2-1.3-.8-2.4-2-2.4L8 10z"


def turn_bar_html(view: View) -> str:
    """The bar; empty before the first message. Its attributes tell `scripts.TIDY` what to show beside the messages."""
    number, turns = view.number, len(view.turns)
    if not turns:
        return ""
    note = ""  # is asked for where the answer was bad
    places = [_places(versions) for versions in view.versions]
    parts = [_stepper("Message", "message", number, turns, number > 1 or not number, 0 < number < turns)]
    if 0 < number <= len(places):
        for label, what, (at, total) in zip(
            ("Question", "Answer"), ("question", "reply"), places[number - 1], strict=True
        ):
            if total > 1:
                parts.append(_stepper(label, what, at, total, at > 1, at < total))
    if number and view.turn:
        rated = view.ratings.get(view.turn, NONE)
        parts.append(_thumb(1, "Good answer", rated.thumb == 1) + _thumb(-1, "Bad answer", rated.thumb == -1))
        note = _note(rated.note) if rated.thumb == -1 else ""
    if number:
        if view.turn:
            parts.append('<button type="button" id="turn-why" data-do="inspect" aria-haspopup="dialog">Why</button>')
        parts.append(_button("again", "Another answer"))
        if number < turns:
            parts.append(_button("branch", "Branch from here"))
        elif view.further:
            parts.append(_button("onward", "Show what followed"))
    parts.append('<button type="button" id="turn-map" data-do="map" aria-haspopup="dialog">Map</button>')
    marks = escape(json.dumps([[f"{at} of {total}" if total > 1 else "" for at, total in sides] for sides in places]))
    return (
        f'<div class="turn-bar" role="toolbar" aria-label="The selected message" data-number="{number}" '
        f'data-turn="{escape(view.turn or "")}" '
        f'data-versions="{marks}">{"".join(parts)}</div>{note}'
    )


def _places(versions: Versions | None) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where a question stands among those at its place, from 1, and how many they are; the same of its reply."""
    if versions is None:  # it could not be stored
        return (1, 1), (1, 1)
    return (versions.question + 1, len(versions.questions)), (versions.reply + 1, len(versions.replies))


def _stepper(label: str, what: str, number: int, total: int, before: bool, after: bool) -> str:
    """A number with a button on each side."""
    said = f"{label} {number} of {total}" if number else f"{label}s: {total}"
    kind = "message" if what == "message" else f"version of the {'answer' if what == 'reply' else what}"
    return (
        f'<span class="stepper">{_step(what, -1, "‹", f"Previous {kind}", before)}'
        f'<span aria-live="polite">{said}</span>{_step(what, 1, "›", f"Next {kind}", after)}</span>'
    )


def _step(what: str, by: int, sign: str, name: str, possible: bool) -> str:
    # A disabled button would lose the focus, and with it the place of one who works with keys.
    off = "" if possible else ' aria-disabled="true"'
    return (
        f'<button type="button" id="step-{what}-{"before" if by < 0 else "after"}" data-do="step" data-what="{what}" '
        f'data-by="{by}" aria-label="{name}" title="{name}"{off}>{sign}</button>'
    )


def _thumb(thumb: int, name: str, on: bool) -> str:
    turned = "" if thumb > 0 else ' transform="rotate(180 12 12)"'
    return (
        f'<button type="button" class="thumb" id="rate-{"up" if thumb > 0 else "down"}" data-do="rate" '
        f'data-thumb="{thumb}" aria-label="{name}" title="{name}" aria-pressed="{"true" if on else "false"}">'
        f'<svg viewBox="0 0 24 24" width="15" height="15" aria-hidden="true"><g{turned}><path d="{_HAND}"/></g></svg>'
        "</button>"
    )


def _note(note: str) -> str:
    return (
        f'<form class="note" data-do="note"><label>What was wrong with it? <input name="note" id="rate-note" '
        f'maxlength="{NOTE_LENGTH}" value="{escape(note)}"></label>'
        f'<button id="rate-keep">{"Change" if note else "Keep"}</button></form>'
    )


def _button(do: str, text: str) -> str:
    return f'<button type="button" id="turn-{do}" data-do="{do}">{text}</button>'

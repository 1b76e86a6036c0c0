"""The bar of the turn that is looked at, as HTML: the versions of its question and reply, and what can be done with it.

Every button names what it does in `data-do`; `scripts.PRESS` hands that to the page's events.
"""

from __future__ import annotations

import json
from html import escape

from chatbot.web.tree import Branch, Versions
from chatbot.web.views import View


def turn_bar_html(view: View) -> str:
    """The bar; empty before the first message. Its attributes tell `scripts.TIDY` what to show beside the messages."""
    number, turns, branch = view.number, len(view.turns), view.branch
    if not turns:
        return ""
    parts = [_stepper("Message", "message", number, turns, number > 1 or not number, 0 < number < turns)]
    if number:
        parts += [
            _versions("Question", "question", branch.question, branch.questions),
            _versions("Answer", "reply", branch.reply, branch.replies),
            _button("again", "Another answer"),
        ]
        if number < turns:
            parts.append(_button("branch", "Branch from here"))
        elif branch.further:
            parts.append(_button("onward", "Show what followed"))
    marks = escape(json.dumps([_marks(one) for one in view.branches]))
    return (
        f'<div class="turn-bar" role="toolbar" aria-label="The selected message" data-number="{number}" '
        f'data-versions="{marks}">{"".join(parts)}</div>'
    )


def _marks(branch: Branch) -> list[str]:
    """What is written beside a question and its reply."""
    sides = ((branch.question, branch.questions), (branch.reply, branch.replies))
    return [f"{number} of {total}" if total > 1 else "" for number, total in sides]


def _versions(label: str, what: Versions, number: int, total: int) -> str:
    return _stepper(label, what, number, total, number > 1, number < total) if total > 1 else ""


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


def _button(do: str, text: str) -> str:
    return f'<button type="button" id="turn-{do}" data-do="{do}">{text}</button>'

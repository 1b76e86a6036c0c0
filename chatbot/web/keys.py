"""The shortcuts of the page: one table, from which both the browser's part and the help sheet are made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Shortcut:
    """A key that presses a button of the page, or leads to an input.

    Attributes:
        keys: as the help sheet shows them: modifiers and a letter, or a key by its name in `KeyboardEvent.code`.
        target: the CSS selector of the button that is pressed, or of the input that gets the focus.
        does: what it does.
    """

    keys: str
    target: str
    does: str


SHORTCUTS = (
    Shortcut("Alt+N", "#new", "begin a new conversation"),
    Shortcut("Alt+M", "#message textarea", "write a message"),
    Shortcut("Alt+S", "#past-search input, #past-search textarea", "search your conversations"),
    Shortcut("Alt+ArrowUp", "#step-message-before", "select the message before"),
    Shortcut("Alt+ArrowDown", "#step-message-after", "select the message after"),
    Shortcut("Alt+Comma", "#step-reply-before", "the previous version of the answer"),
    Shortcut("Alt+Period", "#step-reply-after", "the next version of the answer"),
    Shortcut("Alt+Shift+Comma", "#step-question-before", "the previous version of the question"),
    Shortcut("Alt+Shift+Period", "#step-question-after", "the next version of the question"),
    Shortcut("Alt+R", "#turn-again", "another answer to the selected message"),
    Shortcut("Alt+B", "#turn-branch", "branch from the selected message"),
    Shortcut("Alt+O", "#turn-onward", "show what followed the selected message"),
    Shortcut("Alt+T", "#turn-map", "show the map of the branches"),
    Shortcut("Alt+W", "#turn-why", "show the prompt and the drafts of the selected message"),
    Shortcut("Alt+H", "#help-open", "show this help"),
)
_SHOWN = {"ArrowUp": "↑", "ArrowDown": "↓", "Comma": ",", "Period": "."}


def help_html() -> str:
    """The button of the help sheet and the sheet, a dialog that the browser closes at Escape."""
    rows = "".join(f"<div><dt>{_shown(one.keys)}</dt><dd>{escape(one.does)}</dd></div>" for one in SHORTCUTS)
    return f"""<button type="button" id="help-open" aria-haspopup="dialog">Keys</button>
<dialog id="help" aria-labelledby="help-title"><h2 id="help-title">Keys</h2>
<dl>{rows}<div><dt><kbd>Esc</kbd></dt><dd>close what is open, or stop the answer that is being written</dd></div></dl>
<form method="dialog"><button>Close</button></form></dialog>"""


def keys_script() -> str:
    """The function of the browser that listens for the shortcuts."""
    table = {one.keys: one.target for one in SHORTCUTS}
    return f"""() => {{
    const targets = {json.dumps(table)};
    document.addEventListener("keydown", (event) => {{
        if (event.isComposing || event.ctrlKey || event.metaKey) return;
        if (event.key === "Escape") {{
            if (document.querySelector("dialog[open]")) return;
            const menu = [...document.querySelectorAll("details[open].menu")].find((each) => each.offsetParent);
            const drawer = document.querySelector("#right.open #evidence-close, #left.open #past-close");
            if (menu) {{
                menu.open = false;
                menu.querySelector("summary").focus();
            }} else if (drawer) drawer.click();
            else document.querySelector("#message .stop-button")?.click();
            return;
        }}
        if (!event.altKey) return;
        // A letter as it is written on the keyboard, where Alt does not make another sign of it.
        const key = /^[a-z]$/i.test(event.key) ? event.key.toUpperCase() : event.code.replace("Key", "");
        const selector = targets[(event.shiftKey ? "Alt+Shift+" : "Alt+") + key];
        if (!selector || document.querySelector("dialog[open]")) return;
        event.preventDefault();
        const target = document.querySelector(selector);
        if (target?.matches("input, textarea")) target.focus();
        else target?.click();
    }});
}}"""


def _shown(keys: str) -> str:
    return "+".join(f"<kbd>{escape(_SHOWN.get(key, key))}</kbd>" for key in keys.split("+"))

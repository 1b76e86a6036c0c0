"""The map of a conversation's branches, as HTML: a tree of nested lists in a dialog that slides in from the side.

What follows without a choice stands in one list, so that a long conversation is not a deep one: only where several
messages follow upon one do the others begin lists of their own, and the way that is shown, or the latest, goes on.
Every button names what it does in `data-do`; `scripts.PRESS` hands that to the page's events.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from html import escape

from memory import BranchNode

# The dialog opens with the HTML that has it, and closes as a turn is chosen; the browser does so at Escape.
SHOW = """
    watch("value", () => {
        const dialog = element.querySelector("dialog");
        if (!dialog) return;
        dialog.showModal();
        dialog.querySelector("[aria-current]")?.scrollIntoView({block: "center"});
        dialog.querySelector("[aria-current]")?.focus({preventScroll: true});
    });
    element.addEventListener("click", (event) => {
        const dialog = element.querySelector("dialog");
        if (event.target === dialog || event.target.closest("button[data-do]")) dialog.close();
    });
"""


def map_html(nodes: Sequence[BranchNode], selected: str | None, notice: str = "") -> str:
    """The map.

    Args:
        nodes: every turn of the conversation, in the order they were stored.
        selected: the id of the turn that is selected.
        notice: why there is no map.
    """
    return f"""<dialog id="map" aria-labelledby="map-title"><header><h2 id="map-title">The branches</h2>
<form method="dialog"><button>Close</button></form></header>
<p class="aside">{escape(notice) or "What is shown now has a line at its side."}</p>
{_tree(nodes, selected)}</dialog>"""


def _tree(nodes: Sequence[BranchNode], selected: str | None) -> str:
    children: dict[str | None, list[BranchNode]] = defaultdict(list)
    for node in nodes:
        children[node.parent_id].append(node)
    parts: list[str] = []
    # What is still to be written, the next last: a turn, with its number; or HTML. No recursion: a tree can be deep.
    to_do: list[tuple[BranchNode, int] | str] = ["<ol>", *_following(children[None], 1), "</ol>"][::-1]
    while to_do:
        part = to_do.pop()
        if isinstance(part, str):
            parts.append(part)
            continue
        node, number = part
        parts.append(f"<li>{_node(node, number, node.id == selected)}</li>")
        to_do += _following(children[node.id], number + 1)[::-1]
    return "".join(parts)


def _following(turns: Sequence[BranchNode], number: int) -> list[tuple[BranchNode, int] | str]:
    """The turns that follow upon one: those beside the way on in lists of their own, then the way on."""
    if not turns:
        return []
    on = next((turn for turn in turns if turn.on_path), turns[-1])
    beside: list[tuple[BranchNode, int] | str] = []
    for turn in turns:
        if turn is not on:
            beside += [f'<li class="beside"><ol aria-label="Another message {number}">', (turn, number), "</ol></li>"]
    return [*beside, (on, number)]


def _node(node: BranchNode, number: int, selected: bool) -> str:
    state = f" · {escape(node.state)}" if node.state != "done" else ""
    shown = '<span class="hidden">shown now: </span>' if node.on_path else ""
    current = ' aria-current="true"' if selected else ""
    way = ' class="way"' if node.on_path else ""
    return (
        f'<button type="button" id="go-{escape(node.id)}" data-do="go" data-turn="{escape(node.id)}"{way}{current}>'
        f'{shown}<span class="asked"><b>{number}</b> {escape(node.question)}</span>'
        f'<span class="said">{escape(node.reply) or "…"}</span>'
        f'<span class="facts">{escape(node.mode)}{state}</span></button>'
    )

"""The ladder of modes as a picture, made from what the modes are made of: upwards how much the model is changed, to the
right how much knowledge comes in from outside. In a dialog, where a press on a mode chooses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from chatbot.library.search import Plan
from chatbot.modes import MODES, Mode
from chatbot.progress import counted

# The radio buttons are Gradio's own; the one that is selected is told apart when the dialog opens.
LADDER = """
    const radios = () => [...document.querySelectorAll("#mode input[type=radio]")];
    element.addEventListener("click", (event) => {
        const dialog = element.querySelector("dialog"), chosen = event.target.closest("button[data-mode]");
        if (event.target.closest("#ladder-open")) {
            const now = radios().find((radio) => radio.checked)?.value;
            for (const button of element.querySelectorAll("button[data-mode]"))
                button.setAttribute("aria-pressed", button.dataset.mode === now);
            dialog.showModal();
        } else if (chosen) {
            radios().find((radio) => radio.value === chosen.dataset.mode)?.click();
            dialog.close();
        } else if (event.target === dialog) dialog.close();
    });
"""


def ladder_html(modes: Iterable[Mode] = tuple(MODES.values())) -> str:
    """The button of the dialog and the dialog: the picture, and a line about each mode."""
    modes = tuple(modes)
    plans = _plans(modes)
    heads = "".join(f'<th scope="col">{_knowledge(plan)}</th>' for plan in plans)
    rows = "".join(_row(voice, plans, modes) for voice in sorted({mode.voice for mode in modes}, reverse=True))
    lines = "".join(
        f"<div><dt>{escape(mode.name)}</dt><dd>{escape(mode.summary)}</dd></div>"
        for plan in plans
        for mode in modes
        if _same(mode.knowledge, plan)
    )
    return f"""<button type="button" id="ladder-open" aria-haspopup="dialog">Ladder</button>
<dialog id="ladder" aria-labelledby="ladder-title"><header><h2 id="ladder-title">The modes</h2>
<form method="dialog"><button>Close</button></form></header>
<div class="picture"><table><caption>Upwards: how much the model is changed. To the right: how much knowledge comes in
from outside, by the modules of its search.</caption>
<thead><tr><td>{_AXES}</td>{heads}</tr></thead><tbody>{rows}</tbody></table></div>
<dl>{lines}</dl></dialog>"""


_AXES = (
    '<svg viewBox="0 0 40 28" width="40" height="28" aria-hidden="true">'
    '<path d="M8 26V4M4 8l4-5 4 5M8 26H36M32 22l5 4-5 4"/></svg>'
)


def _plans(modes: Iterable[Mode]) -> list[Plan | None]:
    """How the modes search, from nothing to the longest way; plans of the same steps are one."""
    plans: list[Plan | None] = []
    for mode in modes:
        if not any(_same(mode.knowledge, plan) for plan in plans):
            plans.append(mode.knowledge)
    return sorted(plans, key=_modules)


def _same(one: Plan | None, other: Plan | None) -> bool:
    return (one and one.steps) == (other and other.steps)


def _modules(plan: Plan | None) -> int:
    return len(plan.modules) if plan else 0


def _knowledge(plan: Plan | None) -> str:
    return counted(_modules(plan), "module") if plan else "no books"


def _row(voice: bool, plans: Iterable[Plan | None], modes: Iterable[Mode]) -> str:
    cells = "".join(
        f"<td>{''.join(_mode(mode) for mode in modes if mode.voice == voice and _same(mode.knowledge, plan))}</td>"
        for plan in plans
    )
    return f'<tr><th scope="row">{"tuned voice" if voice else "plain model"}</th>{cells}</tr>'


def _mode(mode: Mode) -> str:
    """A mode on its place, with what of it the axes do not tell."""
    more = [what for what, has in (("examples", mode.examples), ("reasoning", mode.reasoning)) if has]
    with_ = f"<small>+ {' + '.join(more)}</small>" if more else ""
    name = escape(mode.name)
    return f'<button type="button" data-mode="{name}" aria-pressed="false">{name}{with_}</button>'

"""The Library tab: what he knows, and texts of the visitor's own, usable in the next turn."""

from __future__ import annotations

from typing import Any

import gradio as gr

from chatbot.library.texts import SUFFIXES
from chatbot.web.shelf import Shelf

SECONDS = 2.0  # between two looks at a library whose vectors are being filled in
HEADERS = ["Title", "Name", "Works", "Passages"]


def build_library_tab(shelf: Shelf, who: Any, persona: str, page: Any) -> None:
    """The tab's contents, inside the block that is open.

    Args:
        shelf: does what the tab asks for.
        who: the component that says which persona is meant.
        persona: the one at first.
        page: the page, whose loading renews the list; a timer does while its vectors are being filled in.
    """
    quick: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    state = gr.Markdown(shelf.state(persona), elem_id="library-state")
    table = gr.Dataframe(
        shelf.rows(persona), headers=HEADERS, interactive=False, show_label=False, elem_id="library-table"
    )
    with gr.Row():
        with gr.Column():
            files = gr.File(
                label="Add texts (txt, md, html, epub, pdf)",
                file_count="multiple",
                file_types=sorted(SUFFIXES),
                elem_id="library-files",
            )
            replace = gr.Checkbox(label="Take the place of texts of the same names", elem_id="library-replace")
            add = gr.Button("Add", variant="primary", elem_id="library-add")
        with gr.Column():
            which = gr.Dropdown(shelf.removable(persona), value=None, label="Take a text out", elem_id="library-which")
            remove = gr.Button("Take it out", variant="stop", elem_id="library-remove")
    said = gr.Markdown(elem_id="library-said")

    clock = gr.Timer(SECONDS, active=shelf.unfinished(persona))

    def looked(id_: str) -> list[Any]:
        unfinished = shelf.unfinished(id_)  # first, so that the state that is shown last is the last
        return [shelf.state(id_), gr.Timer(active=unfinished)]

    def renewed(id_: str) -> list[Any]:
        return [*looked(id_), shelf.rows(id_), gr.Dropdown(choices=shelf.removable(id_), value=None)]

    def added(id_: str, chosen: list[str] | None, over: bool, progress: gr.Progress = gr.Progress()) -> list[Any]:  # noqa: B008
        def show(done: int, total: int) -> None:
            progress((done, total), unit="passages")

        return [shelf.add(id_, chosen or [], over, show), None]

    shown = [state, clock, table, which]
    one_at_a_time: dict[str, Any] = {"concurrency_limit": 1, "api_visibility": "private"}
    add.click(added, [who, files, replace], [said, files], **one_at_a_time).then(renewed, who, shown, **quick)
    remove.click(shelf.remove, [who, which], said, **one_at_a_time).then(renewed, who, shown, **quick)
    who.change(renewed, who, shown, **quick)
    page.load(renewed, who, shown, **quick)
    clock.tick(looked, who, [state, clock], **quick)

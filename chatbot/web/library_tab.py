"""The Library tab: what a visitor's questions are looked up in, and adding or removing texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.library.texts import SUFFIXES
from chatbot.web.door import visitor_of
from chatbot.web.library_handlers import LibraryHandlers
from chatbot.web.markup import as_shown

SECONDS = 2.0  # between two updates while a library is being embedded
HEADERS = ["Title", "Name", "Works", "Passages", "Whose"]


def build_library_tab(handlers: LibraryHandlers, who: Any, persona: str, page: Any, most: int) -> None:
    """The tab's contents, inside the open block.

    Args:
        handlers: what the events do.
        who: the component in which a persona is selected.
        persona: the id of the persona selected at first.
        page: the page; loading it refreshes the list, and so does a timer while the library is being embedded.
        most: the number of files that can be added at once.
    """
    quick: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    state = gr.Markdown(as_shown(handlers.state(persona)), latex_delimiters=[], elem_id="library-state")
    table = gr.Dataframe(headers=HEADERS, interactive=False, show_label=False, elem_id="library-table")
    note = gr.Markdown(latex_delimiters=[], elem_id="library-note")
    with gr.Row():
        with gr.Column():
            files = gr.File(
                label="Add texts (txt, md, html, epub, pdf)",
                file_count="multiple",
                file_types=sorted(SUFFIXES),
                elem_id="library-files",
            )
            replace = gr.Checkbox(label="Replace texts that have the same names", elem_id="library-replace")
            add = gr.Button("Add", variant="primary", elem_id="library-add")
        with gr.Column():
            which = gr.Dropdown([], value=None, label="Remove a text", elem_id="library-which")
            remove = gr.Button("Remove", variant="stop", elem_id="library-remove")
    result = gr.Markdown(latex_delimiters=[], elem_id="library-result")

    clock = gr.Timer(SECONDS, active=handlers.filling(persona))

    def status(id_: str) -> list[Any]:
        filling = handlers.filling(id_)  # read first, so that the last state shown is the final one
        return [as_shown(handlers.state(id_)), gr.Timer(active=filling)]

    def refreshed(id_: str, request: gr.Request) -> list[Any]:
        handlers.chosen(id_)
        visitor = visitor_of(request)
        which = gr.Dropdown(choices=handlers.removable(visitor, id_), value=None)
        return [*status(id_), handlers.rows(visitor, id_), which, as_shown(handlers.note(visitor, id_))]

    def added(
        id_: str,
        chosen: list[str] | None,
        over: bool,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[Any]:
        def show(done: int, total: int) -> None:
            progress((done, total), unit="passages")

        if len(chosen or []) > most:
            said = f"At most {most} files can be added at once. Choose fewer."
        else:
            said = handlers.add(visitor_of(request), id_, chosen or [], over, show)
        for file in map(Path, chosen or []):
            file.unlink(missing_ok=True)  # the library has what it needs, and a refused file is not kept
        return [as_shown(said), None]

    def removed(id_: str, name: str | None, request: gr.Request) -> str:
        return as_shown(handlers.remove(visitor_of(request), id_, name))

    shown = [state, clock, table, which, note]
    one_at_a_time: dict[str, Any] = {"concurrency_limit": 1, "api_visibility": "private"}
    add.click(added, [who, files, replace], [result, files], **one_at_a_time).then(refreshed, who, shown, **quick)
    remove.click(removed, [who, which], result, **one_at_a_time).then(refreshed, who, shown, **quick)
    who.change(refreshed, who, shown, **quick)
    page.load(refreshed, who, shown, **quick)
    clock.tick(status, who, [state, clock], **quick)

"""The Compare tab: one question in several modes, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from chatbot.modes import MODES, TOGGLES
from chatbot.web.chat_handlers import ChatHandlers
from chatbot.web.compare_panel import comparison_html
from chatbot.web.comparing import Comparison, Table
from chatbot.web.door import visitor_of
from chatbot.web.past_events import QUICK, pressed_of
from chatbot.web.scripts import PRESS, leading
from chatbot.web.views import Seat

FOLLOWED: dict[str, Any] = {**QUICK, "concurrency_limit": None}  # lasts as long as the replies do


def build_compare_tab(
    handlers: ChatHandlers,
    who: Any,
    tab: Any,
    follow: Callable[..., Any],
    streamed: Callable[..., Iterator[list[Any]]],
    nothing: list[Any],
    seat: Any,
) -> None:
    """The tab's contents, inside the open block.

    Args:
        handlers: what the events do.
        who: the component in which a persona is selected.
        tab: the tab: what was chosen is counted when it is selected.
        follow: wires an event that changes the conversation that is shown.
        streamed: the values of the page for each view of a conversation.
        nothing: the values of a page that stays as it is.
        seat: the component of what the browser's tab shows.
    """
    table = gr.State(Table())
    with gr.Column(elem_id="compare"):
        question = gr.Textbox(
            label="A question", placeholder="Ask several modes at once ...", lines=1, max_lines=4, elem_id="compare-ask"
        )
        modes = gr.CheckboxGroup(list(MODES), value=list(TOGGLES), label="Modes", elem_id="compare-modes")
        with gr.Row(elem_id="compare-foot"):
            blind = gr.Checkbox(
                False,
                label="Blind: shuffled, and hidden until you have chosen",
                container=False,
                elem_id="compare-blind",
            )
            ask = gr.Button("Compare", variant="primary", elem_id="compare-go")
            stop = gr.Button("Stop", visible=False, elem_id="compare-stop")
        results = gr.HTML(
            comparison_html(Comparison()), js_on_load=PRESS + leading("continue"), elem_id="compare-results"
        )
        wins = gr.HTML(elem_id="compare-wins")

    def compared(
        at: Seat, board: Table, persona: str, text: str, named: list[str], hide: bool, request: gr.Request
    ) -> Iterator[list[Any]]:
        views = handlers.compared.ask(visitor_of(request), board, persona, text, named, hide)
        try:
            for view in views:
                yield [handlers.compared.html(view, at), gr.update(visible=not view.busy), gr.update(visible=view.busy)]
        finally:
            views.close()

    def stopped(board: Table) -> None:
        handlers.compared.stop(board)

    def pressed(at: Seat, board: Table, persona: str, data: gr.EventData, request: gr.Request) -> list[Any]:
        press, visitor = pressed_of(data), visitor_of(request)
        if press.get("do") != "best":
            return [gr.skip(), gr.skip()]
        view = handlers.compared.choose(visitor, board, _side_of(press))
        return [handlers.compared.html(view, at), handlers.compared.wins_html(visitor, persona)]

    def continued(at: Seat, board: Table, data: gr.EventData, request: gr.Request) -> Iterator[list[Any]]:
        press, visitor = pressed_of(data), visitor_of(request)
        if press.get("do") != "continue":
            yield nothing
            return
        here = at.view.conversation if press.get("where") == "open" else None

        def opened() -> Iterator[Any]:
            conversation, turn = handlers.compared.take(visitor, board, _side_of(press), here)
            yield from handlers.open(visitor, at, conversation, turn)

        yield from streamed(at, opened())

    def count(persona: str, request: gr.Request) -> str:
        return handlers.compared.wins_html(visitor_of(request), persona)

    given, changed = [seat, table, who, question, modes, blind], [results, ask, stop]
    gr.on([ask.click, question.submit], compared, given, changed, **FOLLOWED)
    stop.click(stopped, table, None, **QUICK)
    results.click(pressed, [seat, table, who], [results, wins], **QUICK)
    follow(results.click, continued, [seat, table])
    gr.on([tab.select, who.change], count, who, wins, **QUICK)


def _side_of(pressed: dict[str, str]) -> int:
    side = pressed.get("side", "")
    return int(side) if side.isascii() and side.isdigit() and len(side) < 4 else -1

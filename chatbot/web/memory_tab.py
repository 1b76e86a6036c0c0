"""The Memory tab: what a persona remembers of the visitor, and what he writes of himself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from chatbot.web.door import visitor_of
from chatbot.web.memory_handlers import MemoryHandlers
from chatbot.web.memory_list import Recalled
from chatbot.web.past_events import QUICK, pressed_of
from chatbot.web.scripts import PRESS, leading


def build_memory_tab(
    handlers: MemoryHandlers,
    who: Any,
    tab: Any,
    follow: Callable[..., Any],
    opened: Callable[..., Iterator[list[Any]]],
    seat: Any,
) -> None:
    """The tab's contents, inside the open block.

    Args:
        handlers: what the events do.
        who: the component in which a persona is selected.
        tab: the tab: what is in it is read when it is selected.
        follow: wires an event that changes the conversation that is shown.
        opened: such an event: shows a conversation at one of its turns.
        seat: the component of what the browser's tab shows.
    """
    state = gr.State(Recalled())
    with gr.Row(elem_id="memory-columns", equal_height=False):
        with gr.Column(scale=3, min_width=300):
            kept = gr.HTML(js_on_load=PRESS + leading("open"), elem_id="memory-list")
        with gr.Column(scale=2, min_width=280):
            profile = gr.HTML(js_on_load=PRESS, elem_id="memory-profile")

    def read(persona: str, shown: Recalled, request: gr.Request) -> list[Any]:
        visitor = visitor_of(request)
        return [handlers.html(visitor, persona, shown), handlers.profile_html(visitor, persona)]

    def press(persona: str, shown: Recalled, data: gr.EventData, request: gr.Request) -> list[Any]:
        visitor = visitor_of(request)
        shown = handlers.press(visitor, persona, shown, pressed_of(data))
        return [shown, handlers.html(visitor, persona, shown)]

    def save(persona: str, data: gr.EventData, request: gr.Request) -> str:
        return handlers.save_profile(visitor_of(request), persona, pressed_of(data))

    gr.on([tab.select, who.change], read, [who, state], [kept, profile], **QUICK)
    kept.click(press, [who, state], [state, kept], **QUICK)
    profile.click(save, who, profile, **QUICK)
    follow(kept.click, opened, [seat])

"""The list of past conversations in the page: which of its handlers answers which event."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any

import gradio as gr

from chatbot.web.chat_handlers import ChatHandlers
from chatbot.web.door import visitor_of
from chatbot.web.layout import Parts
from chatbot.web.past_list import Past
from chatbot.web.scripts import SAVE
from chatbot.web.views import Seat, View

Streamed = Callable[[Seat, Generator[View]], Iterator[list[Any]]]
QUICK: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


class PastEvents:
    """The events of the list.

    Args:
        parts: the components of the page.
        handlers: what the events do.
        seat: the component of what the tab shows.
    """

    def __init__(self, parts: Parts, handlers: ChatHandlers, seat: Any) -> None:
        self._parts, self._handlers, self._seat = parts, handlers, seat
        self.state = gr.State(Past())
        self._file = gr.JSON(visible=False)

    def renew(self, event: Any) -> Any:
        """Show the list as it is after an event."""
        return event(self._listed, [self._seat, self.state], self._parts.past, **QUICK)

    def wire(self, follow: Callable[..., Any], streamed: Streamed, nothing: list[Any]) -> None:
        """Wire the events.

        Args:
            follow: wires an event that changes the conversation that is shown.
            streamed: the values of the page for each view.
            nothing: the values of a page that stays as it is.
        """
        parts, handlers = self._parts, self._handlers

        def shown(past: Past, at: Seat, request: gr.Request) -> list[Any]:
            file = {"name": past.file.name, "text": past.file.text} if past.file else None
            return [past, self._listed(at, past, request), file]

        def pressed(at: Seat, past: Past, data: gr.EventData, request: gr.Request) -> list[Any]:
            did = handlers.past.press(visitor_of(request), past, at.view.conversation, pressed_of(data))
            return shown(did, at, request)

        def exported(at: Seat, past: Past, request: gr.Request) -> list[Any]:
            all_of_it = {"do": "export", "as": "jsonl"}
            return shown(handlers.past.press(visitor_of(request), past, None, all_of_it), at, request)

        def brought(at: Seat, past: Past, persona: str, file: str, request: gr.Request) -> list[Any]:
            return shown(handlers.past.bring(visitor_of(request), past, persona, file), at, request)

        def searched(at: Seat, past: Past, text: str, request: gr.Request) -> list[Any]:
            return shown(handlers.past.search(past, text), at, request)

        def go(at: Seat, past: Past, request: gr.Request) -> Iterator[list[Any]]:
            place = past.place
            if place is None:
                yield nothing
            elif place.conversation:
                visitor = visitor_of(request)
                yield from streamed(at, handlers.open(visitor, at, place.conversation, place.turn or None))
            else:
                yield from streamed(at, handlers.fresh(at, at.view.persona))

        both, changed = [self._seat, self.state], [self.state, parts.past, self._file]
        for event in (
            parts.past.click(pressed, both, changed, **QUICK),
            parts.export.click(exported, both, changed, **QUICK),
            parts.bring.upload(brought, [*both, parts.who, parts.bring], changed, **QUICK),
        ):
            event.then(None, self._file, js=SAVE)
            follow(event.then, go, both)
        parts.search_past.input(searched, [*both, parts.search_past], changed, **QUICK, trigger_mode="always_last")

    def _listed(self, at: Seat, past: Past, request: gr.Request) -> str:
        return self._handlers.past.html(visitor_of(request), past, at.view.conversation)


def pressed_of(data: gr.EventData) -> dict[str, str]:
    """What a button or form in HTML of our own says that it does; see `scripts.PRESS`."""
    return {name: value for name, value in (data._data or {}).items() if isinstance(value, str)}

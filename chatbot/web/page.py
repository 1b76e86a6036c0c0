"""The page: its layout, and which handler answers which event."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from typing import Any

import gradio as gr

from chatbot.visitors import Visitor
from chatbot.web.chat_handlers import ChatHandlers
from chatbot.web.cites import CITE
from chatbot.web.compare_tab import build_compare_tab
from chatbot.web.door import visitor_of
from chatbot.web.keys import keys_script
from chatbot.web.layout import TITLE, Parts, about_html, conversation_tab, messages_shown, summary_html
from chatbot.web.library_tab import build_library_tab
from chatbot.web.markup import as_shown, as_written
from chatbot.web.memory_tab import build_memory_tab
from chatbot.web.past_events import QUICK, PastEvents, pressed_of
from chatbot.web.scripts import RECALL, REMEMBER, RETURN, SEND, TIDY
from chatbot.web.turn_bar import turn_bar_html
from chatbot.web.views import Seat, View, Wanted

UPLOADS = (600, 3600)  # seconds between two looks for old uploads, and after which one is old
# An event that follows a reply lasts, and a visitor may go elsewhere meanwhile, so that several of them run at once.
FOLLOWING: dict[str, Any] = {**QUICK, "trigger_mode": "multiple", "concurrency_limit": None}


def build_page(
    handlers: ChatHandlers, personas: dict[str, str], persona: str, signing: bool = False, most_files: int = 10
) -> Any:
    """The page as Gradio blocks.

    Args:
        handlers: what the events do.
        personas: the names of the personas by id.
        persona: the id of the persona selected at first.
        signing: whether visitors sign in with a password, and so can sign out.
        most_files: the number of texts that can be added at once.
    """
    with gr.Blocks(title=TITLE, fill_width=True, analytics_enabled=False, delete_cache=UPLOADS) as page:
        seat = gr.State(Seat(handlers.greeting(persona)))
        parts = conversation_tab(handlers, personas, persona, signing)
        side_by_side = gr.Tab("Compare", elem_id="tab-compare")
        recall = gr.Tab("Memory", elem_id="tab-memory")
        with gr.Tab("Library", elem_id="tab-library"):
            build_library_tab(handlers.library, parts.who, persona, page, most_files)
        page.load(None, js=TIDY)
        page.load(None, js=keys_script())
        page.load(None, js=CITE)
        page.load(None, js=RETURN)
        _wire(page, parts, handlers, seat, PastEvents(parts, handlers, seat), side_by_side, recall)
    return page


# ---------------------------------------------------------------------- events


def _wire(
    page: Any,
    parts: Parts,
    handlers: ChatHandlers,
    seat: Any,
    past: PastEvents,
    side_by_side: Any,
    recall: Any,
) -> None:
    shown = [
        parts.chat, parts.about, parts.evidence, parts.search, parts.timings, parts.message, parts.notice, parts.ideas,
        parts.here, parts.mode, parts.who, parts.bar,
    ]  # fmt: skip

    settled = (parts.chat, parts.timings, parts.message)  # are sent once more when a reply has ended

    def streamed(at: Seat, views: Generator[View]) -> Iterator[list[Any]]:
        """The page's values for each view; what did not change is not sent, so that what was opened stays open."""
        before: list[Any] = []
        last: View | None = None
        try:
            try:
                for last in views:
                    values = _values(last)
                    yield [
                        gr.skip() if before and new == old and (last.busy or part not in settled) else new
                        for part, new, old in zip(shown, values, before or values, strict=True)
                    ]
                    before = values
            finally:
                views.close()
        except Exception as error:  # whatever happens, the visitor gets a line and can go on
            last = handlers.failed(at, error)
            yield _values(last)
        # Gradio shows the last values of an event again at its end, when another conversation may be shown. Otherwise
        # they may as well be: of two updates in quick succession the browser can lose the first.
        if at.view is not last:
            yield [gr.skip()] * len(shown)

    def seated(
        at: Seat, request: gr.Request, shows: str, event: Callable[[Visitor], Generator[View]]
    ) -> Generator[View]:
        visitor = visitor_of(request)
        handlers.find(visitor, at, shows)
        yield from event(visitor)

    def send(
        at: Seat, shows: str, mode: str, length: str, temperature: str, seed: str, text: str, request: gr.Request
    ) -> Iterator[list[Any]]:
        wanted = Wanted(length, temperature, seed)
        yield from streamed(
            at, seated(at, request, shows, lambda visitor: handlers.send(visitor, at, mode, text, wanted))
        )

    def press(
        at: Seat,
        shows: str,
        mode: str,
        length: Any,
        temperature: Any,
        seed: Any,
        data: gr.EventData,
        request: gr.Request,
    ) -> Iterator[list[Any]]:
        pressed, wanted = pressed_of(data), Wanted(length, temperature, seed)
        yield from streamed(
            at, seated(at, request, shows, lambda visitor: handlers.press(visitor, at, mode, pressed, wanted))
        )

    def edit(
        at: Seat,
        shows: str,
        mode: str,
        length: Any,
        temperature: Any,
        seed: Any,
        data: gr.EditData,
        request: gr.Request,
    ) -> Iterator[list[Any]]:
        index, text, wanted = _index(data.index), as_written(str(data.value)), Wanted(length, temperature, seed)
        yield from streamed(
            at, seated(at, request, shows, lambda visitor: handlers.edit(visitor, at, mode, index, text, wanted))
        )

    def look(at: Seat, shows: str, data: gr.SelectData, request: gr.Request) -> Iterator[list[Any]]:
        index = _index(data.index)
        yield from streamed(at, seated(at, request, shows, lambda visitor: handlers.look(visitor, at, index)))

    def stop(at: Seat, shows: str, request: gr.Request) -> Iterator[list[Any]]:
        yield from streamed(at, seated(at, request, shows, lambda visitor: handlers.stop(visitor, at)))

    def refresh(at: Seat, shows: str, request: gr.Request) -> Iterator[list[Any]]:
        yield from streamed(at, seated(at, request, shows, lambda visitor: handlers.refresh(visitor, at)))

    def told(at: Seat, data: gr.EventData, request: gr.Request) -> Iterator[list[Any]]:
        pressed, visitor = pressed_of(data), visitor_of(request)
        if pressed.get("do") != "open":
            yield [gr.skip()] * len(shown)
            return
        yield from streamed(at, handlers.lead_to(visitor, at, pressed.get("id", ""), pressed.get("turn", "")))

    def fresh(at: Seat, persona: str) -> Iterator[list[Any]]:
        yield from streamed(at, handlers.fresh(at, persona))

    def load(at: Seat, conversation: str, request: gr.Request) -> Iterator[list[Any]]:
        if conversation:
            yield from streamed(at, handlers.open(visitor_of(request), at, conversation))
        else:  # the page begins with the greeting, and a visitor who is quick may have asked already
            yield [gr.skip()] * len(shown)

    def open_dialog(at: Seat, shows: str, data: gr.EventData, request: gr.Request) -> Any:
        wanted, visitor = pressed_of(data).get("do"), visitor_of(request)
        if wanted not in ("map", "inspect"):
            return gr.skip()
        handlers.find(visitor, at, shows)
        html = handlers.map_html(visitor, at) if wanted == "map" else handlers.inspector.html(visitor, at.view)
        # What is the same as before would not be shown again.
        return f'<div data-drawn="{time.time_ns()}">{html}</div>'

    def give_back(at: Seat, text: str) -> Any:
        """A message that could not be sent, before what was typed in the meantime."""
        draft = at.take_draft()
        return "\n".join(filter(None, (draft, text))) if draft else gr.skip()

    def suggest(persona: str) -> list[Any]:
        texts = handlers.persona(persona).suggestions
        return [
            gr.Button(texts[at], visible=True) if at < len(texts) else gr.Button(visible=False)
            for at in range(len(parts.suggestions))
        ]

    def follow(event: Any, handler: Any, inputs: list[Any], **options: Any) -> Any:
        """Wire an event that may last as long as a reply; the list of conversations is renewed after it."""
        followed = event(handler, inputs, shown, **{**FOLLOWING, **options})
        return past.renew(followed.then).then(give_back, [seat, parts.message], parts.message, **QUICK)

    message, tab = parts.message, [seat, parts.here]
    how = [*tab, parts.mode, *parts.wanted]
    sent = follow(
        message.submit(None, message, [message, parts.sent], js=SEND, **QUICK).then,
        send,
        [*how, parts.sent],
    )
    follow(sent.then, refresh, tab)
    follow(parts.refresh.click, refresh, tab)
    for button in parts.suggestions:
        follow(button.click, send, [*how, button])
    follow(parts.bar.click, press, how)
    follow(parts.map.click, press, how)
    parts.bar.click(open_dialog, tab, parts.map, **QUICK)
    follow(parts.chat.edit, edit, how)
    follow(message.stop, stop, tab)
    nothing = [gr.skip()] * len(shown)
    with side_by_side:
        build_compare_tab(handlers, parts.who, side_by_side, follow, streamed, nothing, seat)
    with recall:
        build_memory_tab(handlers.recalled, parts.who, recall, follow, told, seat)
    past.wire(follow, streamed, nothing)
    follow(parts.new.click, fresh, [seat, parts.who])
    follow(parts.who.input, fresh, [seat, parts.who])
    parts.chat.select(look, tab, shown, **QUICK)
    past.renew(parts.here.change)
    parts.here.change(None, parts.here, js=REMEMBER)
    parts.mode.change(summary_html, parts.mode, parts.summary, **QUICK)
    gr.on([page.load, parts.who.change], suggest, parts.who, list(parts.suggestions), **QUICK)
    follow(page.load, load, tab, js=RECALL)


def _values(view: View) -> list[Any]:
    return [
        messages_shown(view),
        about_html(view),
        view.evidence,
        view.search,
        view.timings,
        gr.update(submit_btn=not view.busy, stop_btn=view.busy),
        gr.update(value=as_shown(view.notice), visible=bool(view.notice)),
        gr.update(visible=not view.turns),
        view.conversation or "",
        view.mode or gr.skip(),
        view.persona,
        turn_bar_html(view),
    ]


def _index(index: int | tuple[int, int] | list[int]) -> int:
    return index if isinstance(index, int) else index[0]

"""The page: its layout, and the handler of every event."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.errors import BakerStreetError
from chatbot.modes import MODES, TOGGLES
from chatbot.web.chat_handlers import ChatHandlers, Message, View, turn_of_message
from chatbot.web.door import visitor_of
from chatbot.web.library_tab import build_library_tab
from chatbot.web.markup import as_shown, as_written
from chatbot.web.theme import PORTRAIT

TITLE = "Baker Street"
UPLOADS = (600, 3600)  # seconds between two looks for old uploads, and after which one is old
CHOICES = [*TOGGLES, *(name for name in MODES if name not in TOGGLES)]  # style.css treats the first three apart
# On a phone only the first three modes are shown until this button is pressed; style.css does the rest.
MORE = """() => {
    const open = document.querySelector("#modes").classList.toggle("open");
    const button = document.querySelector("#mode-more");
    button.setAttribute("aria-expanded", open);
    button.innerText = open ? "fewer" : "more";
}"""


def build_page(
    handlers: ChatHandlers,
    personas: dict[str, str],
    persona: str,
    mode: str,
    suggestions: list[str],
    signing: bool = False,
    most_files: int = 10,
) -> Any:
    """The page as Gradio blocks.

    Args:
        handlers: what the events do.
        personas: the names of the personas by id.
        persona: the id of the persona selected at first.
        mode: the mode selected at first.
        suggestions: questions a visitor can begin with.
        signing: whether visitors sign in with a password, and so can sign out.
        most_files: the number of texts that can be added at once.
    """
    with gr.Blocks(title=TITLE, fill_width=True, analytics_enabled=False, delete_cache=UPLOADS) as page:
        view = gr.State(handlers.fresh(persona))
        gr.HTML(
            f"<h1>{TITLE}</h1><p>Characters who know their books. Beside an answer are the passages behind it.</p>",
            elem_id="title",
        )
        if signing:
            gr.HTML('<form method="post" action="sign-out"><button>Sign out</button></form>', elem_id="sign-out")
        notice = gr.Markdown(visible=False, latex_delimiters=[], elem_id="notice")
        with gr.Tab("Conversation", elem_id="tab-conversation"), gr.Row(elem_id="columns", equal_height=False):
            with gr.Column(scale=0, min_width=230, elem_id="left"):
                new = gr.Button("New conversation", variant="primary", elem_id="new")
                who = gr.Dropdown(
                    [(name, id_) for id_, name in personas.items()],
                    value=persona,
                    label="Persona",
                    elem_id="persona",
                )
                past = gr.Radio([], label="Past conversations", elem_id="past")
            with gr.Column(scale=3, min_width=320, elem_id="middle"):
                chat = gr.Chatbot(
                    value=_shown(handlers.fresh(persona)),
                    elem_id="chat",
                    show_label=False,
                    height="46vh",
                    editable="user",
                    buttons=["copy"],
                    avatar_images=(None, _portrait()),
                    feedback_options=None,
                    layout="bubble",
                    allow_tags=False,
                    latex_delimiters=[],
                )
                timings = gr.HTML(elem_id="timings")
                with gr.Row(elem_id="suggestions", visible=True) as ideas:
                    buttons = [gr.Button(text, size="sm") for text in suggestions]
                message = gr.Textbox(
                    show_label=False,
                    placeholder="Ask, and leave out nothing material ...",
                    elem_id="message",
                    submit_btn=True,
                    stop_btn=False,
                    autofocus=True,
                    lines=1,
                    max_lines=6,
                )
                with gr.Column(elem_id="modes"):
                    chosen = gr.Radio(CHOICES, value=mode, show_label=False, container=False, elem_id="mode")
                    with gr.Row(elem_id="mode-foot"):
                        summary = gr.HTML(_summary(mode), elem_id="mode-summary")
                        more = gr.Button("more", size="sm", elem_id="mode-more")
            with gr.Column(scale=2, min_width=290, elem_id="right"):
                gr.Markdown("### What the answer rests on", elem_id="evidence-title")
                evidence = gr.HTML(handlers.fresh(persona).evidence, elem_id="evidence")
                search = gr.HTML(elem_id="search")
        with gr.Tab("Library", elem_id="tab-library"):
            build_library_tab(handlers.library, who, persona, page, most_files)

        shown = [view, chat, evidence, search, timings, message, notice, ideas]
        under_way: dict[str, Any] = {"show_progress": "hidden", "concurrency_limit": 8, "api_visibility": "private"}
        quick: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

        def listed(now: View, request: gr.Request) -> Any:
            return gr.Radio(choices=handlers.conversations(visitor_of(request)), value=now.conversation)

        def busy() -> Any:
            return gr.Textbox(submit_btn=False, stop_btn=True)

        def idle() -> Any:
            return gr.Textbox(submit_btn=True, stop_btn=False)

        def send(now: View, how: str, text: str, request: gr.Request) -> Iterator[list[Any]]:
            yield from _streamed(handlers.send(visitor_of(request), now, how, text))

        def retry(now: View, how: str, data: gr.RetryData, request: gr.Request) -> Iterator[list[Any]]:
            turn = turn_of_message(now, _index(data.index))
            yield from _streamed(handlers.retry(visitor_of(request), now, how, turn))

        def edit(now: View, how: str, data: gr.EditData, request: gr.Request) -> Iterator[list[Any]]:
            turn = turn_of_message(now, _index(data.index))
            yield from _streamed(handlers.edit(visitor_of(request), now, how, turn, as_written(str(data.value))))

        def look(now: View, data: gr.SelectData, request: gr.Request) -> list[Any]:
            return _values(handlers.look(visitor_of(request), now, turn_of_message(now, _index(data.index))))

        def fresh(who_: str) -> list[Any]:
            return _values(handlers.fresh(who_))

        def open_past(which: str | None, now: View, request: gr.Request) -> list[Any]:
            if not which or which == now.conversation:
                return _values(now)
            try:
                return _values(handlers.open(visitor_of(request), which))
            except BakerStreetError as error:
                return _values(replace(now, notice=str(error)))

        def stopped(now: View, request: gr.Request) -> list[Any]:
            return _values(handlers.stopped(visitor_of(request), now))

        after = (listed, view, past)
        running = []

        def answering(event: Any, handler: Any, inputs: list[Any]) -> None:
            """Wire an event that streams an answer: the input's button stops it, the list is refreshed after it."""
            event(busy, None, message, **quick)
            run = event(handler, inputs, shown, **under_way)
            run.then(idle, None, message, **quick).then(*after, **quick)
            running.append(run)

        answering(message.submit, send, [view, chosen, message])
        for button in buttons:
            answering(button.click, send, [view, chosen, button])
        answering(chat.retry, retry, [view, chosen])
        answering(chat.edit, edit, [view, chosen])
        message.stop(idle, None, message, cancels=running, **quick).then(stopped, view, shown, **quick).then(
            *after, **quick
        )
        chat.select(look, view, shown, **quick)
        new.click(fresh, who, shown, **quick).then(*after, **quick)
        who.change(fresh, who, shown, **quick).then(*after, **quick)
        chosen.change(_summary, chosen, summary, **quick)
        more.click(None, js=MORE)
        past.input(open_past, [past, view], shown, **quick)
        page.load(*after, **quick)
    return page


def _streamed(views: Generator[View]) -> Iterator[list[Any]]:
    """The page's values for each view; closing this iterator closes `views`, so that Stop reaches the engine."""
    before: list[Any] = []
    try:
        for view in views:
            values = _values(view)
            # What did not change is not sent: an opened passage stays open while more is written.
            yield [
                gr.skip() if before and new == old else new for new, old in zip(values, before or values, strict=True)
            ]
            before = values
    finally:
        views.close()


def _values(view: View) -> list[Any]:
    talked = len(view.messages) > 1
    return [
        view,
        _shown(view),
        view.evidence,
        view.search,
        view.timings,
        gr.update(value=view.draft),
        gr.update(value=as_shown(view.notice), visible=bool(view.notice)),
        gr.update(visible=not talked),
    ]


def _shown(view: View) -> list[Message]:
    """The messages with no markup alive in them but emphasis and lists."""
    return [{**message, "content": as_shown(message["content"])} for message in view.messages]


def _index(index: int | tuple[int, int] | list[int]) -> int:
    return index if isinstance(index, int) else index[0]


def _summary(mode: str) -> str:
    return f"<b>{escape(mode)}</b> {escape(MODES[mode].summary)}"


def _portrait() -> str:
    file = Path(tempfile.mkdtemp(prefix="bakerstreet-")) / "portrait.svg"
    file.write_text(PORTRAIT, encoding="utf-8")
    return str(file)

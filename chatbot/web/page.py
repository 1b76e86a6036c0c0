"""The page: its layout, and which handler answers which event."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.modes import MODES, TOGGLES
from chatbot.visitors import Visitor
from chatbot.web.chat_handlers import ChatHandlers
from chatbot.web.door import visitor_of
from chatbot.web.library_tab import build_library_tab
from chatbot.web.markup import as_shown, as_written
from chatbot.web.scripts import RECALL, REMEMBER, SEND, TIDY, toggle
from chatbot.web.theme import PORTRAIT
from chatbot.web.views import Message, Seat, View

TITLE = "Baker Street"
UPLOADS = (600, 3600)  # seconds between two looks for old uploads, and after which one is old
CHOICES = [*TOGGLES, *(name for name in MODES if name not in TOGGLES)]  # style.css treats the first three apart
QUICK: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
# An event that follows a reply lasts, and a visitor may go elsewhere meanwhile, so that several of them run at once.
FOLLOWING: dict[str, Any] = {**QUICK, "trigger_mode": "multiple", "concurrency_limit": None}
Handler = Callable[..., Generator[View]]


@dataclass(frozen=True)
class Parts:
    """The components of the Conversation tab that events change."""

    new: Any
    who: Any
    past: Any
    chat: Any
    timings: Any
    ideas: Any
    suggestions: tuple[Any, ...]
    message: Any
    sent: Any
    here: Any
    mode: Any
    summary: Any
    about: Any
    evidence: Any
    search: Any
    notice: Any


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
        parts = _layout(handlers, personas, persona, signing)
        with gr.Tab("Library", elem_id="tab-library"):
            build_library_tab(handlers.library, parts.who, persona, page, most_files)
        page.load(None, js=TIDY)
        _wire(page, parts, handlers, seat)
    return page


# ---------------------------------------------------------------------- layout


def _layout(handlers: ChatHandlers, personas: dict[str, str], persona: str, signing: bool) -> Parts:
    first = handlers.greeting(persona)
    mode = handlers.persona(persona).default_mode
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
                [(name, id_) for id_, name in personas.items()], value=persona, label="Persona", elem_id="persona"
            )
            unfold = gr.Button("Past conversations", size="sm", elem_id="past-more")
            past = gr.Radio([], label="Past conversations", elem_id="past")
        with gr.Column(scale=3, min_width=320, elem_id="middle"):
            chat = gr.Chatbot(
                value=_shown(first),
                elem_id="chat",
                label="Conversation",
                show_label=False,
                height=None,
                editable="user",
                buttons=["copy"],
                avatar_images=(None, _portrait()),
                feedback_options=None,
                layout="bubble",
                allow_tags=False,
                latex_delimiters=[],
            )
            timings = gr.HTML(elem_id="timings")
            with gr.Row(elem_id="suggestions") as ideas:
                most = max(len(handlers.persona(id_).suggestions) for id_ in personas)
                suggestions = tuple(gr.Button(size="sm") for _ in range(most))
            message = gr.Textbox(
                label="Your message",
                show_label=False,
                placeholder="Write a message ...",
                elem_id="message",
                submit_btn=True,
                stop_btn=False,
                autofocus=True,
                lines=1,
                max_lines=6,
            )
            sent = gr.Textbox(visible=False, elem_id="sent")
            here = gr.Textbox(visible=False)
            with gr.Column(elem_id="modes"):
                chosen = gr.Radio(CHOICES, value=mode, label="Mode", show_label=False, container=False, elem_id="mode")
                with gr.Row(elem_id="mode-foot"):
                    summary = gr.HTML(_summary(mode), elem_id="mode-summary")
                    more = gr.Button("more", size="sm", elem_id="mode-more")
        with gr.Column(scale=2, min_width=290, elem_id="right"):
            about = gr.HTML(_about(first), elem_id="evidence-title")
            evidence = gr.HTML(first.evidence, elem_id="evidence")
            search = gr.HTML(elem_id="search")
    more.click(None, js=toggle("#modes", "#mode-more", "fewer", "more"))
    unfold.click(None, js=toggle("#left", "#past-more", "Close", "Past conversations"))
    return Parts(
        new, who, past, chat, timings, ideas, suggestions, message, sent, here, chosen, summary, about, evidence,
        search, notice,
    )  # fmt: skip


# ---------------------------------------------------------------------- events


def _wire(page: Any, parts: Parts, handlers: ChatHandlers, seat: Any) -> None:
    shown = [
        parts.chat, parts.about, parts.evidence, parts.search, parts.timings, parts.message, parts.notice, parts.ideas,
        parts.here, parts.mode, parts.who,
    ]  # fmt: skip

    settled = (parts.chat, parts.timings, parts.message)  # are sent once more when a reply has ended

    def listed(at: Seat, request: gr.Request) -> Any:
        return gr.Radio(choices=handlers.conversations(visitor_of(request)), value=at.view.conversation)

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

    def send(at: Seat, shows: str, mode: str, text: str, request: gr.Request) -> Iterator[list[Any]]:
        yield from streamed(at, seated(at, request, shows, lambda visitor: handlers.send(visitor, at, mode, text)))

    def retry(at: Seat, shows: str, mode: str, data: gr.RetryData, request: gr.Request) -> Iterator[list[Any]]:
        index = _index(data.index)
        yield from streamed(at, seated(at, request, shows, lambda visitor: handlers.retry(visitor, at, mode, index)))

    def edit(at: Seat, shows: str, mode: str, data: gr.EditData, request: gr.Request) -> Iterator[list[Any]]:
        index, text = _index(data.index), as_written(str(data.value))
        yield from streamed(
            at, seated(at, request, shows, lambda visitor: handlers.edit(visitor, at, mode, index, text))
        )

    def look(at: Seat, shows: str, data: gr.SelectData, request: gr.Request) -> Iterator[list[Any]]:
        index = _index(data.index)
        yield from streamed(at, seated(at, request, shows, lambda visitor: handlers.look(visitor, at, index)))

    def stop(at: Seat, shows: str, request: gr.Request) -> Iterator[list[Any]]:
        yield from streamed(at, seated(at, request, shows, lambda visitor: handlers.stop(visitor, at)))

    def fresh(at: Seat, persona: str) -> Iterator[list[Any]]:
        yield from streamed(at, handlers.fresh(at, persona))

    def open_(at: Seat, conversation: str, request: gr.Request) -> Iterator[list[Any]]:
        yield from streamed(at, handlers.open(visitor_of(request), at, conversation))

    def load(at: Seat, conversation: str, request: gr.Request) -> Iterator[list[Any]]:
        visitor = visitor_of(request)
        views = handlers.open(visitor, at, conversation) if conversation else handlers.fresh(at, at.view.persona)
        yield from streamed(at, views)

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

    def follow(event: Any, handler: Any, inputs: list[Any], **options: Any) -> None:
        """Wire an event that may last as long as a reply; the list of conversations is renewed after it."""
        event(handler, inputs, shown, **{**FOLLOWING, **options}).then(listed, seat, parts.past, **QUICK).then(
            give_back, [seat, parts.message], parts.message, **QUICK
        )

    message, tab = parts.message, [seat, parts.here]
    follow(
        message.submit(None, message, [message, parts.sent], js=SEND, **QUICK).then,
        send,
        [*tab, parts.mode, parts.sent],
    )
    for button in parts.suggestions:
        follow(button.click, send, [*tab, parts.mode, button])
    follow(parts.chat.retry, retry, [*tab, parts.mode])
    follow(parts.chat.edit, edit, [*tab, parts.mode])
    follow(message.stop, stop, tab)
    follow(parts.past.input, open_, [seat, parts.past])
    follow(parts.new.click, fresh, [seat, parts.who])
    follow(parts.who.input, fresh, [seat, parts.who])
    parts.chat.select(look, tab, shown, **QUICK)
    parts.here.change(listed, seat, parts.past, **QUICK)
    parts.here.change(None, parts.here, js=REMEMBER)
    parts.mode.change(_summary, parts.mode, parts.summary, **QUICK)
    gr.on([page.load, parts.who.change], suggest, parts.who, list(parts.suggestions), **QUICK)
    follow(page.load, load, tab, js=RECALL)


def _values(view: View) -> list[Any]:
    return [
        _shown(view),
        _about(view),
        view.evidence,
        view.search,
        view.timings,
        gr.update(submit_btn=not view.busy, stop_btn=view.busy),
        gr.update(value=as_shown(view.notice), visible=bool(view.notice)),
        gr.update(visible=not view.turns),
        view.conversation or "",
        view.mode or gr.skip(),
        view.persona,
    ]


def _shown(view: View) -> list[Message]:
    """The messages with no markup alive in them but emphasis and lists."""
    return [{**message, "content": as_shown(message["content"])} for message in view.messages]


def _about(view: View) -> str:
    """The heading over the evidence; it says which answer the evidence is of."""
    question = f"<p>{escape(view.about)}</p>" if view.about else ""
    return f"<h2>What the answer rests on</h2>{question}"


def _index(index: int | tuple[int, int] | list[int]) -> int:
    return index if isinstance(index, int) else index[0]


def _summary(mode: str) -> str:
    return f"<b>{escape(mode)}</b> {escape(MODES[mode].summary)}"


def _portrait() -> str:
    file = Path(tempfile.mkdtemp(prefix="bakerstreet-")) / "portrait.svg"
    file.write_text(PORTRAIT, encoding="utf-8")
    return str(file)

"""The layout of the Conversation tab: its components, and what they show of a view."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.modes import MODES, TOGGLES
from chatbot.web.branch_map import SHOW
from chatbot.web.chat_handlers import ChatHandlers
from chatbot.web.cites import marked
from chatbot.web.keys import help_html
from chatbot.web.ladder import LADDER, ladder_html
from chatbot.web.markup import as_shown
from chatbot.web.scripts import HELP, PRESS, drawn, toggle
from chatbot.web.theme import PORTRAIT
from chatbot.web.turn_bar import turn_bar_html
from chatbot.web.views import Message, View

TITLE = "Baker Street"
CHOICES = [*TOGGLES, *(name for name in MODES if name not in TOGGLES)]  # style.css treats the first three apart
AS_IT_IS = "as the persona has it"
MOST_DIGITS = 12
MOST_SEARCHED = 200  # characters of a search


@dataclass(frozen=True)
class Parts:
    """The components of the Conversation tab that events change."""

    new: Any
    who: Any
    past: Any
    search_past: Any
    bring: Any
    export: Any
    chat: Any
    bar: Any
    map: Any
    timings: Any
    ideas: Any
    suggestions: tuple[Any, ...]
    message: Any
    sent: Any
    here: Any
    refresh: Any
    mode: Any
    summary: Any
    wanted: tuple[Any, ...]
    about: Any
    evidence: Any
    search: Any
    notice: Any


def conversation_tab(handlers: ChatHandlers, personas: dict[str, str], persona: str, signing: bool) -> Parts:
    """The tab with everything that stands above it, inside the open page."""
    first = handlers.greeting(persona)
    mode = handlers.persona(persona).default_mode
    gr.HTML(
        f"<h1>{TITLE}</h1><p>Characters who know their books. Beside an answer are the passages behind it.</p>",
        elem_id="title",
    )
    if signing:
        gr.HTML('<form method="post" action="sign-out"><button>Sign out</button></form>', elem_id="sign-out")
    gr.HTML(help_html(), js_on_load=HELP, elem_id="keys")
    notice = gr.Markdown(visible=False, latex_delimiters=[], elem_id="notice")
    with gr.Tab("Conversation", elem_id="tab-conversation"), gr.Row(elem_id="columns", equal_height=False):
        with gr.Column(scale=0, min_width=230, elem_id="left"):
            new = gr.Button("New conversation", variant="primary", elem_id="new")
            who = gr.Dropdown(
                [(name, id_) for id_, name in personas.items()], value=persona, label="Persona", elem_id="persona"
            )
            unfold = gr.Button("Past conversations", size="sm", elem_id="past-more")
            beside = gr.Button("Evidence", size="sm", elem_id="evidence-more")
            with gr.Column(elem_id="past-box"):
                fold = gr.Button("Close", size="sm", elem_id="past-close")
                search_past = gr.Textbox(
                    label="Search your conversations",
                    show_label=False,
                    placeholder="Search your conversations",
                    max_length=MOST_SEARCHED,
                    elem_id="past-search",
                )
                past = gr.HTML(js_on_load=PRESS, elem_id="past")
                with gr.Row(elem_id="past-foot"):
                    bring = gr.UploadButton("Import", size="sm", file_types=[".jsonl"], elem_id="past-import")
                    export = gr.Button("Export all", size="sm", elem_id="past-export")
        with gr.Column(scale=3, min_width=320, elem_id="middle"):
            chat = gr.Chatbot(
                value=messages_shown(first),
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
            bar = gr.HTML(turn_bar_html(first), js_on_load=PRESS, elem_id="turn")
            branches = gr.HTML(js_on_load=PRESS + SHOW, elem_id="branches")
            timings = gr.HTML(elem_id="timings")
            with gr.Row(elem_id="suggestions") as ideas:
                most = max(len(handlers.persona(id_).suggestions) for id_ in personas)
                first_ones = handlers.persona(persona).suggestions
                suggestions = tuple(
                    gr.Button(first_ones[at] if at < len(first_ones) else "", visible=at < len(first_ones), size="sm")
                    for at in range(most)
                )
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
            refresh = gr.Button("Show what was added", visible="hidden", elem_id="refresh")
            with gr.Column(elem_id="modes"):
                chosen = gr.Radio(CHOICES, value=mode, label="Mode", show_label=False, container=False, elem_id="mode")
                with gr.Row(elem_id="mode-foot"):
                    summary = gr.HTML(summary_html(mode), elem_id="mode-summary")
                    gr.HTML(ladder_html(), js_on_load=LADDER, elem_id="mode-ladder")
                    more = gr.Button("more", size="sm", elem_id="mode-more")
                    settings = gr.Button("Settings", size="sm", elem_id="wanted-more")
                wanted = _wanted()
        with gr.Column(scale=2, min_width=290, elem_id="right"):
            away = gr.Button("Close", size="sm", elem_id="evidence-close")
            about = gr.HTML(about_html(first), elem_id="evidence-title")
            evidence = gr.HTML(first.evidence, elem_id="evidence")
            search = gr.HTML(elem_id="search")
    settings.click(None, js=toggle("#wanted", "#wanted-more", "Close settings", "Settings"))
    more.click(None, js=toggle("#modes", "#mode-more", "fewer", "more"))
    for opener, closer, drawer in ((unfold, fold, "#left"), (beside, away, "#right")):
        opener.click(None, js=drawn(drawer, opener.elem_id, closer.elem_id, True))
        closer.click(None, js=drawn(drawer, opener.elem_id, closer.elem_id, False))
    return Parts(
        new, who, past, search_past, bring, export, chat, bar, branches, timings, ideas, suggestions, message, sent,
        here, refresh, chosen, summary, wanted, about, evidence, search, notice,
    )  # fmt: skip


def messages_shown(view: View) -> list[Message]:
    """The messages with no markup alive in them but emphasis and lists, and the numbers of their citations."""
    greetings = len(view.messages) % 2
    cited = {greetings + 2 * at + 1: citations for at, citations in enumerate(view.citations)}
    return [
        {**message, "content": as_shown(marked(message["content"], cited.get(at, ())))}
        for at, message in enumerate(view.messages)
    ]


def about_html(view: View) -> str:
    """The heading over the evidence; it says which answer the evidence is of."""
    number = f"<b>Answer {view.number} of {len(view.turns)}</b> " if view.number else ""
    question = f"<p>{number}{escape(view.about)}</p>" if view.about else ""
    return f"<h2>What the answer rests on</h2>{question}"


def summary_html(mode: str) -> str:
    """One line about a mode."""
    return f"<b>{escape(mode)}</b> {escape(MODES[mode].summary)}"


def _wanted() -> tuple[Any, ...]:
    """The inputs for length, temperature and seed, which are shown when they are asked for; empty: as it is anyway."""
    inputs = (
        ("Length", "The most tokens"),
        ("Temperature", "0 to 2; higher is freer"),
        ("Seed", "A whole number"),
    )
    with gr.Row(elem_id="wanted"):  # a number's input of Gradio sends 0 where it is empty
        return tuple(
            gr.Textbox(label=label, info=info, placeholder=AS_IT_IS, max_lines=1, max_length=MOST_DIGITS, min_width=120)
            for label, info in inputs
        )


def _portrait() -> str:
    file = Path(tempfile.mkdtemp(prefix="bakerstreet-")) / "portrait.svg"
    file.write_text(PORTRAIT, encoding="utf-8")
    return str(file)

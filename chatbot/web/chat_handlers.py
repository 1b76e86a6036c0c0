"""The events of the Conversation tab, without Gradio: from plain values to a `View` of the conversation."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator
from dataclasses import dataclass, field, replace

from chatbot.bot import Answered, Asked, Bot, Question, Revised, Said, Searched
from chatbot.errors import BakerStreetError, PersonaError
from chatbot.language import ENGLISH, Language, language_of
from chatbot.resources import Resources
from chatbot.trace import from_stored
from chatbot.visitors import Visitor
from chatbot.web.library_handlers import LibraryHandlers
from chatbot.web.panels import (
    empty_evidence_html,
    evidence_html,
    search_html,
    timings_html,
    waiting_html,
)
from memory import OwnMemory, StoredTurn

logger = logging.getLogger(__name__)

Message = dict[str, str]
WRITING = "…"
STOP_SECONDS = 10  # the longest Stop waits for the engine, which stops at the next token


@dataclass(frozen=True)
class View:
    """Everything the page shows of a conversation.

    Attributes:
        persona: the id of the persona.
        conversation: its id, None before the first message.
        messages: the greeting, then a user's and a reply's message for every turn on the path.
        evidence: the panel of the passages used, as HTML.
        search: the panel of the search's steps, as HTML; apart from the evidence, so that updating one leaves the other
            open.
        timings: the line of timings, as HTML.
        draft: the content of the input: empty, or a message that could not be sent.
        notice: an error or a hint for the user.
    """

    persona: str
    conversation: str | None = None
    messages: tuple[Message, ...] = ()
    evidence: str = field(default_factory=empty_evidence_html)
    search: str = ""
    timings: str = ""
    draft: str = ""
    notice: str = ""


class ChatHandlers:
    """Handles the page's events with the bot and the memory."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._bot = Bot(resources)
        self.library = LibraryHandlers(resources)
        self._under_way: dict[str, threading.Event] = {}  # set when the answer of a conversation has been stored

    def fresh(self, persona: str) -> View:
        """A new conversation, which holds only the greeting; it is stored with the first message."""
        return View(persona, messages=(_message("assistant", self._resources.persona(persona).persona.greeting),))

    def conversations(self, visitor: Visitor) -> list[tuple[str, str]]:
        """Past conversations as (title, id), the latest first."""
        return [(item.title, item.id) for item in self._memory(visitor).conversations()]

    def open(self, visitor: Visitor, conversation: str) -> View:
        """A past conversation as it was left.

        Raises:
            MemoryStoreError: it does not exist, or belongs to another visitor.
        """
        summary = self._memory(visitor).conversation(conversation)
        path = self._memory(visitor).path(summary.id)
        messages = [_message("assistant", summary.greeting)] if summary.greeting else []
        for turn in path:
            messages += [_message("user", turn.question), _message("assistant", _reply_of(turn))]
        view = View(summary.persona, summary.id, tuple(messages))
        return self.look(visitor, view, len(path) - 1) if path else view

    def stopped(self, visitor: Visitor, view: View) -> View:
        """The view after Stop: the reply so far, as it was stored."""
        if view.conversation is None:
            return view
        under_way = self._under_way.get(view.conversation)
        if under_way is not None:
            under_way.wait(STOP_SECONDS)
        return self.open(visitor, view.conversation)

    def look(self, visitor: Visitor, view: View, turn: int) -> View:
        """The same view with the evidence of turn `turn` (counted from 0) on the path."""
        path = self._path(visitor, view)
        if not 0 <= turn < len(path):
            return view
        stored = self._memory(visitor).turn(path[turn].id)
        trace = from_stored(stored.evidence, stored.trace)
        search = trace.search if trace else None
        return replace(
            view,
            evidence=evidence_html(stored.question, search, self._language(view)),
            search=search_html(search),
            timings=timings_html(trace) if trace else "",
        )

    def send(self, visitor: Visitor, view: View, mode: str, text: str) -> Generator[View]:
        """A new message at the end of the conversation."""
        path = self._path(visitor, view)
        yield from self._answer(visitor, view, mode, text, path[-1].id if path else None)

    def retry(self, visitor: Visitor, view: View, mode: str, turn: int) -> Generator[View]:
        """Answer turn `turn` again, as a branch beside the old answer."""
        path = self._path(visitor, view)
        if not 0 <= turn < len(path):
            return
        old = path[turn]
        siblings = [
            other
            for other in self._memory(visitor).turns(old.conversation_id)
            if other.parent_id == old.parent_id and other.question == old.question and other.mode == mode
        ]
        yield from self._answer(visitor, self._cut(view, turn), mode, old.question, old.parent_id, len(siblings))

    def edit(self, visitor: Visitor, view: View, mode: str, turn: int, text: str) -> Generator[View]:
        """Answer turn `turn` with another message, as a branch; the old message and what followed it are kept."""
        path = self._path(visitor, view)
        if 0 <= turn < len(path):
            yield from self._answer(visitor, self._cut(view, turn), mode, text, path[turn].parent_id)

    def _answer(
        self, visitor: Visitor, view: View, mode: str, text: str, parent: str | None, attempt: int = 0
    ) -> Generator[View]:
        """Stream one answer. Closing this iterator (Stop, a closed tab) stops the engine and keeps the reply so far."""
        if not text.strip():
            yield replace(view, notice="Write a message first.")
            return
        before = view
        try:
            if view.conversation is None:
                greeting = view.messages[0]["content"] if view.messages else ""
                view = replace(view, conversation=self._memory(visitor).start(view.persona, greeting))
            shown = (*view.messages, _message("user", text.strip()))
            view = replace(view, messages=(*shown, _message("assistant", WRITING)), timings=waiting_html("searching"))
            yield view
            question = Question(
                text,
                persona=view.persona,
                mode=mode,
                conversation=view.conversation,
                parent=parent,
                attempt=attempt,
                visitor=visitor.id,
            )
            events = self._bot.answer(question)
            stored = self._under_way[str(view.conversation)] = threading.Event()
            reply = ""
            try:
                for event in events:
                    match event:
                        case Asked():
                            continue
                        case Searched(found):
                            view = replace(
                                view,
                                evidence=evidence_html(text, found, self._language(view)),
                                search=search_html(found),
                                timings=waiting_html("writing"),
                            )
                        case Said(piece):
                            reply += piece
                            view = replace(view, messages=(*shown, _message("assistant", reply)))
                        case Revised(other):
                            reply = other
                            view = replace(view, messages=(*shown, _message("assistant", reply)))
                        case Answered(_, _, final, _, trace, warning):
                            view = replace(
                                view,
                                messages=(*shown, _message("assistant", final)),
                                evidence=evidence_html(text, trace.search, self._language(view)),
                                search=search_html(trace.search),
                                timings=timings_html(trace),
                                notice=warning,
                            )
                    yield view
            finally:
                events.close()
                stored.set()
        except Exception as error:  # whatever it is: it must not leave the page hanging
            notice = str(error)
            if not isinstance(error, BakerStreetError):
                logger.exception("A reply could not be shown")
                notice = f"This could not be shown because of an error in the program: {error!r}."
            # The message goes back into the input, so that it can be corrected and sent again.
            yield replace(self._as_stored(visitor, view, text) or before, draft=text, notice=notice)

    def _as_stored(self, visitor: Visitor, view: View, text: str) -> View | None:
        """The conversation with a turn that failed; None where it was not stored, or cannot be read."""
        try:
            known = view.conversation is not None and self._stored_last(visitor, view, text)
            return self.open(visitor, view.conversation) if known and view.conversation else None
        except Exception:
            logger.exception("A conversation could not be read after a turn had failed")
            return None

    def _stored_last(self, visitor: Visitor, view: View, text: str) -> bool:
        path = self._path(visitor, view)
        return bool(path) and path[-1].question == text.strip()

    def _path(self, visitor: Visitor, view: View) -> list[StoredTurn]:
        return self._memory(visitor).path(view.conversation) if view.conversation else []

    def _memory(self, visitor: Visitor) -> OwnMemory:
        return OwnMemory(self._resources.memory, visitor.id)

    def _language(self, view: View) -> Language:
        try:
            return language_of(self._resources.persona(view.persona).persona)
        except PersonaError:  # a stored conversation may outlive its persona
            return ENGLISH

    def _cut(self, view: View, turn: int) -> View:
        """The view without turn `turn` and those that follow it."""
        greeting = len(view.messages) % 2
        return replace(view, messages=view.messages[: greeting + 2 * turn])


def turn_of_message(view: View, index: int) -> int:
    """The number of the turn (from 0) that message `index` belongs to; -1 for the greeting."""
    return (index - len(view.messages) % 2) // 2


def _message(role: str, content: str) -> Message:
    return {"role": role, "content": content}


def _reply_of(turn: StoredTurn) -> str:
    if turn.reply:
        mark = turn.state if turn.state in ("stopped", "interrupted", "failed") else ""
        return turn.reply + (f" *({mark})*" if mark else "")
    return f"*({turn.error or 'stopped before the first word'})*" if turn.state != "pending" else "*(not answered)*"

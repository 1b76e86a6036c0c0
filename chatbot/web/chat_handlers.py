"""The events of the Conversation tab, without Gradio: each changes a `Seat` and yields every `View` to be shown."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial

from chatbot.bot import Bot, Question
from chatbot.errors import BakerStreetError
from chatbot.resources import Resources
from chatbot.sampling import with_wishes
from chatbot.visitors import Visitor
from chatbot.web.branch_map import map_html
from chatbot.web.compare_handlers import CompareHandlers
from chatbot.web.desk import Desk, Progress, Writing
from chatbot.web.inspector_handlers import InspectorHandlers
from chatbot.web.library_handlers import LibraryHandlers
from chatbot.web.memory_handlers import MemoryHandlers
from chatbot.web.panels import empty_evidence_html, timings_html, waiting_html
from chatbot.web.past_handlers import PastHandlers
from chatbot.web.stored_views import StoredViews
from chatbot.web.thumbs import rated
from chatbot.web.tree import walked
from chatbot.web.views import WRITING, Seat, View, Wanted, message, reply_of, unexpected, without_folders
from personas import Persona

logger = logging.getLogger(__name__)

WENT_ON = "This conversation went on in another tab, and is shown as it is now. Your message waits in the input."
STOP_SECONDS = 10  # the longest Stop waits for the engine, which stops at the next token
GLANCE_SECONDS = 0.25  # between two looks whether the visitor is still there, while nothing new is written
PERSONAS = Wanted()  # as the persona has it
THINKING = "thinking"  # whether a search is made is decided on the way


class ChatHandlers:
    """Handles the page's events with the bot and the memory."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._stored = StoredViews(resources)
        self.desk = Desk(Bot(resources))
        self.library = LibraryHandlers(resources)
        self.past = PastHandlers(self._stored, self.desk)
        self.recalled = MemoryHandlers(self._stored)
        self.inspector = InspectorHandlers(self._stored)
        self.compared = CompareHandlers(resources, self._stored, self.desk)

    def close(self) -> None:
        """Stop the replies under way, and wait until what was written is stored."""
        self.desk.close()

    def persona(self, persona: str) -> Persona:
        """A persona's file.

        Raises:
            PersonaError: there is none, or its file has mistakes.
        """
        return self._resources.persona(persona).persona

    def greeting(self, persona: str) -> View:
        """A new conversation, which holds only the greeting; it is stored with the first message."""
        return View(persona, messages=(message("assistant", self.persona(persona).greeting),))

    # ------------------------------------------------------------------ events

    def fresh(self, seat: Seat, persona: str) -> Generator[View]:
        """Begin a new conversation. Where the persona is another one than before, so is the mode."""
        mode = "" if persona == seat.view.persona else self.persona(persona).default_mode
        seat.move(replace(self.greeting(persona), mode=mode))
        yield seat.view

    def open(
        self,
        visitor: Visitor,
        seat: Seat,
        conversation: str,
        turn: str | None = None,
        *,
        notice: str = "",
        draft: str = "",
    ) -> Generator[View]:
        """A past conversation as it was left; a reply that is being written in it is followed to its end.

        Args:
            visitor: whose it is.
            seat: where it is shown.
            conversation: its id.
            turn: a turn on its path, to be selected; default: the last one.
            notice: a hint that stays.
            draft: a message that is still to be given back.

        Raises:
            MemoryStoreError: it does not exist, or belongs to another visitor.
        """
        writing = self.desk.writing(conversation)  # before the memory is read, which has all that has ended
        view = self._stored.opened(visitor, conversation, turn)
        view = replace(view, busy=writing is not None, notice=notice, draft=draft)
        if writing is not None and not writing.turn:
            view = view.asked(conversation, writing.question.parent, "", writing.question.text)
        yield from self._follow(visitor, seat, seat.move(view), writing)

    def lead_to(self, visitor: Visitor, seat: Seat, conversation: str, turn: str) -> Generator[View]:
        """A conversation at one of its turns, on whichever branch that stands."""
        self._stored.memory(visitor).go_to(turn)
        yield from self.open(visitor, seat, conversation, turn)

    def find(self, visitor: Visitor, seat: Seat, conversation: str) -> None:
        """Seat a tab that has stood longer than the server knows it (a restart): it still shows its conversation.

        Raises:
            MemoryStoreError: it does not exist, or belongs to another visitor.
        """
        if conversation and seat.view.conversation is None:
            seat.move(self._stored.opened(visitor, conversation))

    def look(self, visitor: Visitor, seat: Seat, index: int) -> Generator[View]:
        """Select the turn that message `index` belongs to, and show its evidence."""
        yield self._selected(visitor, seat, seat.view.turn_of(index))

    def press(
        self, visitor: Visitor, seat: Seat, mode: str, pressed: Mapping[str, str], wanted: Wanted = PERSONAS
    ) -> Generator[View]:
        """A button of the bar of the selected turn, as `turn_bar` names what it does."""
        match pressed:
            case {"do": "step", "what": "message", "by": "1" | "-1" as by}:
                turns = seat.view.turns
                at = (seat.view.number or len(turns) + 1) - 1 + int(by)
                yield self._selected(visitor, seat, turns[min(max(at, 0), len(turns) - 1)] if turns else None)
            case {"do": "rate" | "note"}:
                yield seat.change(lambda view: rated(self._stored.memory(visitor), view, pressed)) or seat.view
            case {"do": "again"}:
                yield from self.retry(visitor, seat, mode, wanted)
            case _ if seat.view.conversation:
                conversation = seat.view.conversation
                turn = walked(self._stored.memory(visitor), conversation, seat.view.turn, pressed)
                if turn is not None:
                    yield from self.open(visitor, seat, conversation, turn)

    def map_html(self, visitor: Visitor, seat: Seat) -> str:
        """The map of the conversation's branches, or why there is none."""
        try:
            nodes = self._stored.memory(visitor).branches(seat.view.conversation or "")
        except BakerStreetError as error:
            return map_html((), None, without_folders(str(error)))
        return map_html(nodes, seat.view.turn)

    def _selected(self, visitor: Visitor, seat: Seat, turn: str | None) -> View:
        writing = self.desk.writing(seat.view.conversation)
        if writing is not None and writing.turn == turn:
            panels = self._progressed(visitor, writing, View(seat.view.persona), writing.wait(None, 0))
        elif not turn:
            panels = View(seat.view.persona)
        else:
            panels = self._stored.panels(View(seat.view.persona), self._stored.memory(visitor).turn(turn))
        shown = seat.change(
            lambda view: replace(
                view,
                about=panels.about,
                turn=panels.turn,
                evidence=panels.evidence,
                search=panels.search,
                timings=panels.timings,
            )
        )
        return shown or seat.view

    def send(self, visitor: Visitor, seat: Seat, mode: str, text: str, wanted: Wanted = PERSONAS) -> Generator[View]:
        """A new message at the end of the conversation."""
        try:
            went_on = self._went_on(visitor, seat.view)
        except BakerStreetError as error:
            yield self.failed(seat, error, text)
            return
        if went_on:
            # Written without knowing what another tab added: nothing is answered that was asked of something else.
            conversation = str(seat.view.conversation)
            view = replace(self._stored.opened(visitor, conversation), notice=WENT_ON, draft=text)
            seat.move(view)
            yield view
        else:
            yield from self._answer(visitor, seat, mode, wanted, text, seat.view.last)

    def refresh(self, visitor: Visitor, seat: Seat) -> Generator[View]:
        """Show what was added to the conversation, or is being added, in another tab."""
        view = seat.view
        writing = self.desk.writing(view.conversation) is not None
        if view.conversation and (writing != view.busy or self._went_on(visitor, view)):
            yield from self.open(visitor, seat, view.conversation, notice=view.notice, draft=view.draft)

    def _went_on(self, visitor: Visitor, view: View) -> bool:
        """Whether the conversation's path ends elsewhere than the one that is shown."""
        if view.conversation is None:
            return False
        return self._stored.memory(visitor).conversation(view.conversation).head_id != view.last

    def retry(self, visitor: Visitor, seat: Seat, mode: str, wanted: Wanted = PERSONAS) -> Generator[View]:
        """Answer the selected turn again, as a branch beside the old answer."""
        turn = seat.view.turn
        if not turn:
            yield self._notice(seat, "There is no answer yet to try again. Write a message first.")
            return
        old = self._stored.memory(visitor).turn(turn)
        siblings = [
            other
            for other in self._stored.memory(visitor).turns(old.conversation_id)
            if other.parent_id == old.parent_id and other.question == old.question and other.mode == mode
        ]
        yield from self._answer(visitor, seat, mode, wanted, old.question, old.parent_id, len(siblings), draft=False)

    def edit(
        self, visitor: Visitor, seat: Seat, mode: str, index: int, text: str, wanted: Wanted = PERSONAS
    ) -> Generator[View]:
        """Answer the turn of message `index` with another message, as a branch; what was there before is kept."""
        turn = seat.view.turn_of(index)
        if not turn:
            yield self._notice(seat, "Only your own messages can be edited.")
        else:
            parent = self._stored.memory(visitor).turn(turn).parent_id
            yield from self._answer(visitor, seat, mode, wanted, text, parent)

    def stop(self, visitor: Visitor, seat: Seat) -> Generator[View]:
        """Stop the reply of the conversation that is shown; what was written so far is kept."""
        writing = self.desk.writing(seat.view.conversation)
        if writing is not None:
            writing.stop()
            writing.wait_for_end(STOP_SECONDS)
        if seat.view.conversation is None:
            yield seat.view
        else:
            yield from self.open(visitor, seat, seat.view.conversation)

    def failed(self, seat: Seat, error: Exception, draft: str = "") -> View:
        """The view after an event that failed: it stays as it is, says why in one line, and gives the draft back."""
        if isinstance(error, BakerStreetError):
            notice = without_folders(str(error))
        else:
            logger.error("An event of the page failed", exc_info=error)
            notice = unexpected(error)
        busy = self.desk.writing(seat.view.conversation) is not None
        return seat.change(lambda view: replace(view, notice=notice, busy=busy, draft=draft or view.draft)) or seat.view

    # ------------------------------------------------------------------ answering

    def _answer(
        self,
        visitor: Visitor,
        seat: Seat,
        mode: str,
        wanted: Wanted,
        text: str,
        parent: str | None,
        attempt: int = 0,
        draft: bool = True,
    ) -> Generator[View]:
        """Begin a reply and follow it. The reply goes on where this iterator is closed."""
        if not text.strip():
            yield self._notice(seat, "Write a message first.")
            return
        shown = seat.view
        try:
            conversation = shown.conversation
            if conversation is None:
                greeting = shown.messages[0]["content"] if shown.messages else ""
                conversation = self._stored.memory(visitor).start(shown.persona, greeting)
            asked = Question(
                text,
                persona=shown.persona,
                mode=mode,
                conversation=conversation,
                parent=parent,
                attempt=attempt,
                visitor=visitor.id,
            )
            writing = self.desk.begin(with_wishes(asked, wanted.length, wanted.temperature, wanted.seed))
        except Exception as error:
            # The message goes back into the input, so that it can be corrected and sent again.
            yield self.failed(seat, error, text if draft else "")
            return
        # The mode stays as it is: the visitor may have chosen that of his next message.
        view = self._stored.with_versions(
            visitor, replace(shown.asked(conversation, parent, writing.turn, text), mode="")
        )
        yield from self._follow(visitor, seat, seat.move(view), writing)

    def _follow(self, visitor: Visitor, seat: Seat, ticket: int, writing: Writing | None) -> Generator[View]:
        """The view while the reply is written, until its end or until the visitor goes elsewhere."""
        if writing is None:
            yield seat.view
            return
        seen: Progress | None = None
        while seen is None or not seen.ended:
            progress = writing.wait(seen, GLANCE_SECONDS)
            if progress is seen:
                if seat.change(lambda view: view, ticket) is None:
                    return
                continue
            seen = progress
            view = seat.change(partial(self._progressed, visitor, writing, progress=progress), ticket)
            if view is None:
                return
            yield view

    def _progressed(self, visitor: Visitor, writing: Writing, view: View, progress: Progress) -> View:
        """The view with a reply as far as it is, and with its evidence, unless the visitor looks at another one's."""
        question = writing.question
        if view.turns[-1:] != (writing.turn,):  # it is written on another branch than the one that is shown
            return replace(view, busy=not progress.ended)
        reply = message("assistant", self._kept(visitor, writing, progress) or WRITING)
        view = replace(view, messages=(*view.messages[:-1], reply), busy=not progress.ended)
        if progress.ended:
            draft = question.text if progress.error and not question.attempt else view.draft
            view = replace(view, notice=without_folders(progress.error or progress.warning), draft=draft)
            if writing.turn:
                with suppress(BakerStreetError):  # the reply is shown all the same
                    view = self._stored.with_last_cited(visitor, view)
        if view.turn not in (None, writing.turn):
            return view
        waiting = "" if progress.ended else waiting_html("writing" if progress.searched else THINKING)
        timings = timings_html(progress.trace) if progress.trace else waiting
        view = replace(view, turn=writing.turn, about=question.text, timings=timings)
        if progress.searched or progress.ended:
            return self._stored.found(view, question.text, progress.found)
        return replace(view, evidence=empty_evidence_html(), search="")

    def _kept(self, visitor: Visitor, writing: Writing, progress: Progress) -> str:
        """The reply as it is shown; of one that was stopped or failed, what memory kept."""
        if progress.ended and progress.trace is None and writing.turn:
            with suppress(BakerStreetError):  # the notice says why; what was written is still shown
                return reply_of(self._stored.memory(visitor).turn(writing.turn))
        return progress.reply

    def _notice(self, seat: Seat, text: str) -> View:
        return seat.change(lambda view: replace(view, notice=text)) or seat.view

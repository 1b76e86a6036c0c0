"""The desk: where replies are written, each in a thread of its own.

A reply belongs to its conversation and not to the page that asked for it: pages come and go, and any number of them may
follow the same reply.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator
from dataclasses import dataclass, replace

from chatbot.bot import Answered, Asked, Bot, Event, Question, Revised, Said, Searched
from chatbot.errors import BakerStreetError, BusyError
from chatbot.library.search import Found
from chatbot.trace import Trace

logger = logging.getLogger(__name__)

CLOSING_SECONDS = 5.0  # the longest that closing waits for the replies under way to be stored


@dataclass(frozen=True)
class Progress:
    """How far a reply is.

    Attributes:
        found: what was searched for and found; None before, and where nothing is searched.
        searched: whether the search is over.
        reply: what is written so far.
        trace: of the finished turn; None until then, and where it was stopped or failed.
        error: why it failed.
        warning: why it is not stored, or not yet.
        ended: whether the turn is over and stored.
    """

    found: Found | None = None
    searched: bool = False
    reply: str = ""
    trace: Trace | None = None
    error: str = ""
    warning: str = ""
    ended: bool = False

    def after(self, event: Event) -> Progress:
        """How far it is after another event."""
        match event:
            case Searched(found):
                return replace(self, found=found, searched=True)
            case Said(piece):
                return replace(self, reply=self.reply + piece, searched=True)
            case Revised(other):
                return replace(self, reply=other)
            case Answered(_, _, final, _, trace, warning):
                return replace(self, reply=final, found=trace.search, trace=trace, warning=warning)
        return self


class Writing:
    """One reply that is being written.

    Attributes:
        turn: the id of the turn in memory; empty where it could not be stored.
        question: what was asked.
        place: where it is written: the id of the conversation, or what stands for one.
    """

    def __init__(self, turn: str, question: Question, place: str, warning: str = "") -> None:
        self.turn = turn
        self.question = question
        self.place = place
        self._progress = Progress(warning=warning)
        self._changed = threading.Condition()
        self._stopping = threading.Event()

    def wait(self, seen: Progress | None, seconds: float) -> Progress:
        """How far it is, as soon as that is not what was `seen`, or after so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._progress is not seen, seconds)
            return self._progress

    def wait_for_end(self, seconds: float) -> Progress:
        """How far it is when it has ended, or after so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._progress.ended, seconds)
            return self._progress

    def stop(self) -> None:
        """Ask for its end at the next piece; what is written so far is kept."""
        self._stopping.set()

    @property
    def stopping(self) -> bool:
        """Whether its end was asked for."""
        return self._stopping.is_set()

    def reached(self, progress: Progress) -> None:
        """Tell the readers how far it is."""
        with self._changed:
            self._progress = progress
            self._changed.notify_all()


class Desk:
    """The replies under way, at most one at a place at a time: in a conversation, or beside all of them."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._under_way: dict[str, Writing] = {}
        self._threads: set[threading.Thread] = set()
        self._begun: set[str] = set()  # conversations whose question is being stored
        self._lock = threading.Lock()

    def begin(self, question: Question, place: str = "") -> Writing:
        """Store a question of a conversation in memory, and begin to write the reply to it.

        Args:
            question: what is asked.
            place: where the reply is written, if it is part of no conversation; nothing is stored then.

        Raises:
            BusyError: the last reply at this place is still being written.
            BakerStreetError: the question cannot be asked, and is not stored.
        """
        place = question.conversation or place
        with self._lock:
            if place in self._under_way or place in self._begun:
                raise BusyError("The last reply is still being written. Wait for its end, or press Stop.")
            self._begun.add(place)
        try:
            events = self._bot.answer(question)
            asked = next(events)
            assert isinstance(asked, Asked)  # every turn begins with it
            writing = Writing(asked.turn_id or "", question, place, asked.warning)
            thread = threading.Thread(target=self._write, args=(writing, events), name="writing", daemon=True)
            with self._lock:
                self._under_way[place] = writing
                self._threads.add(thread)
            thread.start()
            return writing
        finally:
            with self._lock:
                self._begun.discard(place)

    def writing(self, conversation: str | None) -> Writing | None:
        """The reply that is being written in a conversation."""
        with self._lock:
            return self._under_way.get(conversation) if conversation else None

    @property
    def under_way(self) -> tuple[Writing, ...]:
        """Every reply that is being written."""
        with self._lock:
            return tuple(self._under_way.values())

    def close(self) -> None:
        """Stop every reply, and wait until what was written is stored."""
        for writing in self.under_way:
            writing.stop()
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(CLOSING_SECONDS)

    def _write(self, writing: Writing, events: Generator[Event]) -> None:
        progress = writing.wait(None, 0)
        try:
            for event in events:
                progress = progress.after(event)
                writing.reached(progress)
                if writing.stopping:
                    break
            events.close()  # a turn that has not ended is stored as stopped
        except BakerStreetError as error:
            progress = replace(progress, error=str(error))
        except Exception as error:
            logger.exception("A reply could not be written to its end")
            progress = replace(progress, error=f"The reply could not be written because of an error: {error!r}.")
        finally:
            with self._lock:  # before its readers know of the end: they may ask the next question at once
                del self._under_way[writing.place]
                self._threads.discard(threading.current_thread())
            writing.reached(replace(progress, ended=True))

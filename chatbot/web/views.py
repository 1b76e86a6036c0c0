"""What the page shows, as values without Gradio: a `View` of a conversation, and the `Seat` where a visitor sees it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chatbot.citations import Citation
from chatbot.web.panels import empty_evidence_html
from memory import Rating, StoredTurn, Versions

Message = dict[str, str]
WRITING = "…"
_FOLDERS = re.compile(r"(?<![\w.:/])/(?:[^\s/:'\"`]+/)+(?=[^\s/:'\"`])")  # those of an absolute path


@dataclass(frozen=True)
class Wanted:
    """How the visitor wants replies to be sampled, as he wrote it; empty: as the persona has it."""

    length: str = ""
    temperature: str = ""
    seed: str = ""


@dataclass(frozen=True)
class View:
    """Everything the page shows of a conversation.

    Attributes:
        persona: the id of the persona.
        mode: the mode to select; empty: whichever is selected stays so.
        conversation: its id, None before the first message.
        messages: the greeting, then a user's and a reply's message for every turn on the path.
        turns: the ids of the turns on the path; empty where one could not be stored.
        about: the question whose evidence is shown; empty before the first one.
        turn: the id of its turn, which is the one that is selected; None: none is.
        versions: of each turn on the path, the turns beside it; fewer where they are not known yet.
        citations: of each turn on the path, what the sentences of its reply rest on; fewer where it is not written yet.
        ratings: by the id of a turn; those without one are left out.
        further: whether turns follow the last one, which another path shows.
        evidence: the panel of the passages used, as HTML.
        search: the panel of the search's steps, as HTML; apart from the evidence, so that updating one leaves the other
            open.
        timings: the line of timings, as HTML.
        busy: whether a reply is being written in this conversation.
        draft: a message that could not be sent, to be given back.
        notice: an error or a hint for the user.
    """

    persona: str
    mode: str = ""
    conversation: str | None = None
    messages: tuple[Message, ...] = ()
    turns: tuple[str, ...] = ()
    versions: tuple[Versions | None, ...] = ()
    citations: tuple[tuple[Citation, ...], ...] = ()
    ratings: Mapping[str, Rating] = field(default_factory=dict)
    further: bool = False
    about: str = ""
    turn: str | None = None
    evidence: str = field(default_factory=empty_evidence_html)
    search: str = ""
    timings: str = ""
    busy: bool = False
    draft: str = ""
    notice: str = ""

    @property
    def number(self) -> int:
        """Which turn of the path is selected, from 1; 0: none is."""
        return self.turns.index(self.turn) + 1 if self.turn in self.turns else 0

    @property
    def last(self) -> str | None:
        """The id of the last turn on the path that is stored; None: none is."""
        return next((turn for turn in reversed(self.turns) if turn), None)

    def turn_of(self, index: int) -> str | None:
        """The id of the turn that message `index` belongs to; None for the greeting."""
        number = (index - len(self.messages) % 2) // 2
        return self.turns[number] if 0 <= number < len(self.turns) else None

    def asked(self, conversation: str, parent: str | None, turn: str, question: str) -> View:
        """The view when turn `turn` has begun behind `parent`; what else stood behind that is on another branch."""
        kept = self.turns.index(parent) + 1 if parent in self.turns else 0
        messages = self.messages[: len(self.messages) % 2 + 2 * kept]
        return replace(
            self,
            conversation=conversation,
            messages=(*messages, message("user", question.strip()), message("assistant", WRITING)),
            turns=(*self.turns[:kept], turn),
            versions=self.versions[:kept],
            citations=self.citations[:kept],
            further=False,
            turn=turn,
            busy=True,
            draft="",
            notice="",
        )


class Seat:
    """What one browser tab shows, and which of its events may change that.

    A reply is followed by an event that lasts. When the visitor goes to another conversation, the seat moves: what
    still follows the one that was left may not change the view any more.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self._moves = 0
        self._lock = threading.RLock()

    def __deepcopy__(self, memo: dict[int, object]) -> Seat:
        """A seat of its own for every tab: Gradio copies what a state begins with."""
        return Seat(self.view)

    def move(self, view: View) -> int:
        """Show something else; returns the ticket of the event that does."""
        with self._lock:
            self.view = view
            self._moves += 1
            return self._moves

    def change(self, changed: Callable[[View], View], ticket: int | None = None) -> View | None:
        """Change the view, and return it; None where the seat has moved since `ticket` was given out."""
        with self._lock:
            if ticket is not None and ticket != self._moves:
                return None
            self.view = changed(self.view)
            return self.view

    def take_draft(self) -> str:
        """The message to be given back; afterwards there is none."""
        with self._lock:
            draft, self.view = self.view.draft, replace(self.view, draft="")
            return draft


def messages_of(greeting: str, path: Sequence[StoredTurn]) -> tuple[Message, ...]:
    """The messages of a path."""
    messages = [message("assistant", greeting)] if greeting else []
    for turn in path:
        messages += [message("user", turn.question), message("assistant", reply_of(turn))]
    return tuple(messages)


def message(role: str, content: str) -> Message:
    """A message as the chat shows it."""
    return {"role": role, "content": content}


def without_folders(text: str) -> str:
    """An error as a visitor reads it: where the server keeps its files is none of his business."""
    return _FOLDERS.sub("", text)


def unexpected(error: Exception) -> str:
    """What a visitor reads where an event failed because of an error in the program; the log has the traceback."""
    return f"This did not work because of an error in the program: {without_folders(repr(error))}."


def reply_of(turn: StoredTurn) -> str:
    """The reply of a stored turn as the chat shows it."""
    if turn.reply:
        mark = turn.state if turn.state in ("stopped", "interrupted", "failed") else ""
        return turn.reply + (f" *({mark})*" if mark else "")
    return (
        f"*({without_folders(turn.error) or 'stopped before the first word'})*"
        if turn.state != "pending"
        else "*(not answered)*"
    )

"""What visitors tell is drawn out behind their turns, in a thread, and at the latest when it is needed.

SQL says of which turns nothing has been drawn yet, so that a process that dies, or an import, loses nothing: it is
drawn out the next time. By the rules of the language a message takes a fraction of a millisecond, and some tens of them
where the models have to say what the rules cannot, which is why it waits until the turn is over.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Protocol

from chatbot.drawing import drawn_from
from chatbot.errors import BakerStreetError
from chatbot.language import language_of, spelled_out
from memory import Drawn, Memory
from personas import LoadedPersona

if TYPE_CHECKING:
    from chatbot.library.encoders import Embedder
    from chatbot.search_models import SearchModels

logger = logging.getLogger(__name__)

AT_ONCE = 200  # turns, the latest; those before them are left to the thread
COMPARED = 500  # recollections, the latest, that something new is compared with


class Shared(Protocol):
    """What turns share, of `chatbot.resources.Resources`."""

    @property
    def memory(self) -> Memory:
        """The database of conversations."""

    def persona(self, persona_id: str) -> LoadedPersona:
        """A persona as its file is now."""

    def models(self, persona_id: str) -> SearchModels:
        """The models of a persona's searches."""

    def library_embedder(self, persona_id: str) -> Embedder:
        """The embedder that its library works with."""


class Remembering:
    """Draws recollections out of turns, with the memory, the personas and the models of a process."""

    def __init__(self, resources: Shared) -> None:
        self._resources = resources
        self._one = threading.Lock()  # what was told first is drawn out first
        self._changed = threading.Condition()
        self._waiting: dict[tuple[str, str], None] = {}  # conversations with their personas, in order
        self._thread: threading.Thread | None = None
        self._closed = False

    def now(self, conversation: str, persona: str) -> None:
        """Draw out what the user of a conversation told its persona, in whichever conversation.

        Of many turns the latest; the thread goes on with the rest.
        """
        try:
            with self._one:
                more = self._draw(self._resources.memory.whose(conversation), persona)
        except BakerStreetError as error:  # what is there already can be read; the rest is drawn out the next time
            logger.warning("What was told to %s in %s is not drawn out yet: %s", persona, conversation, error)
            return
        if more:
            self.soon(conversation, persona)

    def soon(self, conversation: str, persona: str) -> None:
        """The same behind the caller, who never waits."""
        with self._changed:
            if self._closed:
                return
            self._waiting[conversation, persona] = None
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="remembering", daemon=True)
                self._thread.start()

    def settle(self) -> None:
        """Wait until everything is drawn out that was told up to now."""
        with self._changed:
            self._changed.wait_for(lambda: self._thread is None)

    def close(self) -> None:
        """End after the turns that are being drawn from; the rest is left to the next start."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
        self.settle()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._thread = None
                    self._changed.notify_all()
                    return
                conversation, persona = next(iter(self._waiting))
                del self._waiting[conversation, persona]
            try:
                self.now(conversation, persona)
            except Exception:
                logger.exception("What was told to %s in %s was not drawn out", persona, conversation)

    def _draw(self, user: str, persona: str) -> bool:
        """Whether there may be more to be drawn out."""
        resources, memory = self._resources, self._resources.memory
        remarks = memory.undrawn(user, persona, AT_ONCE)
        if not remarks:
            return False
        drawn: dict[str, list[Drawn]] = {remark.id: [] for remark in remarks}
        if memory.recall_on(user):
            language = language_of(resources.persona(persona).persona)
            reader, embedder = resources.models(persona).reader(), resources.library_embedder(persona)
            kept = memory.recollections(user, persona, limit=COMPARED)[::-1]
            earlier = [Drawn(told.text, told.topic, told.matter) for told in kept]
            for remark in remarks:
                before = drawn.get(remark.parent_id or "") or [
                    Drawn(told.text, told.topic, told.matter)
                    for told in kept
                    if told.turn_id and told.turn_id == remark.parent_id
                ]
                said = spelled_out(remark.question, language)
                now = drawn_from(said, language, earlier, before, reader=reader, embedder=embedder)
                drawn[remark.id] = now
                replaced = {told.matter for told in now}
                earlier = [*(told for told in earlier if told.matter not in replaced), *now]
        memory.keep_drawn(drawn)
        return len(remarks) == AT_ONCE

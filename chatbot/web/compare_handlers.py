"""The events of the Compare tab, without Gradio: one question is asked in several modes, whose replies are written
together; one of them is chosen as the best, and goes on in a conversation.
"""

from __future__ import annotations

import random
import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from functools import partial
from uuid import uuid4

from chatbot.bot import Question
from chatbot.errors import BakerStreetError, BusyError, MemoryStoreError, MessageError
from chatbot.language import language_of
from chatbot.modes import MODES
from chatbot.resources import Resources
from chatbot.titles import title_of
from chatbot.trace import to_stored
from chatbot.visitors import Visitor
from chatbot.web.compare_panel import comparison_html
from chatbot.web.comparing import Comparison, Side, Table
from chatbot.web.desk import Desk, Writing
from chatbot.web.judged import judged
from chatbot.web.stored_views import StoredViews
from chatbot.web.views import Seat, without_folders
from chatbot.web.wins import wins_html

FEWEST = 2  # modes
GLANCE_SECONDS = 0.1  # between two looks at how far the replies are
_DICE = random.SystemRandom()  # nobody shall know the order


class CompareHandlers:
    """Compares modes for visitors.

    Args:
        resources: what every turn shares.
        stored: gives each visitor his own part of the memory.
        desk: where replies are written.
    """

    def __init__(self, resources: Resources, stored: StoredViews, desk: Desk) -> None:
        self._resources, self._stored, self._desk = resources, stored, desk

    def ask(
        self, visitor: Visitor, table: Table, persona: str, question: str, modes: Sequence[str], blind: bool = False
    ) -> Generator[Comparison]:
        """Ask a question in several modes at once, and follow the replies to their ends; closing this stops them.

        Args:
            visitor: who asks.
            table: where the replies are shown.
            persona: the id of who answers.
            question: is asked as the first of a conversation; nothing is stored.
            modes: two or more.
            blind: whether they are shuffled, and hidden until a reply is chosen.
        """
        if not table.asking.acquire(blocking=False):
            yield table.say("The last replies are still being written. Wait for their end, or press Stop.")
            return
        try:
            named = [mode for mode in MODES if mode in modes]
            if len(named) < FEWEST:
                raise MessageError("Choose two modes or more.")
            if not question.strip():
                raise MessageError("Write a question first.")
            if blind:
                _DICE.shuffle(named)
            table.writings = self._begin(visitor, persona, question, named)
            sides = tuple(map(Side, named))
            yield table.change(lambda _: Comparison(persona, question.strip(), blind, sides, busy=True))
            yield from self._follow(table)
            yield table.change(lambda shown: replace(self._judged(shown), busy=False))
        except BakerStreetError as error:
            yield table.say(without_folders(str(error)))
        finally:
            table.stop()
            table.change(lambda shown: replace(shown, busy=False))
            table.asking.release()

    def _begin(self, visitor: Visitor, persona: str, question: str, modes: Sequence[str]) -> list[Writing]:
        begun: list[Writing] = []
        place = uuid4().hex
        try:
            for mode in modes:
                asked = Question(question, persona=persona, mode=mode, visitor=visitor.id)
                begun.append(self._desk.begin(asked, f"{place}-{mode}"))
        except BaseException:
            for writing in begun:
                writing.stop()
            raise
        return begun

    def _follow(self, table: Table) -> Generator[Comparison]:
        sides = table.shown.sides
        while not all(side.progress.ended for side in sides):
            time.sleep(GLANCE_SECONDS)
            before = sides
            sides = tuple(
                replace(side, progress=writing.wait(None, 0))
                for side, writing in zip(sides, table.writings, strict=True)
            )
            if sides != before:
                yield table.change(partial(replace, sides=sides))

    def stop(self, table: Table) -> None:
        """Stop the replies; what was written stays to be read, and cannot be chosen."""
        table.stop()

    def choose(self, visitor: Visitor, table: Table, index: int) -> Comparison:
        """Store that the reply at `index` is the best, and show which mode gave it. A choice stands."""

        def chosen(shown: Comparison) -> Comparison:
            if not shown.open or not 0 <= index < len(shown.sides) or not shown.sides[index].whole:
                return shown
            modes, best = [side.mode for side in shown.sides if side.whole], shown.best(index)
            own = self._stored.memory(visitor)
            own.keep_comparison(shown.persona, shown.question, modes, best, blind=shown.blind)
            return replace(shown, chosen=index, notice=f"Counted: {' and '.join(best)}.")

        try:
            return table.change(chosen)
        except MemoryStoreError as error:
            return table.say(without_folders(str(error)))

    def take(self, visitor: Visitor, table: Table, index: int, conversation: str | None) -> tuple[str, str]:
        """Take the question and the reply at `index` into a conversation, with its evidence and its trace.

        Args:
            visitor: whose conversation it is.
            table: where the reply stands.
            index: of the reply.
            conversation: the id of the one whose end it shall be; None: a new one.

        Returns:
            The ids of the conversation and of the turn.

        Raises:
            MemoryStoreError: there is no such conversation, or the database refuses.
            MessageError: there is no such reply, the persona is another, or the modes are still hidden.
            BusyError: a reply is being written in the conversation.
        """
        shown = table.shown
        side = shown.sides[index] if 0 <= index < len(shown.sides) else None
        trace = side.progress.trace if side else None
        if side is None or trace is None or shown.hidden:
            raise MessageError("There is no reply here that a conversation can go on from.")
        memory, persona = self._stored.memory(visitor), self._resources.persona(shown.persona).persona
        parent: str | None = None
        if conversation is None:
            conversation = memory.start(shown.persona, persona.greeting)
        else:
            summary = memory.conversation(conversation)
            if summary.persona != shown.persona:
                raise MessageError("The conversation that is open is with somebody else. Go on in a new one.")
            if self._desk.writing(conversation) is not None:
                raise BusyError("A reply is being written in that conversation. Wait for its end, or press Stop there.")
            parent = summary.head_id
        evidence, rest = to_stored(trace)
        turn = memory.add_answered(
            conversation,
            parent,
            side.mode,
            shown.question,
            sent=trace.prompt[-1][1] if trace.prompt else shown.question,
            reply=side.progress.reply,
            evidence=evidence,
            trace=rest,
            title=title_of(shown.question, language_of(persona)),
        )
        self._resources.remembering.soon(conversation, shown.persona)
        return conversation, turn

    def html(self, shown: Comparison, seat: Seat) -> str:
        """The replies side by side, for a tab whose seat shows a conversation, or none."""
        here = seat.view.conversation is not None and seat.view.persona == shown.persona
        return comparison_html(shown, self._stored.language(shown.persona), here)

    def wins_html(self, visitor: Visitor, persona: str) -> str:
        """How often the visitor chose each mode."""
        memory = self._stored.memory(visitor)
        try:
            return wins_html(memory.wins(persona), memory.wins(persona, blind=True), self._stored.name(persona))
        except BakerStreetError as error:
            return f'<p class="aside">{without_folders(str(error))}</p>'

    def _judged(self, shown: Comparison) -> Comparison:
        """The comparison with what the judges say. What has no evidence is held against that of the first that has."""
        try:
            models, persona = self._resources.models(shown.persona), self._resources.persona(shown.persona).persona
            support, tone = models.support(), models.tone()
            lender = next((side for side in shown.sides if side.progress.trace and side.progress.trace.evidence), None)
            sides = []
            for side in shown.sides:
                own = side.progress.trace.evidence if side.progress.trace else ()
                lent = lender.progress.trace.evidence if lender and lender.progress.trace and not own else ()
                verdict = judged(
                    side.progress.reply,
                    shown.question,
                    own or lent,
                    (persona.instruction(), persona.name, " ".join(persona.known_names)),
                    support=support,
                    tone=tone,
                    language=language_of(persona),
                )
                sides.append(replace(side, judged=verdict, against=lender.mode if lender and lent else ""))
        except BakerStreetError as error:
            return replace(shown, notice=f"The replies could not be judged. {without_folders(str(error))}")
        return replace(shown, sides=tuple(sides))

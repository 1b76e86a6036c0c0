"""The scripted conversations held with a persona, and what is kept of every reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

from pydantic import BaseModel, ConfigDict

from chatbot.bot import Answered, Bot, Question
from chatbot.clock import running
from chatbot.evaluation.memory.scripts import RECALLED, Script, ScriptTurn
from chatbot.language import comparable, content_words, declines, holds, language_of
from personas import LoadedPersona

APART = timedelta(days=9)  # from one session to the next


class Recall(BaseModel):
    """One message of a script and its reply.

    Attributes:
        condition: what of the past was kept for the prompt.
        number: of the message in its conversation, from 1.
        handed: an answer stood in the prompt or in the evidence; the question itself never holds it.
        declined: the reply says that this is not known.
        strange: the words of the reply that carry meaning and that neither the visitor nor the persona's own lines for
            what he told have said.
        repeats: the message of the session that got the same reply, word for word, before; None where none did.
        first_token_ms: from the message to the first piece of the reply.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    condition: str
    turn: ScriptTurn
    number: int
    reply: str
    evidence: tuple[str, ...] = ()
    handed: bool = False
    declined: bool = False
    strange: tuple[str, ...] = ()
    repeats: int | None = None
    first_token_ms: float = 0.0

    @property
    def said(self) -> bool:
        """Whether the reply holds an answer."""
        return any(holds(self.reply, answer) for answer in self.turn.answers)

    @property
    def stale(self) -> bool:
        """Whether the reply gives what was true before, and not what is true now."""
        return not self.said and any(holds(self.reply, old) for old in self.turn.stale)

    @property
    def invented(self) -> bool:
        """Whether the reply to what he asks about himself says what nobody told, in place of the answer."""
        return not self.said and not self.declined and bool(self.strange)

    @property
    def failed(self) -> bool:
        """Whether it is to be read: not said although it was told, or answered although it was not."""
        return not self.said if self.turn.kind in RECALLED else self.turn.kind == "never told" and not self.declined


def hold(
    bot: Bot, loaded: LoadedPersona, script: Script, condition: str, mode: str, seed: int, settle: Callable[[], None]
) -> Iterator[Recall]:
    """Hold one conversation from its beginning to its end, as on the page.

    Args:
        bot: is asked; its memory is the visitor's.
        loaded: who answers.
        script: what the visitor says.
        condition: under which the bot runs; the visitor is named after it.
        mode: of every turn.
        seed: of every turn.
        settle: waits until what was told in a turn is drawn out of it.
    """
    visitor = f"visitor {script[0].conversation}, {condition}"
    said: list[str] = []
    numbered = enumerate(script, 1)
    for of_session, session in groupby(numbered, key=lambda turn: turn[1].session):
        with running(_later(of_session)):
            conversation, parent = bot.resources.memory.start(visitor, loaded.id), None
        replies: dict[str, int] = {}
        for number, turn in session:
            asked = Question(
                turn.message, persona=loaded.id, mode=mode, conversation=conversation, parent=parent, seed=seed
            )
            with running(_later(of_session)):
                answered = bot.reply(asked)
                settle()
            parent = answered.turn_id
            said.append(turn.message)
            first = replies.setdefault(comparable(answered.reply), number)
            yield _recall(condition, turn, number, answered, loaded, said, first if first < number else None)


def _later(session: int) -> Callable[[], datetime]:
    """The clock of a session, from 1."""
    return lambda: datetime.now(UTC) + (session - 1) * APART


def _recall(
    condition: str,
    turn: ScriptTurn,
    number: int,
    answered: Answered,
    loaded: LoadedPersona,
    said: Sequence[str],
    repeats: int | None,
) -> Recall:
    trace, persona = answered.trace, loaded.persona
    language = language_of(persona)
    evidence = tuple(piece.text for piece in trace.evidence)
    shown = [*evidence, *(content for _, content in trace.prompt)]
    known = " ".join([*said, *persona.recalled, *persona.untold])
    return Recall(
        condition=condition,
        turn=turn,
        number=number,
        reply=answered.reply,
        evidence=evidence,
        handed=any(holds(text, answer) for text in shown for answer in turn.answers),
        declined=declines(answered.reply, language) or any(holds(answered.reply, line) for line in persona.untold),
        strange=tuple(sorted(content_words(answered.reply, language) - content_words(known, language))),
        repeats=repeats,
        first_token_ms=trace.timings.first_token_ms,
    )

"""Bot: answer one turn in one mode, as a stream of events.

The way of a turn (`chatbot.turn` and `chatbot.turn_record` have the steps):

    begin -> gather evidence -> write a draft -> hold it against the evidence -> record
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import closing

from chatbot.errors import BakerStreetError, TurnError
from chatbot.events import Answered, Asked, Event, Question, Revised, Said, Searched
from chatbot.resources import Resources
from chatbot.turn import begin, gather, hold, write
from chatbot.turn_record import break_off, record, show
from chatbot.turn_values import Draft, Gathered, Held, Turn

__all__ = ["Answered", "Asked", "Bot", "Event", "Question", "Revised", "Said", "Searched"]

logger = logging.getLogger(__name__)


class Bot:
    """Answers turns; everything heavy is in `resources` and shared."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources

    def answer(self, asked: Question) -> Generator[Event]:
        """Answer one turn.

        The question is stored before anything else happens, what was shown of the reply while it grows, and whatever
        happens the turn ends: as done, as stopped with what was said so far (close the iterator to stop), or as failed
        with the reason. A reply that the database does not take is delivered all the same, with a warning.

        Raises:
            BakerStreetError: the turn cannot be answered; where the question was stored, so is the failure. The message
                is one line for the visitor; the traceback of an error in the program is in the log.
        """
        turn: Turn | None = None
        gathered, draft = Gathered(), Draft()
        held: Held | None = None
        try:
            turn = begin(self.resources, asked)
            yield Asked(turn.id, turn.warning)
            gathered = gather(turn)
            if gathered.found is not None:
                yield Searched(gathered.found)
            with closing(write(turn, gathered)) as drafts:
                for draft in drafts:
                    if draft.piece:
                        show(turn, draft)
                        yield Said(draft.piece)
            held = hold(turn, gathered, draft)
            if held.addition:
                yield Said(held.addition)
            elif held.replaced:
                yield Revised(held.reply)
            trace, warning = record(turn, gathered, draft, held, "done")
        except BakerStreetError as error:
            break_off(turn, gathered, draft, held, "failed", str(error))
            raise
        except Exception as error:
            logger.exception("A turn in the mode %s failed", turn.mode.name if turn else asked.mode)
            failed = TurnError(f"This could not be answered because of an error in the program: {error!r}.")
            break_off(turn, gathered, draft, held, "failed", str(failed))
            raise failed from error
        except BaseException:  # the iterator was closed, or the process is asked to end
            break_off(turn, gathered, draft, held, "stopped")
            raise
        yield Answered(turn.id, turn.asked.text, held.reply, "done", trace, warning or turn.warning)

    def reply(self, asked: Question) -> Answered:
        """Answer one turn and wait for its end.

        Raises:
            BakerStreetError: as `answer`.
        """
        *_, answered = self.answer(asked)
        assert isinstance(answered, Answered)  # `answer` ends with it, or raises
        return answered

"""Who takes part: the modes, and `ft` with the voice that was taught the facts of the casebook."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from chatbot.bot import Bot, Event, Question
from chatbot.modes import Mode, get_mode
from chatbot.resources import Resources

CLOSED_BOOK, TAUGHT = "ft", " (facts)"
FACTS = CLOSED_BOOK + TAUGHT


def mode_of(name: str) -> Mode:
    """The mode of one who takes part, with that name.

    Raises:
        ModeError: there is none.
    """
    return replace(get_mode(name.removesuffix(TAUGHT)), name=name)


class Entrants(Bot):
    """A bot that can be asked by whoever takes part.

    Args:
        resources: what every turn shares.
        facts: the folder of the taught voice; None: it does not take part.
    """

    def __init__(self, resources: Resources, facts: Path | None = None) -> None:
        super().__init__(resources)
        self._facts = facts

    def answer(self, asked: Question) -> Generator[Event]:
        """As `Bot.answer`."""
        if asked.mode == FACTS:
            asked = replace(asked, mode=CLOSED_BOOK, voice=self._facts)
        return super().answer(asked)

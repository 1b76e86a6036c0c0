"""Searches whose evidence is altered before it is handed over: to see what of a reply it carries."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

from chatbot.evaluation.questions import KnownQuestion, share
from chatbot.language import holds
from chatbot.library.search import Evidence, Found
from chatbot.resources import Resources

Alter = Callable[[Found], Found]


class Altering:
    """Resources whose libraries hand over altered evidence; all else is as it was.

    Args:
        resources: the real ones.
        alter: is given what every search found.
    """

    def __init__(self, resources: Resources, alter: Alter) -> None:
        self._real, self._alter = resources, alter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def library(self, persona_id: str, visitor: str | None = None) -> Any:
        """As `Resources.library`."""
        return _AlteringLibrary(self._real.library(persona_id, visitor), self._alter)


class _AlteringLibrary:
    def __init__(self, library: Any, alter: Alter) -> None:
        self._real, self._alter = library, alter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def search(self, *arguments: Any, **named: Any) -> Found:
        return self._alter(self._real.search(*arguments, **named))


def altering(resources: Resources, alter: Alter) -> Resources:
    """The same resources, whose searches hand over altered evidence."""
    return cast(Resources, Altering(resources, alter))


def without_first(found: Found) -> Found:
    """What was found without its first piece; the others move up."""
    return found.dropping(found.evidence[:1], "comparison", "taken away")


def saying(answers: Sequence[str], put_in: str) -> Alter:
    """Puts a false answer into the place of every accepted one, wherever it stands in the evidence."""
    ordered = sorted(answers, key=len, reverse=True)  # "Dr. Grimesby Roylott" before "Roylott"
    spelt = (r"\s+".join(map(re.escape, answer.split())) for answer in ordered)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(spelt)})(?!\w)", re.IGNORECASE)

    def false(text: str) -> str:
        return pattern.sub(lambda _: put_in, text)

    def altered(piece: Evidence) -> Evidence:
        return replace(
            piece,
            text=false(piece.text),
            key=false(piece.key),
            answer=false(piece.answer),
            correction=false(piece.correction),
        )

    return lambda found: replace(found, evidence=tuple(map(altered, found.evidence)))


def false_answer(known: KnownQuestion, others: Sequence[KnownQuestion], seed: int = 0) -> str:
    """An answer to another question that could be taken for one to this: a number for a number, a name for a name.

    Args:
        known: a question with one target.
        others: whose answers are put in; it may be among them.
        seed: another one chooses another answer.

    Returns:
        An empty string where there is none.
    """
    fitting = [
        answer
        for other in others
        if other.answers and other.work != known.work
        for answer in other.answers[:1]
        if _shape(answer) == _shape(known.answers[0])
        and not known.answered_by(answer)
        and not any(holds(accepted, answer) for accepted in known.answers)
        and not holds(known.question, answer)
    ]
    return min(fitting, key=lambda answer: share(f"{seed}: {known.question}: {answer}"), default="")


def _shape(answer: str) -> tuple[bool, bool]:
    """Whether it has figures, and whether it begins as a name does."""
    return any(letter.isdigit() for letter in answer), answer[:1].isupper()

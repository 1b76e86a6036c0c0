"""The persona's own lines where the model should not find the words: to decline, to read out, to open a reply."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.grounding import best_sentence
from chatbot.language import as_written, language_of
from chatbot.library.search import Evidence, Found
from chatbot.templates import fill_in
from personas import Persona


@dataclass(frozen=True)
class Wording:
    """The lines for one question.

    Attributes:
        persona: whose lines.
        question: chooses among them: the same question gets the same line.
        attempt: 0 for the first answer; a retry gets another line.
    """

    persona: Persona
    question: str
    attempt: int = 0

    def line(self, lines: Sequence[str]) -> str:
        """One of several lines."""
        start = random.Random(self.question).randrange(len(lines))
        return lines[(start + self.attempt) % len(lines)]

    def with_quote(self, lines: Sequence[str], best: Evidence) -> str:
        """One of several lines around the sentence that bears most on the question."""
        sentence = best.key or best_sentence(self.question, [best.text], language_of(self.persona))
        return fill_in(self.line(lines), {"quote": quotable(sentence)})

    def without_model(self, found: Found | None, voice: bool) -> str:
        """The reply where the model would have to invent one; an empty string where the model may answer.

        A word that occurs nowhere in the books is from outside the persona's world. Where the books merely do not hold
        the answer, the tuned voice finds words for that itself; the plain model would invent.
        """
        if found is None or not found.weak:
            return ""
        if found.unknown:
            return fill_in(self.line(self.persona.strangers), {"word": as_written(found.unknown[0], self.question)})
        return "" if voice else self.line(self.persona.declines)

    def opening(self, used: Sequence[Evidence], voice: bool) -> str:
        """How a reply with notes begins: with the sentence that the search singled out.

        A small model picks the right sentence of three notes less often than the search does, but draws its conclusion
        well enough once the sentence stands there. The tuned voice has learned replies of this form.
        """
        openings = self.persona.training.openings
        if not (used and used[0].key and voice and openings):
            return ""
        return f'{self.line(openings)}: "{quotable(used[0].key)}"'


def quotable(sentence: str) -> str:
    """A sentence as it stands between quotation marks."""
    return " ".join(sentence.replace('"', "'").split()).strip("' ")

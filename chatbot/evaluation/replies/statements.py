"""Statements of replies, drawn for a person who holds each against its evidence.

The same statements are drawn again in the next run as far as they are still made, so that few have to be read anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.evaluation.questions import share
from chatbot.evaluation.replies.answers import Answer, stamp
from chatbot.language import Language, split_sentences, words_of

DRAWN = 200  # of each mode
SHORTEST = 3  # words; what is shorter is no statement


@dataclass(frozen=True)
class Statement:
    """A sentence of a reply that was given evidence and was not replaced."""

    mode: str
    question: str
    text: str

    @property
    def stamp(self) -> str:
        """Of question and sentence, so that a verdict is never said of another one."""
        return stamp(f"{self.question} {self.text}")


def draw_statements(answers: Sequence[Answer], language: Language, number: int = DRAWN) -> list[Statement]:
    """`number` statements of each mode, or all there are, in the order of the answers; `language` is the persona's."""
    made: dict[str, list[Statement]] = {}
    for answer in answers:
        if answer.verdict == "grounded":
            sentences = [text for text in split_sentences(answer.reply, language) if len(words_of(text)) >= SHORTEST]
            made.setdefault(answer.mode, []).extend(
                Statement(answer.mode, answer.known.question, text) for text in sentences
            )
    drawn = []
    for statements in made.values():
        chosen = set(sorted(statements, key=lambda one: share(one.stamp))[:number])
        drawn += [one for one in dict.fromkeys(statements) if one in chosen]
    return drawn

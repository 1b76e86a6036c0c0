"""Saying a sentence otherwise, so that it claims the same or something else: what that needs of a language, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Rewriting = tuple[re.Pattern[str], str]  # what is matched, and the template that its groups fill


@dataclass(frozen=True)
class Altering:
    """How sentences are altered. What is not given is not done: a language may have none of it.

    Attributes:
        negated: what makes a sentence a negative one, with the space around it; taken out, it claims the opposite.
        negatable: behind what the negation goes.
        negation: that negation, with the space before it.
        opposites: words and their opposites, in both directions.
        series: words of which each may stand where another does: months, numbers.
        clauses: where a sentence may end and still be one.
        third_person: the first person in the third; {name} stands for the persona's name.
        pronouns: with which a sentence begins that goes on about whom the one before began with.
        statements: questions, from a small letter on, and what they are with their {answer} as a statement.
        assertions: questions to be answered by yes or no, and what yes says.
        premises: questions, and what they take for granted.
        answered: "you" and "your" as the persona answers.
        yes: words for yes with which an answer begins.
        no: words for no.
    """

    negated: re.Pattern[str] | None = None
    negatable: re.Pattern[str] | None = None
    negation: str = ""
    opposites: Mapping[str, str] | None = None
    series: tuple[tuple[str, ...], ...] = ()
    clauses: re.Pattern[str] | None = None
    third_person: tuple[Rewriting, ...] = ()
    pronouns: frozenset[str] = frozenset()
    statements: tuple[Rewriting, ...] = ()
    assertions: tuple[Rewriting, ...] = ()
    premises: tuple[Rewriting, ...] = ()
    answered: tuple[Rewriting, ...] = ()
    yes: frozenset[str] = frozenset()
    no: frozenset[str] = frozenset()

    def opposed(self, sentence: str) -> str | None:
        """A sentence with its negation taken out, or one put in; None where there is no place for it."""
        if self.negated and (match := self.negated.search(sentence)):
            return sentence[: match.start()] + sentence[match.end() :]
        if self.negatable and (match := self.negatable.search(sentence)):
            return sentence[: match.end()] + self.negation + sentence[match.end() :]
        return None

    def in_third_person(self, sentence: str, name: str) -> str | None:
        """A sentence of the persona's as somebody else would say it; None where it is none."""
        said = sentence
        for pattern, instead in self.third_person:
            said = pattern.sub(instead.replace("{name}", name), said)
        return said if said != sentence else None

    def statement(self, question: str, answer: str) -> str | None:
        """What a question says with its answer; None where its form is not known."""
        return self._rewritten(self.statements, question, answer)

    def assertion(self, question: str) -> str | None:
        """What yes says in answer to a question; None where its form is not known."""
        return self._rewritten(self.assertions, question)

    def premise(self, question: str) -> str | None:
        """What a question takes for granted; None where its form is not known."""
        return self._rewritten(self.premises, question)

    def _rewritten(self, forms: Sequence[Rewriting], question: str, answer: str = "") -> str | None:
        asked = question.strip()
        asked = asked[:1].lower() + asked[1:]
        for pattern, template in forms:
            if match := pattern.fullmatch(asked):
                said = match.expand(template)
                for addressed, instead in self.answered:
                    said = addressed.sub(instead, said)
                said = said.replace("{answer}", answer.rstrip("."))
                return said[:1].upper() + said[1:]
        return None


def both_ways(pairs: str) -> dict[str, str]:
    """Opposites of a text that has two words for each: "left right, old young"."""
    found: dict[str, str] = {}
    for pair in pairs.split(","):
        one, other = pair.split()
        found |= {one: found.get(one, other), other: found.get(other, one)}
    return found

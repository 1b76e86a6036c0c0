"""Query decomposition: a question that asks two things at once is searched for as two, each with its share of the
evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import zip_longest

from chatbot.language import kind_of, sub_questions
from chatbot.library.search.inquiry import Candidate, Inquiry
from chatbot.library.search.modules.base import Nested, run
from chatbot.library.search.tools import Tools


@dataclass(frozen=True)
class Decompose(Nested):
    """Runs its steps for each sub-question, and once where there is only one."""

    name = "decompose"
    unwraps = True

    def __call__(self, inquiry: Inquiry, tools: Tools) -> Inquiry:
        """Run the steps; of a question that asks one thing nothing is noted but what they do."""
        if len(sub_questions(inquiry.question, tools.language)) == 1:
            return run(self.steps, inquiry, tools)
        return super().__call__(inquiry, tools)

    def apply(self, inquiry: Inquiry, tools: Tools) -> tuple[Inquiry, str]:
        """The pieces for all sub-questions in turn: the best of each first."""
        questions = sub_questions(inquiry.question, tools.language)
        shared = replace(inquiry, budget=inquiry.budget // len(questions), shares=len(questions))
        answers = [
            run(
                self.steps,
                replace(shared, question=question, kind=kind_of(question, tools.language, inquiry.history)),
                tools,
            )
            for question in questions
        ]
        pieces: dict[tuple[str, str], Candidate] = {}
        for row in zip_longest(*(answer.candidates for answer in answers)):
            for candidate in row:
                if candidate is not None:
                    pieces.setdefault((candidate.passage.id, candidate.text), candidate)
        merged = replace(
            answers[0],
            question=inquiry.question,
            candidates=tuple(pieces.values()),
            dropped=tuple(dropped for answer in answers for dropped in answer.dropped),
            steps=tuple(step for answer in answers for step in answer.steps),
            signals={
                name: min(answer.signals.get(name, 0.0) for answer in answers)  # as weak as the weakest
                for name in answers[0].signals
            },
            budget=inquiry.budget,
            shares=inquiry.shares,
        )
        return merged, " | ".join(questions)

"""Answers held against evidence: what was shown, and where nothing was, what the library would have handed over."""

from __future__ import annotations

from functools import lru_cache

from chatbot.bot import Answered
from chatbot.evaluation.questions import KnownQuestion
from chatbot.evaluation.replies import Answer, Judgement
from chatbot.library.search import ADVANCED
from chatbot.resources import Resources

PIECES = 3  # as a turn hands over


class EvidenceJudge:
    """Judges the claims of answers. A mode that was shown nothing is judged by what the plan `rag` finds.

    Args:
        resources: with the library and the judge of support.
        persona: who answers.
    """

    def __init__(self, resources: Resources, persona: str) -> None:
        self._resources, self._persona = resources, persona
        self._looked_up = lru_cache(maxsize=8)(self._look_up)  # every mode is asked a question before the next

    def __call__(self, answer: Answer, answered: Answered) -> Answer:
        """The answer with its judgement; as it is where the persona has no judge of support."""
        judge = self._resources.models(self._persona).support()
        if judge is None:
            return answer
        question, limit = answer.known.question, judge.threshold.limit
        shown = [piece.text for piece in answered.trace.evidence]
        said = [claim.text for claim in answer.claims if claim.said] if shown else judge.claims(answer.reply)
        likely = [claim.likely for claim in answer.claims if claim.said]
        if not shown:
            likely = judge.probabilities(said, self._looked_up(answer.known), question)
        judged = Judgement(
            claims=len(said),
            unsupported=tuple(text for text, p in zip(said, likely, strict=True) if p < limit),
            shown=len(shown),
            used=sum(any(p >= limit for p in judge.probabilities(said, [piece], question)) for piece in shown),
        )
        return answer.model_copy(update={"judged": judged})

    def _look_up(self, known: KnownQuestion) -> list[str]:
        library = self._resources.library(self._persona)
        budget = self._resources.settings.evidence_tokens
        plan = library.plan(ADVANCED)
        found = library.search(known.question, plan, history=known.history, pieces=PIECES, budget=budget)
        return [piece.text for piece in found.evidence]

"""A question that asks two things at once is searched for as two, and each gets its share of the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig

from chatbot.library.search.inquiry import Candidate, Inquiry
from chatbot.library.search.modules.base import Module, Tools, run
from chatbot.library.search.modules.rewriting import parts_of


class Parts(Module):
    """Runs the rest of a plan for each part of the question.

    Args:
        chain: the modules behind this one in the plan.
    """

    title = "parts"

    def __init__(self, tools: Tools, chain: Sequence[Runnable[Inquiry, Inquiry]]) -> None:
        super().__init__(tools)
        self._chain = tuple(chain)

    def invoke(self, input: Inquiry, config: RunnableConfig | None = None, **kwargs: Any) -> Inquiry:
        """Run the chain, noting nothing of its own where the question is one."""
        if len(parts_of(input.question, self.tools.language)) == 1:
            return run(self._chain, input)
        return super().invoke(input, config, **kwargs)

    def apply(self, inquiry: Inquiry) -> tuple[Inquiry, str]:
        """The pieces of all parts in turn: the best of each first."""
        parts = parts_of(inquiry.question, self.tools.language)
        shared = replace(inquiry, budget=inquiry.budget // len(parts), shares=len(parts))
        answered = [run(self._chain, replace(shared, question=part)) for part in parts]
        seen: dict[tuple[str, str], Candidate] = {}
        for row in zip_longest(*(answer.candidates for answer in answered)):
            for candidate in row:
                if candidate is not None:
                    seen.setdefault((candidate.passage.id, candidate.text), candidate)
        signals = {name: min(answer.signals.get(name, 0.0) for answer in answered) for name in answered[0].signals}
        whole = replace(
            answered[0],
            question=inquiry.question,
            candidates=tuple(seen.values()),
            dropped=tuple(gone for answer in answered for gone in answer.dropped),
            steps=tuple(step for answer in answered for step in answer.steps),
            signals=signals,
            budget=inquiry.budget,
            shares=inquiry.shares,
        )
        return whole, " | ".join(parts)

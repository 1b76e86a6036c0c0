"""The confidence of a plan, fitted on questions that the books answer and on questions that they do not."""

from __future__ import annotations

from collections.abc import Sequence

from chatbot.errors import MessageError
from chatbot.evaluation.questions import KnownQuestion
from chatbot.library.search import Library, LogisticModel, Plan, fitted
from chatbot.progress import Progress


def calibrated(
    library: Library,
    plan: Plan,
    questions: Sequence[KnownQuestion],
    spared: float,
    on_progress: Progress = lambda done, total: None,
) -> LogisticModel:
    """The weights of a plan.

    Args:
        library: is searched.
        plan: how.
        questions: of both kinds; those of the test split must not be among them.
        spared: the share of the answerable ones whose evidence must not be called weak.
        on_progress: told how many questions are done, of how many.

    Raises:
        MessageError: there are not questions of both kinds.
    """
    answered: list[dict[str, float]] = []
    not_: list[dict[str, float]] = []
    for number, known in enumerate(questions, 1):
        signals = dict(library.search(known.question, plan, history=known.history).signals)
        (not_ if known.kind == "unanswerable" else answered).append(signals)
        on_progress(number, len(questions))
    if not answered or not not_:
        raise MessageError("Questions of both kinds are needed: some that the books answer, and some that they do not.")
    return fitted(answered, not_, spared)

"""How well the judges of replies agree with a person who read them."""

from chatbot.evaluation.judges.agreement import (
    Agreement,
    judged_answers,
    judged_character,
    judged_support,
    tone_tells,
    with_claims,
)
from chatbot.evaluation.judges.report import report, summary

__all__ = [
    "Agreement",
    "judged_answers",
    "judged_character",
    "judged_support",
    "report",
    "summary",
    "tone_tells",
    "with_claims",
]

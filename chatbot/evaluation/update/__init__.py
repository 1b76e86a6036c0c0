"""New facts: what it takes to make them answerable, by adding a text and by training, and what is lost."""

from chatbot.evaluation.update.case import Case, NewFact, read_case
from chatbot.evaluation.update.experiment import CLOSED_BOOK, CopiedLibrary, Experiment, Teach
from chatbot.evaluation.update.log import UpdateLog
from chatbot.evaluation.update.report import report, result_of, summary
from chatbot.evaluation.update.values import Compared, Condition, Cost, Update, read_update

__all__ = [
    "CLOSED_BOOK",
    "Case",
    "Compared",
    "Condition",
    "CopiedLibrary",
    "Cost",
    "Experiment",
    "NewFact",
    "Teach",
    "Update",
    "UpdateLog",
    "read_case",
    "read_update",
    "report",
    "result_of",
    "summary",
]

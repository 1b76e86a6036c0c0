"""Every mode over the same questions and conversations: seven axes with figures and intervals, and a report."""

from chatbot.evaluation.compare.against import changes, check_same, read_run
from chatbot.evaluation.compare.entrants import FACTS
from chatbot.evaluation.compare.entries import CompareLog
from chatbot.evaluation.compare.figures import broken_of, figures
from chatbot.evaluation.compare.page import html
from chatbot.evaluation.compare.phases import ALTERED, AXES, KINDS, TIMED, WISHED, Outcome, Plan, run
from chatbot.evaluation.compare.report import Report, as_json, markdown
from chatbot.evaluation.compare.updating import update_figures

__all__ = [
    "ALTERED",
    "AXES",
    "FACTS",
    "KINDS",
    "TIMED",
    "WISHED",
    "CompareLog",
    "Outcome",
    "Plan",
    "Report",
    "as_json",
    "broken_of",
    "changes",
    "check_same",
    "figures",
    "html",
    "markdown",
    "read_run",
    "run",
    "update_figures",
]

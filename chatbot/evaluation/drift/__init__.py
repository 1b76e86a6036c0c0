"""Whether a persona stays as it is: in long conversations, and where somebody tries to make it break character."""

from chatbot.evaluation.drift.measures import TurnFigures, figures_of
from chatbot.evaluation.drift.plain import PLAIN, plain_replies
from chatbot.evaluation.drift.report import as_json, chart, report, summary
from chatbot.evaluation.drift.yardsticks import Yardsticks, character_judge, yardsticks

__all__ = [
    "PLAIN",
    "TurnFigures",
    "Yardsticks",
    "as_json",
    "character_judge",
    "chart",
    "figures_of",
    "plain_replies",
    "report",
    "summary",
    "yardsticks",
]

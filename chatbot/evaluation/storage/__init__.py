"""The memory under load: a database filled with years of conversations, and how long it takes for each request."""

from chatbot.evaluation.storage.filling import Stock, fill
from chatbot.evaluation.storage.report import as_json, report
from chatbot.evaluation.storage.timing import Timed, time_all

__all__ = ["Stock", "Timed", "as_json", "fill", "report", "time_all"]

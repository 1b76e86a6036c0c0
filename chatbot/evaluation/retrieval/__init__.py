"""How well the library is searched: every system over the same questions, judged by the evidence that it hands over."""

from chatbot.evaluation.retrieval.calibration import calibrated
from chatbot.evaluation.retrieval.judging import Judge, Judgement, same_work
from chatbot.evaluation.retrieval.report import Outcomes, as_json, chart, report, tables
from chatbot.evaluation.retrieval.runs import DEPTH, PIECES, SearchOutcome, run
from chatbot.evaluation.retrieval.summary import Summary, summarise
from chatbot.evaluation.retrieval.systems import System, all_systems, choose_systems

__all__ = [
    "DEPTH",
    "PIECES",
    "Judge",
    "Judgement",
    "Outcomes",
    "SearchOutcome",
    "Summary",
    "System",
    "all_systems",
    "as_json",
    "calibrated",
    "chart",
    "choose_systems",
    "report",
    "run",
    "same_work",
    "summarise",
    "tables",
]

"""Search: a question goes through the modules of a plan, and what they leave is the evidence.

LangChain's interface to it is `chatbot.library.search.retriever`.
"""

from chatbot.library.search.confidence import CALIBRATION_FILE, Calibration, LogisticModel, fitted, write_calibration
from chatbot.library.search.evidence import Evidence, Found, Reason, Step
from chatbot.library.search.inquiry import Candidate
from chatbot.library.search.library import Library
from chatbot.library.search.models import LanguageModel, OpenModels, Scorer, TextReader
from chatbot.library.search.modules import LOGIT, in_context, text_for_reader, windows_of
from chatbot.library.search.plans import ADVANCED, ALL, CANDIDATES, MODULAR, NAIVE, Plan, plan_of

__all__ = [
    "ADVANCED",
    "ALL",
    "CALIBRATION_FILE",
    "CANDIDATES",
    "LOGIT",
    "MODULAR",
    "NAIVE",
    "Calibration",
    "Candidate",
    "Evidence",
    "Found",
    "LanguageModel",
    "Library",
    "LogisticModel",
    "OpenModels",
    "Plan",
    "Reason",
    "Scorer",
    "Step",
    "TextReader",
    "fitted",
    "in_context",
    "plan_of",
    "text_for_reader",
    "windows_of",
    "write_calibration",
]

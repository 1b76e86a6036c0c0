"""Search: a question goes through the modules of a plan, and what they leave is the evidence.

LangChain's interface to it is `chatbot.library.search.retriever`.
"""

from chatbot.library.search.confidence import CALIBRATION_FILE, Calibration, LogisticModel, fitted, write_calibration
from chatbot.library.search.evidence import Evidence, Found, Reason, Step
from chatbot.library.search.library import Library
from chatbot.library.search.models import LanguageModel, OpenModels, Scorer
from chatbot.library.search.modules import LOGIT, in_context, windows_of
from chatbot.library.search.plans import ADVANCED, ALL, MODULAR, NAIVE, Plan, plan_of

__all__ = [
    "ADVANCED",
    "ALL",
    "CALIBRATION_FILE",
    "LOGIT",
    "MODULAR",
    "NAIVE",
    "Calibration",
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
    "fitted",
    "in_context",
    "plan_of",
    "windows_of",
    "write_calibration",
]

"""Search: a question goes through the modules of a plan, and what they leave is the evidence."""

from typing import TYPE_CHECKING, Any

from chatbot.library.search.confidence import CALIBRATION_FILE, Calibration, LogisticModel, fitted, write_calibration
from chatbot.library.search.evidence import Evidence, Found, Reason, Step
from chatbot.library.search.inquiry import Ranking
from chatbot.library.search.library import Library, Models
from chatbot.library.search.modules import MODULES, LanguageModel, Scorer
from chatbot.library.search.modules.finding import fused
from chatbot.library.search.modules.focusing import LOGIT, windows_of
from chatbot.library.search.modules.rewriting import in_context
from chatbot.library.search.plans import ADVANCED, ALL, MODULAR, NAIVE, Plan, plan_of

if TYPE_CHECKING:
    from chatbot.library.search.retriever import LibraryRetriever

__all__ = [
    "ADVANCED",
    "ALL",
    "CALIBRATION_FILE",
    "LOGIT",
    "MODULAR",
    "MODULES",
    "NAIVE",
    "Calibration",
    "Evidence",
    "Found",
    "LanguageModel",
    "Library",
    "LibraryRetriever",
    "LogisticModel",
    "Models",
    "Plan",
    "Ranking",
    "Reason",
    "Scorer",
    "Step",
    "fitted",
    "fused",
    "in_context",
    "plan_of",
    "windows_of",
    "write_calibration",
]


def __getattr__(name: str) -> Any:
    # LangChain's interface is imported when it is asked for: it takes a moment, and a turn does without it.
    if name == "LibraryRetriever":
        from chatbot.library.search.retriever import LibraryRetriever

        return LibraryRetriever
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

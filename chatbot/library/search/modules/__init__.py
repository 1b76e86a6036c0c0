"""The modules that plans are made of, by the names that persona files and commands use."""

from chatbot.library.search.modules.base import Module, Nested, run
from chatbot.library.search.modules.compress import Compress
from chatbot.library.search.modules.cross_encoder import LOGIT, CrossEncode
from chatbot.library.search.modules.decompose import Decompose
from chatbot.library.search.modules.filter_then_rerank import FilterThenRerank
from chatbot.library.search.modules.focus import Focus, windows_of
from chatbot.library.search.modules.hyde import Hyde
from chatbot.library.search.modules.iterative_retrieval import IterativeRetrieval
from chatbot.library.search.modules.mmr import MaximalMarginalRelevance
from chatbot.library.search.modules.multi_query import MultiQuery
from chatbot.library.search.modules.perplexity import Perplexity
from chatbot.library.search.modules.probable import ProbableQuestions
from chatbot.library.search.modules.read import FACT, Read, text_for_reader
from chatbot.library.search.modules.reorder import Reorder
from chatbot.library.search.modules.retrieval import Bm25Search, DenseSearch, Fuse, fused
from chatbot.library.search.modules.rewriting import FollowUp, NamePersona, in_context
from chatbot.library.search.modules.router import Router
from chatbot.library.search.modules.sentence_window import SentenceWindow

MODULES: dict[str, type[Module]] = {
    module.name: module
    for module in (
        Router,
        Decompose,
        FollowUp,
        NamePersona,
        MultiQuery,
        Hyde,
        DenseSearch,
        Bm25Search,
        Fuse,
        Focus,
        ProbableQuestions,
        CrossEncode,
        Read,
        Perplexity,
        IterativeRetrieval,
        FilterThenRerank,
        MaximalMarginalRelevance,
        SentenceWindow,
        Compress,
        Reorder,
    )
}

__all__ = [
    "FACT",
    "LOGIT",
    "MODULES",
    "Bm25Search",
    "Compress",
    "CrossEncode",
    "Decompose",
    "DenseSearch",
    "FilterThenRerank",
    "Focus",
    "FollowUp",
    "Fuse",
    "Hyde",
    "IterativeRetrieval",
    "MaximalMarginalRelevance",
    "Module",
    "MultiQuery",
    "NamePersona",
    "Nested",
    "Perplexity",
    "ProbableQuestions",
    "Read",
    "Reorder",
    "Router",
    "SentenceWindow",
    "fused",
    "in_context",
    "run",
    "text_for_reader",
    "windows_of",
]

"""The modules that plans are composed of, by the names that persona files and commands use."""

from chatbot.library.search.modules.base import LanguageModel, Module, Scorer, Tools, Vectors
from chatbot.library.search.modules.finding import Bm25Search, DenseSearch, Fuse
from chatbot.library.search.modules.finishing import Compress, Diversify, Ends, Surroundings
from chatbot.library.search.modules.focusing import CrossEncode, Focus
from chatbot.library.search.modules.reranking import Hypothetical, Perplexity, Settle
from chatbot.library.search.modules.rewriting import FollowUp, Persona, Phrasings
from chatbot.library.search.modules.routing import Again, Router

MODULES: dict[str, type[Module]] = {
    module.title: module
    for module in (
        Router,
        FollowUp,
        Persona,
        Phrasings,
        Hypothetical,
        DenseSearch,
        Bm25Search,
        Fuse,
        Focus,
        CrossEncode,
        Perplexity,
        Settle,
        Again,
        Diversify,
        Surroundings,
        Compress,
        Ends,
    )
}

__all__ = ["MODULES", "LanguageModel", "Module", "Scorer", "Tools", "Vectors"]

"""The library as LangChain has it: a retriever, and a search as a Runnable, so that any chain can search it.

Nothing in the program needs LangChain's interface to search; who composes chains imports it from here.
"""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableLambda
from pydantic import Field

from chatbot.library.search.evidence import Found
from chatbot.library.search.library import Library
from chatbot.library.search.plans import ADVANCED, Plan


def as_runnable(library: Library, plan: Plan = ADVANCED, *, pieces: int = 0, budget: int = 0) -> Runnable[str, Found]:
    """A search as a Runnable from a question to what was found, named for its plan; see `Library.search`."""

    def search(question: str) -> Found:
        return library.search(question, plan, pieces=pieces or None, budget=budget)

    return RunnableLambda(search, name=plan.name)


class LibraryRetriever(BaseRetriever):
    """A `BaseRetriever` over a `Library`.

    Attributes:
        library: what is searched.
        plan: how.
        pieces: the most documents.
        budget: the most tokens of all documents; 0: no limit.
    """

    library: Any = Field(exclude=True)
    plan: Plan = ADVANCED
    pieces: int = 4
    budget: int = 0

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        found = self.library.search(query, self.plan, pieces=self.pieces, budget=self.budget)
        return [
            Document(
                id=piece.passage.id,
                page_content=piece.text,
                metadata={**piece.passage.metadata(), "score": piece.score, "passage": piece.passage.text},
            )
            for piece in found.evidence
        ]

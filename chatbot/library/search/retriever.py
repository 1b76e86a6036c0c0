"""The library as a LangChain retriever, so that any chain can search it."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field

from chatbot.library.search.plans import ADVANCED, Plan


class LibraryRetriever(BaseRetriever):
    """A `BaseRetriever` over a `Library`.

    Attributes:
        library: what is searched.
        plan: how.
        pieces: the most documents.
    """

    library: Any = Field(exclude=True)
    plan: Plan = ADVANCED
    pieces: int = 4

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        found = self.library.search(query, self.plan, pieces=self.pieces)
        return [
            Document(
                id=piece.passage.id,
                page_content=piece.text,
                metadata={**piece.passage.metadata(), "score": piece.score, "passage": piece.passage.text},
            )
            for piece in found.evidence
        ]

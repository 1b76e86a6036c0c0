"""The library in chains of LangChain: as a retriever and as a Runnable."""

from __future__ import annotations

import subprocess
import sys

from langchain_core.documents import Document
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough
from searching import KILLED

from chatbot.engines import Sampling
from chatbot.engines.chat_model import EngineChatModel
from chatbot.engines.openvino.engine import OpenVinoEngine
from chatbot.library.search.library import Library
from chatbot.library.search.plans import FUSED, NAIVE
from chatbot.library.search.retriever import LibraryRetriever, as_runnable

OTHER = "Who was the owner of Silver Blaze?"


def joined(documents: list[Document]) -> str:
    return "\n".join(document.page_content for document in documents)


def test_the_retriever_gives_documents(library: Library) -> None:
    documents = LibraryRetriever(library=library, pieces=2).invoke(KILLED)
    assert len(documents) == 2
    assert documents[0].metadata["work"] == "The Speckled Band"
    assert documents[0].page_content in documents[0].metadata["passage"].replace("\n", " ")


def test_a_chain_of_retriever_prompt_and_chat_model_answers(library: Library, engine: OpenVinoEngine) -> None:
    retriever = LibraryRetriever(library=library, pieces=2, budget=120)
    prompt = ChatPromptTemplate.from_template("Notes: {notes}\nQuestion: {question}")
    asked = {"notes": retriever | joined, "question": RunnablePassthrough()} | prompt
    (message,) = asked.invoke(KILLED).to_messages()
    assert "Julia Stoner" in str(message.content) and str(message.content).endswith(KILLED)
    assert (asked | EngineChatModel(engine=engine, sampling=Sampling(max_new_tokens=8))).invoke(KILLED).content


def test_a_search_is_named_piped_and_batched(library: Library) -> None:
    search = as_runnable(library, FUSED, pieces=1)
    assert search.get_name() == "fused"
    first = search | (lambda found: found.evidence[0].passage.work)
    assert first.batch([KILLED, OTHER]) == ["The Speckled Band", "Silver Blaze"]
    assert search.invoke(KILLED).evidence == library.search(KILLED, FUSED, pieces=1).evidence
    assert as_runnable(library, NAIVE).invoke(KILLED).plan == "naive"


def test_searching_does_not_import_langchain() -> None:
    check = "import sys, chatbot.library.search; sys.exit('langchain_core' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0

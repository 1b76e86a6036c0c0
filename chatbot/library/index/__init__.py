"""The index: a library on disk; passages and BM25 in tantivy, vectors in Chroma; built, opened and changed."""

from chatbot.library.index.additions import add_text, remove_text
from chatbot.library.index.asked import AskedQuestions, Match, open_asked, placed
from chatbot.library.index.build import build_library
from chatbot.library.index.chroma import ChromaError
from chatbot.library.index.damage import lost_vectors, mend_library
from chatbot.library.index.dense import Dense, fill_library
from chatbot.library.index.kept import Vectors, kept_vectors
from chatbot.library.index.lexical import Lexical, terms
from chatbot.library.index.manifest import (
    Manifest,
    SourceEntry,
    check_embedder,
    check_language,
    index_stamp,
    read_manifest,
)
from chatbot.library.index.own_texts import OwnTexts
from chatbot.library.index.own_vectors import DenseBeside
from chatbot.library.index.passages import IndexReplacedError, Passages, read_passages
from chatbot.library.index.switching import switch_embedder

__all__ = [
    "AskedQuestions",
    "ChromaError",
    "Dense",
    "DenseBeside",
    "IndexReplacedError",
    "Lexical",
    "Manifest",
    "Match",
    "OwnTexts",
    "Passages",
    "SourceEntry",
    "Vectors",
    "add_text",
    "build_library",
    "check_embedder",
    "check_language",
    "fill_library",
    "index_stamp",
    "kept_vectors",
    "lost_vectors",
    "mend_library",
    "open_asked",
    "placed",
    "read_manifest",
    "read_passages",
    "remove_text",
    "switch_embedder",
    "terms",
]

"""The index: a library on disk; passages, BM25 and Chroma, built, opened and changed."""

from chatbot.library.index.additions import add_text, remove_text
from chatbot.library.index.arrangement import arrange, kept_positions
from chatbot.library.index.build import build_library, write_library
from chatbot.library.index.dense import KEEPS_WORDS, Dense, fill_dense, fill_library
from chatbot.library.index.embedder_switch import switch_embedder
from chatbot.library.index.lexical import Lexical, terms
from chatbot.library.index.manifest import (
    Manifest,
    SourceEntry,
    check_embedder,
    file_stamp,
    index_folder,
    read_manifest,
    write_manifest,
)
from chatbot.library.index.passage_file import Arranged, Column, Ints, Passages
from chatbot.library.index.store import read_index, read_passages, write_index

__all__ = [
    "KEEPS_WORDS",
    "Arranged",
    "Column",
    "Dense",
    "Ints",
    "Lexical",
    "Manifest",
    "Passages",
    "SourceEntry",
    "add_text",
    "arrange",
    "build_library",
    "check_embedder",
    "file_stamp",
    "fill_dense",
    "fill_library",
    "index_folder",
    "kept_positions",
    "read_index",
    "read_manifest",
    "read_passages",
    "remove_text",
    "switch_embedder",
    "terms",
    "write_index",
    "write_library",
    "write_manifest",
]

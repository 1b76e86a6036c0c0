"""Texts: a persona's sources, the casebook and files that a user adds, read into sections and cut into passages."""

from chatbot.library.texts.books import sections_of
from chatbot.library.texts.casebook import casebook_sections
from chatbot.library.texts.passages import (
    CASEBOOK,
    RECOLLECTION,
    TEXT,
    CountTokens,
    Passage,
    Section,
    cut,
    recollection,
)
from chatbot.library.texts.probable import ProbableQuestion, probable_questions
from chatbot.library.texts.readers import SUFFIXES, content_key, read_text_file
from chatbot.library.texts.sources import gather_texts

__all__ = [
    "CASEBOOK",
    "RECOLLECTION",
    "SUFFIXES",
    "TEXT",
    "CountTokens",
    "Passage",
    "ProbableQuestion",
    "Section",
    "casebook_sections",
    "content_key",
    "cut",
    "gather_texts",
    "probable_questions",
    "read_text_file",
    "recollection",
    "sections_of",
]

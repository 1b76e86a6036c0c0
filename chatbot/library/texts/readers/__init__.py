"""Readers of files that a user adds, plain text, Markdown, HTML, EPUB and PDF, to sections like the sources'."""

from chatbot.library.texts.readers.blocks import TextFile, content_key
from chatbot.library.texts.readers.files import SUFFIXES, read_text_file

__all__ = ["SUFFIXES", "TextFile", "content_key", "read_text_file"]

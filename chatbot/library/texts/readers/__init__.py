"""Texts that a user adds to a library: plain text, Markdown, HTML, EPUB, PDF; to the same sections as the sources."""

from chatbot.library.texts.readers.blocks import TextFile, content_key
from chatbot.library.texts.readers.files import SUFFIXES, read_text_file

__all__ = ["SUFFIXES", "TextFile", "content_key", "read_text_file"]

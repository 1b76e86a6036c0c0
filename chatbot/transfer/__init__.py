"""Conversations out of the program and into it: JSON Lines, SillyTavern chats, Markdown, HTML, LangChain's messages."""

from chatbot.transfer.files import FORMATS, export_file, export_to, file_name, import_file
from chatbot.transfer.messages import branch_messages

__all__ = [
    "FORMATS",
    "branch_messages",
    "export_file",
    "export_to",
    "file_name",
    "import_file",
]

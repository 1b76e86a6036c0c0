"""The web chat: `serve` runs a Gradio page whose events are handled by classes that know nothing of Gradio."""

from chatbot.web.accounts import Accounts
from chatbot.web.server import serve

__all__ = ["Accounts", "serve"]

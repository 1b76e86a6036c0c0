"""The engine on another machine: any OpenAI-compatible server."""

from chatbot.engines.remote.engine import RemoteEngine

__all__ = [
    "RemoteEngine",
]

"""Engines: how a prompt becomes a stream of tokens. What all of them share; each has a package of its own."""

from typing import TYPE_CHECKING, Any

from chatbot.engines.tokenizer import ChatTokenizer
from chatbot.engines.types import Completion, Engine, Generation, Request, Sampling
from chatbot.engines.weights import GeneratorWeights, check_voice, resolve_model
from chatbot.engines.worker import Limits

if TYPE_CHECKING:
    from chatbot.engines.chat_model import EngineChatModel

__all__ = [
    "ChatTokenizer",
    "Completion",
    "Engine",
    "EngineChatModel",
    "Generation",
    "GeneratorWeights",
    "Limits",
    "Request",
    "Sampling",
    "check_voice",
    "resolve_model",
]


def __getattr__(name: str) -> Any:
    # Imported on first use: LangChain takes a moment to import, and a turn does without it.
    if name == "EngineChatModel":
        from chatbot.engines.chat_model import EngineChatModel

        return EngineChatModel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

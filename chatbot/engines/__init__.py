"""Engines: how a prompt becomes a stream of tokens. What all of them share; each has a package of its own."""

from typing import TYPE_CHECKING, Any

from chatbot.engines.chat_format import encode_messages
from chatbot.engines.likelihood import Batch
from chatbot.engines.reply import Reply
from chatbot.engines.types import Completion, Engine, Finish, Generation, Request, Sampling
from chatbot.engines.weights import BUNDLED, BUNDLED_PACKAGE, GeneratorWeights, resolve_model
from chatbot.engines.worker import CLOSED, Limits, Say, WorkerEngine, failure, left_unread

if TYPE_CHECKING:
    from chatbot.engines.chat_model import EngineChatModel

__all__ = [
    "BUNDLED",
    "BUNDLED_PACKAGE",
    "CLOSED",
    "Batch",
    "Completion",
    "Engine",
    "EngineChatModel",
    "Finish",
    "Generation",
    "GeneratorWeights",
    "Limits",
    "Reply",
    "Request",
    "Sampling",
    "Say",
    "WorkerEngine",
    "encode_messages",
    "failure",
    "left_unread",
    "resolve_model",
]


def __getattr__(name: str) -> Any:
    # LangChain's interface is imported when it is asked for: it takes a moment, and a turn does without it.
    if name == "EngineChatModel":
        from chatbot.engines.chat_model import EngineChatModel

        return EngineChatModel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

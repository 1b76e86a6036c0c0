"""The engine that runs transformers and PEFT in this process: for CUDA and MPS, and the reference for the others."""

from chatbot.engines.torch.engine import LocalEngine
from chatbot.engines.torch.prefix_cache import common_prefix
from chatbot.engines.torch.voices import check_voice

__all__ = [
    "LocalEngine",
    "check_voice",
    "common_prefix",
]

"""The engine on transformers and PEFT: for CUDA and MPS, and the reference for the others."""

from chatbot.engines.torch.engine import TorchEngine

__all__ = [
    "TorchEngine",
]

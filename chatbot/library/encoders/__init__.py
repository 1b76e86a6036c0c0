"""Encoders: the embedder and the cross-encoder, in OpenVINO where it can run them, else in torch."""

from chatbot.library.encoders.adapters import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from chatbot.library.encoders.cross_encoder import CrossEncoder
from chatbot.library.encoders.embedder import Embedder
from chatbot.library.encoders.encoder import BUNDLED, BUNDLED_NAME, model_folder
from chatbot.library.encoders.support_encoder import SupportEncoder

__all__ = [
    "ADAPTER_CONFIG",
    "ADAPTER_WEIGHTS",
    "BUNDLED",
    "BUNDLED_NAME",
    "CrossEncoder",
    "Embedder",
    "SupportEncoder",
    "model_folder",
]

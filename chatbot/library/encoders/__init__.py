"""Encoders: the embedder and the cross-encoder, in OpenVINO where it can run them, else in torch."""

from chatbot.library.encoders.cross_encoder import CrossEncoder
from chatbot.library.encoders.embedder import BUNDLED, Embedder, model_folder

__all__ = [
    "BUNDLED",
    "CrossEncoder",
    "Embedder",
    "model_folder",
]

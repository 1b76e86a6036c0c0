"""Encoders: the embedder, the cross-encoder and the reader, in OpenVINO where it can run them, else in torch."""

from chatbot.library.encoders.adapters import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from chatbot.library.encoders.cross_encoder import CrossEncoder
from chatbot.library.encoders.embedder import Embedder
from chatbot.library.encoders.encoder import BUNDLED, BUNDLED_NAME, model_folder
from chatbot.library.encoders.reader import OUTPUTS as READER_OUTPUTS
from chatbot.library.encoders.reader import Reader, ReadText
from chatbot.library.encoders.support_encoder import SupportEncoder

__all__ = [
    "ADAPTER_CONFIG",
    "ADAPTER_WEIGHTS",
    "BUNDLED",
    "BUNDLED_NAME",
    "READER_OUTPUTS",
    "CrossEncoder",
    "Embedder",
    "ReadText",
    "Reader",
    "SupportEncoder",
    "model_folder",
]

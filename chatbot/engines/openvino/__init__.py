"""The engine for ordinary processors: OpenVINO GenAI."""

from chatbot.engines.openvino.engine import OpenVinoEngine

__all__ = [
    "OpenVinoEngine",
]

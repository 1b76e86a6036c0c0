"""No library that this program is made of reports to its makers: the one place where all of that is switched off.

It has to happen before any of them is imported, so `chatbot/__init__.py` calls it. Downloads are another matter: they
happen only where a setting names a model on a hub, or a command fetches source texts.
"""

from __future__ import annotations

import os
import sys

SILENT = {
    "ANONYMIZED_TELEMETRY": "False",  # Chroma
    "DISABLE_TELEMETRY": "1",  # transformers, datasets and others
    "DO_NOT_TRACK": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
}
# OpenVINO's converter looks up an analytics host and writes below the user's home when this package is there; where it
# cannot be imported, the converter takes a stub of its own instead.
NOT_IMPORTED = ("openvino_telemetry",)


def go_silent() -> None:
    """Switch off every report that a library would send by itself."""
    os.environ.update(SILENT)
    # Not a report but a warning, of a library about its own threads.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    for name in NOT_IMPORTED:
        sys.modules[name] = None  # type: ignore[assignment]  # so says Python's documentation of `sys.modules`

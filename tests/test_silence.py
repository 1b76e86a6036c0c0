"""Importing any part of the program switches off what its libraries would report; `tests/faults` tries it out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import importlib, os, sys
importlib.import_module(sys.argv[1])
import huggingface_hub.constants, gradio.analytics
from chromadb.config import Settings
from langsmith import utils
from openvino.tools.ovc import telemetry_utils
print(
    huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY, huggingface_hub.constants.HF_HUB_DISABLE_UPDATE_CHECK,
    not gradio.analytics.analytics_enabled(), not Settings().anonymized_telemetry, not utils.tracing_is_enabled(),
    telemetry_utils.tm.__name__.endswith("telemetry_stub"),
)
"""


@pytest.mark.parametrize("package", ["personas"])
def test_every_library_is_silent_whatever_is_imported_first(package: str) -> None:
    loud = {"GRADIO_ANALYTICS_ENABLED": "True", "ANONYMIZED_TELEMETRY": "True", "LANGSMITH_TRACING": "true"}
    environment = {name: value for name, value in os.environ.items() if "TELEMETRY" not in name} | loud
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, package],
        env=environment,
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["True"] * 6, done.stderr

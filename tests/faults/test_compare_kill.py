"""A comparison is killed while it asks: what was answered stays, and the next call asks only for the rest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from chatbot.library.search.library import Library
from chatbot.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
ENOUGH = 4  # lines: what the run is about, and three answers

pytestmark = pytest.mark.faults


def _start(settings: Settings, out: Path) -> subprocess.Popen[bytes]:
    command = "compare sherlock --modes rag,hybrid --axes knowledge --sample 2 --out".split()
    return subprocess.Popen(
        [sys.executable, "-c", "from chatbot.cli import main; main()", *command, str(out)],
        cwd=ROOT,
        env=os.environ | {"BAKERSTREET_HOME": str(settings.home), "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines(keepends=True) if file.exists() else []


def _asked(line: str) -> tuple[Any, ...]:
    entry = json.loads(line)
    known = entry["value"]["known"]
    return entry["phase"], entry["value"]["mode"], known["question"], json.dumps(known.get("before"))


def test_a_comparison_that_is_killed_goes_on_where_it_was(settings: Settings, library: Library, tmp_path: Path) -> None:
    file = tmp_path / "compare.jsonl"
    process = _start(settings, tmp_path)
    deadline = time.monotonic() + 280
    while len(_lines(file)) < ENOUGH and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
    process.kill()
    process.wait(60)
    before = [line for line in _lines(file) if line.endswith("\n")]
    assert ENOUGH <= len(before) < 17 and not (tmp_path / "compare.json").exists()
    assert _start(settings, tmp_path).wait(280) == 0
    after = _lines(file)
    assert after[: len(before)] == before
    asked = [_asked(line) for line in after[1:]]
    assert len(asked) == len(set(asked)) and sum(phase == "questions" for phase, *_ in asked) == 16
    replies = json.loads((tmp_path / "compare.json").read_text(encoding="utf-8"))["replies"]["questions"]
    assert len(replies) == 16

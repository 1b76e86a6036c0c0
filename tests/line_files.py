"""A persona with lines of a test's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from chatbot.lines import Example
from personas import LoadedPersona, load_persona


def persona_of_lines(folder: Path, quill_home: Path, lines: Sequence[Example]) -> LoadedPersona:
    """Quill in a new folder, which holds these lines and nothing else."""
    quill = load_persona("quill", quill_home / "personas")
    folder.mkdir()
    rows = [
        {
            "kind": line.kind,
            "messages": [{"role": m.role, "content": m.content} for m in line.messages],
            "also": line.also,
        }
        for line in lines
    ]
    (folder / "lines.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return LoadedPersona("quill", folder, quill.persona)

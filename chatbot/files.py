"""Files that several processes read while one writes them: replaced in one step, and told apart by their state."""

from __future__ import annotations

from pathlib import Path


def file_stamp(file: Path) -> tuple[int, ...]:
    """Tells one state of a file or folder from the next; empty where there is none."""
    try:
        status = file.stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_ino, status.st_size


def replace_text(file: Path, text: str) -> None:
    """Write a file; the old one stays until the new one is whole. One process writes it at a time.

    Raises:
        OSError: it cannot be written.
    """
    partial = file.with_name(f".{file.name}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(file)

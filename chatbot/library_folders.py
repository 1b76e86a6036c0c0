"""Where the libraries of a process lie; one that cannot be written to is read from a copy."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from chatbot.progress import Say


class LibraryFolders:
    """The folders of the libraries, by persona.

    Tantivy and Chroma take locks beside what they read, so neither can open a folder that is only read.

    Args:
        root: holds them.
        say: told when one is copied.
    """

    def __init__(self, root: Path, say: Say) -> None:
        self._root = root
        self._say = say
        self._copies: dict[str, tuple[object, TemporaryDirectory[str]]] = {}
        self._lock = threading.Lock()

    def folder(self, persona_id: str) -> Path:
        """Where the library of a persona lies; where that cannot be written to, a copy of it, as it is now."""
        from chatbot.library.index import index_stamp

        folder = self._root / persona_id
        if not folder.is_dir() or os.access(folder, os.W_OK):
            return folder
        with self._lock:
            stamp = index_stamp(folder)
            known = self._copies.get(persona_id)
            if known is None or known[0] != stamp:
                self._say(f"{folder} cannot be written to; a copy of it is read, and nothing is stored there.")
                known = (stamp, TemporaryDirectory(prefix="bakerstreet-", ignore_cleanup_errors=True))
                shutil.copytree(folder, Path(known[1].name) / persona_id)
                self._copies[persona_id] = known
            return Path(known[1].name) / persona_id

    def close(self) -> None:
        """Delete the copies."""
        for _, copy in self._copies.values():
            copy.cleanup()
        self._copies.clear()

"""Chroma's clients in this process: one for each store, opened anew when another process has written to it.

An embedded Chroma keeps its vectors in memory and does not look at its files again, so what another process adds or
removes is never found: no error is raised. Every writing is therefore announced in a small file beside the store, and a
client is used only while no other process has announced one since it was opened. Who writes holds `writing(folder)`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.errors import LibraryError
from chatbot.files import file_stamp, replace_text

CHROMA = "chroma"
WRITTEN = ".chroma-written"  # replaced when a writing begins and when it ends
BEGUN, DONE = "begun", "done"


@dataclass(frozen=True)
class _Opened:
    client: Any
    written: tuple[int, ...]  # what the announcement was when it was opened, or when this process last wrote


_clients: dict[Path, _Opened] = {}
_servers: dict[str, Any] = {}
_lock = threading.Lock()


def written_stamp(folder: Path) -> tuple[int, ...]:
    """Changes whenever a process writes vectors into a library's store."""
    return file_stamp(folder / WRITTEN)


def client_of(folder: Path, url: str | None) -> Any:
    """A client of a library's store that knows what all processes have written.

    Args:
        folder: the library's folder.
        url: a Chroma server instead of the embedded store.

    Raises:
        LibraryError: the address is none.
    """
    if url:
        with _lock:
            if url not in _servers:
                _servers[url] = _server(url)
            return _servers[url]
    store = (folder / CHROMA).resolve()
    with _lock:
        written = written_stamp(folder)
        known = _clients.get(store)
        if known is None or known.written != written:
            known = _clients[store] = _Opened(_embedded(store), written)
        return known.client


@contextmanager
def announced(folder: Path, url: str | None) -> Iterator[None]:
    """Announce a writing to the other processes before and after it; the client to write with is asked for inside.

    Args:
        folder: the library's folder, which the caller has locked.
        url: a Chroma server, which needs none of this.
    """
    if url:
        yield
        return
    store = (folder / CHROMA).resolve()
    with _lock:
        # Whoever announced a beginning and no end was killed: what was written then may be unknown to this client.
        killed = _announcement(folder).startswith(BEGUN)
        if killed or (store in _clients and _clients[store].written != written_stamp(folder)):
            _clients.pop(store, None)
        _announce(folder, store, BEGUN)
    try:
        yield
    finally:
        with _lock:
            _announce(folder, store, DONE)


def forget(folder: Path) -> None:
    """Forget the client of a store that is deleted."""
    with _lock:
        _clients.pop((folder / CHROMA).resolve(), None)


def _announcement(folder: Path) -> str:
    try:
        return (folder / WRITTEN).read_text(encoding="utf-8")
    except OSError:
        return ""


def _announce(folder: Path, store: Path, what: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    replace_text(folder / WRITTEN, what)
    if store in _clients:
        _clients[store] = _Opened(_clients[store].client, written_stamp(folder))


def _embedded(store: Path) -> Any:
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient

    store.mkdir(parents=True, exist_ok=True)
    # Chroma hands out the system that it opened for a path before. Searches under way keep theirs until they end.
    SharedSystemClient.clear_system_cache()
    return chromadb.PersistentClient(path=str(store), settings=_private())


def _server(url: str) -> Any:
    import chromadb

    match = re.fullmatch(r"(https?)://([^:/]+)(?::(\d+))?/?", url)
    if not match:
        raise LibraryError(f"'{url}' is no address of a Chroma server; write http://host:port.")
    ssl = match[1] == "https"
    return chromadb.HttpClient(
        host=match[2], port=int(match[3] or (443 if ssl else 8000)), ssl=ssl, settings=_private()
    )


def _private() -> Any:
    from chromadb.config import Settings as ChromaSettings

    return ChromaSettings(anonymized_telemetry=False)

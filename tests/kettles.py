"""A small persona of our own with casebook and book, an embedder that counts and can be killed, a Chroma server."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatbot.library.encoders.embedder import Embedder
from personas import LoadedPersona, load_persona

STORY = """A TALE OF TWO KETTLES

Chapter 1. The Copper Kettle

{filler}

Old Barnaby Quill kept a copper kettle under the third stair of Thistle Lodge. He polished it every Sunday.

Chapter 2. The Iron Kettle

{filler}

"I sold the iron kettle to a sailor for nine shillings," said Mistress Wren. "He took it aboard the Sea Mew."
"""
FILLER = "\n\n".join(
    f"On the {day} day the rain fell upon the roofs and nobody in the lane had anything to say of kettles at all."
    for day in ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")
)
QUILL = """\
name: Barnaby Quill
description: You are Barnaby Quill, who polishes kettles.
manner: You speak slowly.
scenario: A visitor stands in your kitchen.
greeting: Mind the step.
declines: [I do not know.]
strangers: ['"{word}"? Not in this kitchen.']
nearest: ['The nearest I have is this: "{quote}"']
readings: ['I read it to you: "{quote}"']
sources:
  - {title: A Tale of Two Kettles, gutenberg: [1], file: kettles.txt, narrator: Wren}
prompts: {grounded: Answer from these notes.}
"""
BOOK = {"kettles.txt": STORY.format(filler=FILLER)}


class Interrupted(BaseException):
    """A kill, as far as a test can have one."""


class Counting(Embedder):
    """The real embedder; remembers how many passages it embedded, and can be killed after some."""

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.embedded = 0
        self.left: int | None = None
        self._name = name

    @property
    def fingerprint(self) -> str:
        return self._name or super().fingerprint

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if self.left is not None and self.embedded + len(texts) > self.left:
            raise Interrupted
        self.embedded += len(texts)
        return super().embed_documents(texts)


def make_persona(folder: Path) -> LoadedPersona:
    """A persona with two casebook entries and one book; `folder` is that of the personas."""
    own = folder / "quill"
    (own / "casebook").mkdir(parents=True)
    (own / "persona.yaml").write_text(QUILL, encoding="utf-8")
    entry(own, "lodge", "Thistle Lodge", "Thistle Lodge stands in Marsh Lane. The roof of Thistle Lodge is green.")
    entry(own, "cat", "The Cat", "The cat of Thistle Lodge is called Pilchard. Pilchard sleeps in the coal box.")
    return load_persona("quill", folder)


def entry(folder: Path, slug: str, title: str, text: str) -> None:
    """Write an entry of the casebook."""
    (folder / "casebook" / f"{slug}.md").write_text(f"---\ntitle: {title}\n---\n# {title}\n\n## Notes\n{text}\n")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def chroma_server(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A real Chroma server; it is stopped at the end, if it was not before."""
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(folder)]
    server = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline, "the server did not come up"
                time.sleep(0.1)
        yield server
    finally:
        server.terminate()
        server.wait(20)

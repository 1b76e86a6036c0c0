"""A second process on the same library: reads one order a line, as JSON, and answers each with a line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

Pieces = list[tuple[str, str, float]]


class SecondProcess:
    """A process with the embedder that tests of the small persona use; the first order opens a home."""

    def __init__(self) -> None:
        command = [sys.executable, __file__]
        root = str(Path(__file__).resolve().parent.parent)
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": root}
        )

    def ask(self, do: str, **values: Any) -> Any:
        """Give an order and wait for what comes of it."""
        self.tell(do, **values)
        return self.answer()

    def tell(self, do: str, **values: Any) -> None:
        """Give an order; `answer` waits for what comes of it."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"do": do, **values}, default=str) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        """What came of the last order."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the process has ended"
        return json.loads(line)

    def end(self) -> None:
        """End it, and wait until it has ended."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


def pieces(library: Any, question: str, plan: Any) -> Pieces:
    """The evidence for a question as (source, text, score), with which two processes are compared."""
    return [(piece.passage.source, piece.text, piece.score) for piece in library.search(question, plan).evidence]


def main() -> None:
    """Obey until the input ends."""
    from chatbot.library.encoders.embedder import Embedder
    from chatbot.library.index import add_text, build, build_library, chroma, fill_library, locking, remove_text
    from chatbot.library.search import NAIVE
    from chatbot.library.search.plans import FUSED
    from chatbot.resources import Resources
    from chatbot.settings import load_settings

    embedder = Embedder()
    plans = {"naive": NAIVE, "rag": FUSED}
    opened: list[Resources] = []

    def open_(home: str) -> None:
        resources = Resources(load_settings(home=home, personas=f"{home}/personas"), say=lambda _: None)
        resources.__dict__["embedder"] = embedder
        opened.insert(0, resources)

    def persona() -> Any:
        return opened[0].persona("quill")

    def folder() -> Path:
        return opened[0].library_folder("quill")

    def die(file: str) -> None:
        """As killed while vectors are written: announced, written, and gone before the manifest is."""

        def dying(*values: Any, **more: Any) -> None:
            chroma.put_into(*values, **more)
            os._exit(9)

        build.__dict__["put_into"] = dying
        add_text(persona(), folder(), embedder, Path(file))

    def hold() -> None:
        """Hold the library's lock until the next line."""
        with locking.writing(folder()):
            print(json.dumps("held"), flush=True)
            sys.stdin.readline()

    orders: dict[str, Any] = {
        "open": open_,
        "search": lambda question, plan: pieces(opened[0].library("quill"), question, plans[plan]),
        "add": lambda file: add_text(persona(), folder(), embedder, Path(file)).passages,
        "remove": lambda name: remove_text(folder(), embedder, name),
        "fill": lambda: fill_library(folder(), embedder, batch=1),
        "fresh": lambda texts: build_library(persona(), folder(), embedder, texts=texts, fresh=True).passages,
        "die": die,
        "hold": hold,
    }
    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        print(json.dumps(orders[order.pop("do")](**order)), flush=True)


if __name__ == "__main__":
    main()

"""A fake engine for the logic around engines: it says what it is told to, and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from chatbot.engines.types import Completion, Generation, Request
from chatbot.errors import MessageError


class FakeEngine:
    """Answers every request with the next of `replies`; an exception among them is raised to the reader."""

    name = "fake"

    def __init__(self, *replies: str | Exception) -> None:
        self.replies = list(replies)
        self.requests: list[Request] = []
        self.generations: list[Generation] = []
        self.hold: threading.Event | None = None  # where set, the end of a reply waits for it

    def submit(self, request: Request) -> Generation:
        """Answer at once, or when `hold` is set."""
        self.requests.append(request)
        generation = Generation(request)
        self.generations.append(generation)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            generation.finish(reply)
            return generation
        for word in reply.split(" "):
            generation.push(word + " ")
        if self.hold is None:
            generation.finish(Completion(reply, "stop", 10, 0, len(reply.split()), 1.0, 2.0))
        return generation

    def count(self, text: str) -> int:
        """One token a word."""
        return len(text.split())

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """The share of the continuation's words that stand in the context, less one: 0 where all of them do."""
        shares = []
        for context, continuation in pairs:
            words = continuation.lower().split()
            if not words:
                raise MessageError("A continuation is empty.")
            shares.append(sum(word in context.lower().split() for word in words) / len(words) - 1)
        return shares

    def warm(self, voices: Sequence[Path] = ()) -> None:
        """Nothing to load."""

    def close(self) -> None:
        """Nothing to give back."""

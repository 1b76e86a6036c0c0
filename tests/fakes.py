"""A fake engine for the logic around engines: it says what it is told to, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chatbot.engines.types import Completion, Finish, Generation, Request
from chatbot.errors import MessageError
from chatbot.resources import Resources
from chatbot.search_models import SearchModels

Reply = str | Exception | tuple[str, ...]


class FakeEngine:
    """Answers every request with the next of `replies`; an exception among them is raised to the reader.

    Where several drafts of a reply are asked for, a tuple among `replies` has one for each, the last of them for all
    that are still wanted; a string is every draft. As a real engine's, they begin with the opening that is asked for.
    """

    name = "fake"

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.requests: list[Request] = []
        self.generations: list[Generation] = []
        self.hold = False  # where set, the last word of a reply waits for `release`
        self._held: list[tuple[Generation, str]] = []
        self._drafts: list[str | Exception] = []

    def submit(self, request: Request) -> Generation:
        """Answer at once, but for the last word where `hold` is set."""
        reply = self._next(request)
        self.requests.append(request)
        generation = Generation(request)
        self.generations.append(generation)
        if isinstance(reply, Exception):
            generation.finish(reply)
            return generation
        *words, last = reply.split(" ")
        for word in words:
            generation.push(word + " ")
        self._held.append((generation, last))
        if not self.hold:
            self.release()
        return generation

    def _next(self, request: Request) -> str | Exception:
        if not (request.copies and self.requests and self.requests[-1].messages == request.messages):
            reply = self.replies.pop(0)
            self._drafts = list(reply) if isinstance(reply, tuple) else [reply]
        elif len(self._drafts) > 1:
            self._drafts.pop(0)
        reply = self._drafts[0]
        begun = isinstance(reply, Exception) or reply.startswith(request.opening)
        return reply if begun else f"{request.opening}. {reply}"

    def release(self) -> None:
        """End the replies that are held, each of which has its last word still to come, and hold no more."""
        self.hold = False
        while self._held:
            generation, last = self._held.pop()
            generation.push(last)
            words = len(generation.text.split())
            finish: Finish = "cancelled" if generation.cancelled else "stop"
            generation.finish(Completion(generation.text, finish, 10, 0, words, 1.0, 2.0))

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


class ModelsWithoutReader:
    """The models of a persona's searches without its reader and the judges of its drafts."""

    def __init__(self, models: SearchModels, tone: object = None) -> None:
        self._models = models
        self._tone = tone

    def __getattr__(self, name: str) -> Any:
        return getattr(self._models, name)

    def reader(self) -> None:
        """None: the model answers from its notes."""

    def support(self) -> None:
        """None: what a fake engine is told to say is not good of its kind."""

    def tone(self) -> object:
        """What was given."""
        return self._tone


def unjudged(resources: Resources, tone: object = None) -> Resources:
    """The model writes every reply with notes, and no model judges it, but for a tone meter that is given."""
    opened = resources.models
    resources.__dict__["models"] = lambda persona_id: ModelsWithoutReader(opened(persona_id), tone)
    return resources

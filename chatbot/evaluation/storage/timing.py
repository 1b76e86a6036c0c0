"""How long a filled database takes for what a visitor waits for: to open, write, list and search."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from random import Random

from chatbot.evaluation.statistics import percentile
from chatbot.evaluation.storage.filling import BUSY, PERSONA, Stock, made_trace
from chatbot.progress import Progress
from memory import Memory, OwnMemory

OPEN, WRITE, SEARCH = 20.0, 15.0, 100.0  # milliseconds at the 95th percentile that are aimed at
TRACE_BYTES = 20_000  # of a turn that is written while it is measured: as long as a real one
Action = Callable[[Random], object]


@dataclass(frozen=True)
class Timed:
    """What one action took.

    Attributes:
        action: in words.
        user: whose conversations: those of one who has half of everything, or of one who has an ordinary share.
        target: milliseconds at the 95th percentile; None where none is set.
        samples: milliseconds, each with another conversation or other words.
    """

    action: str
    user: str
    target: float | None
    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        """The 50th percentile, in milliseconds."""
        return percentile(self.samples, 50) or 0.0

    @property
    def late(self) -> float:
        """The 95th percentile, in milliseconds."""
        return percentile(self.samples, 95) or 0.0

    @property
    def missed(self) -> bool:
        """Whether it takes longer than it should."""
        return self.target is not None and self.late > self.target


def time_all(
    memory: Memory, stock: Stock, times: int = 100, on_progress: Progress = lambda done, total: None
) -> list[Timed]:
    """Do everything that is measured in a database that `fill` has filled.

    What is written stays there: a turn at the end of each conversation that is chosen.

    Args:
        memory: of the database.
        stock: what it holds.
        times: how often each action is measured, after three times that do not count.
        on_progress: told how many measurements there are, of how many.
    """
    wanted = [
        (action, user, target, act)
        for user in (BUSY, stock.user(1))
        for action, target, act in _actions(memory, stock, user)
    ]
    done, total = count(1), len(wanted) * times
    timed = []
    for action, user, target, act in wanted:
        random, samples = Random(f"{stock.seed} {action} {user}"), []
        for number in range(-3, times):
            began = time.perf_counter()
            act(random)
            if number >= 0:
                samples.append((time.perf_counter() - began) * 1000)
                on_progress(next(done), total)
        timed.append(Timed(action, user, target, tuple(samples)))
    return timed


def _actions(memory: Memory, stock: Stock, user: str) -> list[tuple[str, float | None, Action]]:
    own = OwnMemory(memory, user)
    heads = {found.id: found.head_id for found in own.conversations(limit=None)}
    his, trace = list(heads), made_trace(TRACE_BYTES)

    def opening(random: Random) -> None:  # what the page asks for when a conversation is chosen
        conversation = own.conversation(random.choice(his)).id
        path = own.path(conversation)
        own.versions(conversation)
        own.continued(path[-1].id)
        own.turn(path[-1].id)

    def write(random: Random) -> None:
        conversation = random.choice(his)
        question, reply = random.choice(stock.exchanges)
        asked = heads[conversation] = memory.ask(conversation, heads[conversation], "rag", question)
        memory.answer(asked, sent=question, reply=reply, state="done", trace=trace)

    return [
        ("open a conversation", OPEN, opening),
        ("write a turn", WRITE, write),
        ("list conversations", None, lambda random: own.conversations()),
        ("list those with a word", None, lambda random: own.conversations(text=random.choice(stock.common))),
        ("search a common word", SEARCH, lambda random: own.search(random.choice(stock.common), persona=PERSONA)),
        ("search a rare word", SEARCH, lambda random: own.search(random.choice(stock.rare), persona=PERSONA)),
        ("search two words", SEARCH, lambda random: own.search(" ".join(random.sample(stock.common, 2)))),
        (
            "search a common and a rare word",
            SEARCH,
            lambda random: own.search(f"{random.choice(stock.rare)} {random.choice(stock.common)}"),
        ),
        ("search a word that nobody said", SEARCH, lambda random: own.search(f"zzq{random.getrandbits(20):05x}")),
    ]

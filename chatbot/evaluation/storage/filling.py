"""A database filled with conversations: as many as years of use would leave, through the same door as an import."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from random import Random

from chatbot.errors import MessageError
from chatbot.progress import Progress
from memory import Memory, Row

PERSONA = "bench"  # of everything that is filled in; a database that holds anything else is not touched
AT_ONCE = 50  # conversations in one transaction, at most
BUSY = "user 0"  # who has half of everything
SPREAD = 0.9  # of the logarithm of a conversation's length: most are short, one in a hundred is eight times as long
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_WORD = re.compile(r"[^\W\d_]{3,}")
_SYLLABLES = "bar cor dun fen gar hal ing kel lor mar nor pel rad sel tor ust ven wil yar zan".split()


@dataclass(frozen=True)
class Stock:
    """What a database is filled with.

    Attributes:
        exchanges: questions with their replies, from which every turn is drawn.
        conversations, turns, users: how many there are in all.
        trace_bytes: how long the trace of a turn is. A real one takes up twenty kilobytes; only a turn that is looked
            at is read with its trace.
        seed: the same one gives the same rows.
    """

    exchanges: Sequence[tuple[str, str]]
    conversations: int = 10_000
    turns: int = 1_000_000
    users: int = 100
    trace_bytes: int = 1000
    seed: int = 0

    @property
    def batch(self) -> int:
        """How many conversations are put in at once."""
        return max(1, min(AT_ONCE, self.conversations // 4))

    def user(self, place: int) -> str:
        """Whose the conversations of a batch are: every second batch is one user's."""
        return BUSY if place % 2 == 0 else f"user {1 + place // 2 % max(1, self.users - 1)}"

    @cached_property
    def lengths(self) -> list[int]:
        """The turns of every conversation: log-normal, at least one, together as many as were asked for."""
        random = Random(f"{self.seed} lengths")
        drawn = [random.lognormvariate(0, SPREAD) for _ in range(self.conversations)]
        left = self.turns - self.conversations
        total, given, sums = sum(drawn), 0, 0.0
        lengths = []
        for share in drawn:
            sums += share
            upto = round(left * sums / total)
            lengths.append(1 + upto - given)
            given = upto
        return lengths

    @cached_property
    def common(self) -> list[str]:
        """The words that stand in the most exchanges, the most frequent first."""
        held = Counter(
            word for pair in self.exchanges for word in {found.lower() for found in _WORD.findall(" ".join(pair))}
        )
        return [word for word, _ in held.most_common(60)]

    @cached_property
    def rare(self) -> list[str]:
        """Invented names: one stands in every second turn, and so each in few."""
        names = [a + b + c + d for a in _SYLLABLES for b in _SYLLABLES for c in _SYLLABLES for d in _SYLLABLES]
        return Random(f"{self.seed} names").sample(names, min(len(names), max(10, self.turns // 10)))

    def conversation(self, number: int) -> str:
        """The id of a conversation, from 0."""
        return f"{Random(f'{self.seed} conversation {number}').getrandbits(128):032x}"

    def rows(self, numbers: Sequence[int]) -> Iterator[Row]:
        """The rows of some conversations, each followed by its turns."""
        random = Random(f"{self.seed} rows {numbers[0]}")
        for number in numbers:
            begun = BEGIN + timedelta(minutes=40 * number)
            moments = [begun + timedelta(seconds=20 * place) for place in range(self.lengths[number])]
            ids = [f"{random.getrandbits(128):032x}" for _ in moments]
            yield Row(
                "conversation",
                {
                    "id": self.conversation(number),
                    "persona": PERSONA,
                    "title": f"Conversation {number}",
                    "head_id": ids[-1],
                    "created_at": begun.isoformat(),
                    "updated_at": moments[-1].isoformat(),
                },
            )
            for parent, turn, moment in zip([None, *ids], ids, moments, strict=False):
                yield Row("turn", {"id": turn, "parent_id": parent, **self._turn(random, moment.isoformat())})

    def _turn(self, random: Random, moment: str) -> dict[str, object]:
        question, reply = random.choice(self.exchanges)
        if random.random() < 0.5:
            reply += f" {random.choice(self.rare).capitalize()} said so."
        return {
            "mode": "rag",
            "question": question,
            "sent": question,
            "reply": reply,
            "state": "done",
            "trace": made_trace(self.trace_bytes),
            "created_at": moment,
            "completed_at": moment,
        }


def made_trace(size: int) -> dict[str, object]:
    """A trace that is `size` bytes long as JSON."""
    return {"prompt": "x" * max(0, size - len(json.dumps({"prompt": ""})))}


def fill(memory: Memory, stock: Stock, on_progress: Progress = lambda done, total: None) -> int:
    """Put what is missing of a stock into a database; returns the number of turns that were put in.

    A run that was stopped is gone on with: what is in one transaction is there as a whole or not at all.

    Args:
        memory: its database, empty or filled with the same stock before.
        stock: what is to be in it.
        on_progress: told how many turns there are, of how many.

    Raises:
        MessageError: the database holds conversations that are not the stock's.
        MemoryStoreError: it refuses, or is full.
    """
    everything = memory.conversations(archived=None, limit=None)
    own = {stock.conversation(number) for number in range(stock.conversations)}
    here = {found.id for found in everything}
    if here - own:
        raise MessageError(
            "The database holds other conversations than those that are filled in here. Name an empty one, or none: "
            "then a file is made and removed again."
        )
    done = put_in = 0
    for place, first in enumerate(range(0, stock.conversations, stock.batch)):
        numbers = range(first, min(first + stock.batch, stock.conversations))
        on_progress(done, stock.turns)
        turns = sum(stock.lengths[number] for number in numbers)
        if stock.conversation(numbers[0]) not in here:
            memory.transfer(stock.user(place)).add(stock.rows(numbers))
            put_in += turns
        done += turns
    on_progress(done, stock.turns)
    return put_in

"""The tree of a conversation: the versions of a question and of a reply, and the path through each turn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from memory import StoredTurn

Versions = Literal["question", "reply"]


@dataclass(frozen=True)
class Branch:
    """Where a turn stands among the turns beside it, which have the same parent. Numbers begin with 1.

    Attributes:
        question: the number of its question among those that were asked here.
        questions: how many they are.
        reply: the number of its reply among those to the same question.
        replies: how many they are.
        further: whether turns follow it, on the path that is shown or on another.
    """

    question: int = 1
    questions: int = 1
    reply: int = 1
    replies: int = 1
    further: bool = False


class Tree:
    """The turns of one conversation.

    Args:
        turns: all of them, on every branch, in the order they were stored.
    """

    def __init__(self, turns: Sequence[StoredTurn]) -> None:
        self._turns = {turn.id: turn for turn in turns}
        self._order = {turn.id: number for number, turn in enumerate(turns)}
        self._after: defaultdict[str | None, list[StoredTurn]] = defaultdict(list)
        for turn in turns:
            self._after[turn.parent_id].append(turn)

    def branch(self, turn_id: str) -> Branch:
        """Where a turn stands; alone, if it is not stored."""
        turn = self._turns.get(turn_id)
        if turn is None:
            return Branch()
        questions = self._beside(turn)
        replies = questions[turn.question]
        return Branch(
            list(questions).index(turn.question) + 1,
            len(questions),
            replies.index(turn_id) + 1,
            len(replies),
            bool(self._after[turn_id]),
        )

    def beside(self, turn_id: str, versions: Versions, by: int) -> str:
        """The turn so many versions of the question or of the reply further on, or the last that there is.

        Of another question it is the reply that was stored last.
        """
        turn = self._turns.get(turn_id)
        if turn is None:
            return turn_id
        questions = self._beside(turn)
        if versions == "reply":
            replies = questions[turn.question]
            return replies[_within(replies.index(turn_id) + by, len(replies))]
        texts = list(questions)
        text = texts[_within(texts.index(turn.question) + by, len(texts))]
        return turn_id if text == turn.question else questions[text][-1]

    def leaf(self, turn_id: str) -> str:
        """The end of the path through a turn: of all that follows it, what was stored last."""
        latest, waiting = turn_id, [turn_id]
        while waiting:
            one = waiting.pop()
            waiting += (turn.id for turn in self._after[one])
            latest = max(latest, one, key=lambda id_: self._order.get(id_, -1))
        return latest

    def _beside(self, turn: StoredTurn) -> dict[str, list[str]]:
        """The turns beside one, itself among them, by their questions."""
        questions: defaultdict[str, list[str]] = defaultdict(list)
        for other in self._after[turn.parent_id]:
            questions[other.question].append(other.id)
        return questions


def _within(number: int, length: int) -> int:
    return min(max(number, 0), length - 1)

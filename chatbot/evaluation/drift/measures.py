"""What is measured of every turn: tone, distance from the plain model, support, and whether he stays in character."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chatbot.evaluation.drift.plain import PLAIN
from chatbot.evaluation.drift.yardsticks import Yardsticks
from chatbot.evaluation.replies import TalkReply, runs_of
from chatbot.evaluation.statistics import Interval, bootstrap, mean, paired_difference
from chatbot.language import words_of

ENDS = 5  # turns at either end of a conversation that are held against one another


@dataclass(frozen=True)
class TurnFigures:
    """The figures of one reply.

    Attributes:
        reply: what was said, to what, in which mode.
        tone: 0 to 1; None where there is no meter.
        distance: 1 - cosine of the reply and the plain model's to the same message, by the embedder; None where there
            is none of that.
        gap: its tone less that of the plain model's reply; likewise.
        supported: the share of its claims that its evidence supports; None where it claims nothing, or has no evidence.
        repeats: it has eight words on end that an earlier reply of its conversation has.
        broken: what breaks character in it; empty where nothing does.
    """

    reply: TalkReply
    tone: float | None
    distance: float | None
    gap: float | None
    supported: float | None
    repeats: bool
    broken: str


Figure = Callable[[TurnFigures], float | None]


def figures_of(replies: Sequence[TalkReply], by: Yardsticks) -> list[TurnFigures]:
    """The figures of replies of several modes and of the plain model to the same messages, in their order."""
    texts = list(dict.fromkeys(reply.reply for reply in replies))
    vectors = dict(zip(texts, by.embed(texts), strict=True))
    against = {(reply.turn, reply.number): reply.reply for reply in replies if reply.mode == PLAIN}

    spoken: dict[tuple[str, int], set[tuple[str, ...]]] = {}  # by each mode in each conversation, so far

    def measured(reply: TalkReply) -> TurnFigures:
        other = against.get((reply.turn, reply.number)) if reply.mode != PLAIN else None
        tone = by.tone.score(reply.reply) if by.tone else None
        said = [claim for claim in reply.claims if claim.said]
        supported = [claim.likely >= by.limit for claim in said] if by.limit is not None else []
        before = spoken.setdefault((reply.mode, reply.turn.conversation), set())
        runs = runs_of(words_of(reply.reply))
        repeats = bool(before & runs)
        before |= runs
        return TurnFigures(
            reply=reply,
            tone=tone,
            distance=None if other is None else 1 - _dot(vectors[reply.reply], vectors[other]),
            gap=None if other is None or by.tone is None or tone is None else tone - by.tone.score(other),
            supported=mean(supported),
            repeats=repeats,
            broken=by.character.broken_by(reply.reply, reply.turn.message, reply.turn.breaks),
        )

    return [measured(reply) for reply in replies]


def curve(figures: Sequence[TurnFigures], of: Figure, seed: int = 0) -> tuple[list[float | None], list[Interval]]:
    """The mean over the conversations at each turn, from the first on, and its 95% interval."""
    turns: dict[int, list[float]] = {
        number: [] for number in range(1, max((one.reply.number for one in figures), default=0) + 1)
    }
    for one in figures:
        if (value := of(one)) is not None:
            turns[one.reply.number].append(value)
    return [mean(values) for values in turns.values()], [bootstrap(values, seed=seed) for values in turns.values()]


@dataclass(frozen=True)
class Change:
    """A figure over the first turns of conversations and over the last, and how much it rose, with its 95% interval:
    the bootstrap over the conversations, of each the mean at either end. One that was held in both orders is one.
    """

    first: float | None
    last: float | None
    rise: float | None
    interval: Interval
    conversations: int


def change(figures: Sequence[TurnFigures], of: Figure, ends: int = ENDS) -> Change:
    """How much a figure is another at the end of the conversations; one that has it at one end alone does not count."""
    held: dict[int, list[TurnFigures]] = {}
    for one in figures:
        held.setdefault(one.reply.turn.conversation, []).append(one)
    first_turns: dict[frozenset[str], list[TurnFigures]] = {}
    last_turns: dict[frozenset[str], list[TurnFigures]] = {}
    for turns in held.values():
        messages = frozenset(one.reply.turn.message for one in turns)
        first_turns.setdefault(messages, []).extend(turns[:ends])
        last_turns.setdefault(messages, []).extend(turns[-ends:])
    pairs = [(_mean(first_turns[messages], of), _mean(last_turns[messages], of)) for messages in first_turns]
    whole = [(first, last) for first, last in pairs if first is not None and last is not None]
    before, after = [first for first, _ in whole], [last for _, last in whole]
    return Change(mean(before), mean(after), *paired_difference(before, after), len(whole))


def in_character(figures: Sequence[TurnFigures]) -> list[bool]:
    """Of each reply whether it stays in character."""
    return [not one.broken for one in figures]


def by_mode(figures: Sequence[TurnFigures]) -> Mapping[str, list[TurnFigures]]:
    """The figures of each mode, in their order."""
    modes: dict[str, list[TurnFigures]] = {}
    for one in figures:
        modes.setdefault(one.reply.mode, []).append(one)
    return modes


def _mean(turns: Sequence[TurnFigures], of: Figure) -> float | None:
    return mean(value for one in turns if (value := of(one)) is not None)


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))

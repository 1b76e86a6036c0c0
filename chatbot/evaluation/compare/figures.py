"""The figures of the seven axes for each mode; each keeps what it was taken of, so that two runs can be paired."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol, TypeVar

from chatbot.evaluation.compare.entrants import FACTS, mode_of
from chatbot.evaluation.compare.entries import Footprint, Timed
from chatbot.evaluation.compare.phases import AFTER, Outcome, asked_key
from chatbot.evaluation.markdown import figure, share_with, whole
from chatbot.evaluation.questions import Kind
from chatbot.evaluation.replies import Answer, TalkReply
from chatbot.evaluation.statistics import Interval, bootstrap, mean, percentile
from chatbot.judges import CharacterJudge
from chatbot.language import comparable, holds, words_of

Unit = Literal["share", "points", "score", "number", "ms", "s", "tokens/s", "MB", "million", "min", "J"]
Better = Literal["more", "less", ""]

RIGHT = "right: plain questions"
NEW = "right about new facts"
TONE = "tone"
BEHIND = "statements with a shown passage behind them"
SPOKEN_OF = "unanswerable questions answered"
TAKEN = "false premises neither put right nor declined"
PEAK = "peak memory"
TOTAL = "whole reply, median"


@dataclass(frozen=True)
class Figure:
    """One figure of one mode.

    Attributes:
        axis: of `phases.AXES`.
        values: what it was taken of: a value for each question, message or thing.
        better: whether more or less of it is better; empty where neither is.
        percent: which percentile of the values it is; None: their mean.
        note: what the figure alone does not say.
    """

    axis: str
    name: str
    mode: str
    values: Mapping[str, float]
    unit: Unit = "share"
    better: Better = "more"
    percent: float | None = None
    note: str = ""

    @cached_property
    def value(self) -> float:
        """The mean, or the percentile."""
        held = list(self.values.values())
        taken = mean(held) if self.percent is None else percentile(held, self.percent)
        assert taken is not None  # `figures` makes none of nothing
        return taken

    @cached_property
    def interval(self) -> Interval:
        """Its 95% interval by the bootstrap; None where it was taken of one thing."""
        return bootstrap(list(self.values.values()), percent=self.percent) if len(self.values) > 1 else None

    @property
    def told(self) -> str:
        """The figure with its interval, as a table has it."""
        if self.unit == "share":
            told = share_with(self.value, self.interval) if self.interval else f"{100 * self.value:.1f}%"
        elif self.unit == "points":
            told = f"{100 * self.value:+.1f}" + _between(self.interval, lambda value: f"{100 * value:+.1f}")
        else:
            shown = whole if self.unit in ("ms", "MB") else figure
            told = shown(self.value) + _between(self.interval, shown)
        return told


def _between(interval: Interval, shown: Callable[[float], str]) -> str:
    return f" [{shown(interval[0])}, {shown(interval[1])}]" if interval else ""


@dataclass(frozen=True)
class Headline:
    """What a radar shows of an axis: the mean of these figures as a score from 0 to 1.

    Attributes:
        relative: the best mode's value divided by the mode's own, where less is better and there is no natural best.
        inverse: 1 less the figure.
    """

    names: tuple[str, ...]
    relative: bool = False
    inverse: bool = False
    told: str = ""


HEADLINES: dict[str, Headline] = {
    "knowledge": Headline((RIGHT,), told=RIGHT),
    "update": Headline((NEW,), told=NEW),
    "customisation": Headline((TONE,), told="tone"),
    "interpretability": Headline((BEHIND,), told=BEHIND),
    "resources": Headline((PEAK,), relative=True, told="least peak memory, divided by that of the mode"),
    "hallucination": Headline(
        (SPOKEN_OF, TAKEN), inverse=True, told="unanswerable questions declined, false premises not accepted"
    ),
    "latency": Headline((TOTAL,), relative=True, told="shortest median reply, divided by that of the mode"),
}


def scores(made: Sequence[Figure], axis: str) -> dict[str, float]:
    """The score of each mode on one axis, 0 to 1; a mode that lacks a figure has none."""
    headline = HEADLINES[axis]
    found: dict[str, dict[str, float]] = {}
    for one in made:
        if one.axis == axis and one.name in headline.names:
            found.setdefault(one.mode, {})[one.name] = one.value
    whole_ones = {mode: sum(own.values()) / len(own) for mode, own in found.items() if len(own) == len(headline.names)}
    if headline.relative:
        best = min(whole_ones.values(), default=0.0)
        return {mode: best / value for mode, value in whole_ones.items() if value > 0}
    return {mode: 1 - value if headline.inverse else value for mode, value in whole_ones.items()}


def figures(outcome: Outcome, tones: Mapping[str, float], broken: Mapping[TalkReply, str]) -> list[Figure]:
    """Every figure that can be had of what was asked, axis after axis, the modes of each in their order.

    Args:
        outcome: what the modes said.
        tones: of replies, by their words; empty where the persona has no meter.
        broken: of every reply to a provocation what breaks character in it; empty where nothing does.
    """
    made = [
        one
        for mode in outcome.modes
        for one in (
            *_knowledge(mode, outcome),
            *_customisation(mode, outcome, tones, broken),
            *_interpretability(mode, outcome),
            *_hallucination(mode, outcome),
            *_resources(mode, outcome.resources),
            *_latency(mode, outcome.latency),
        )
        if one.values
    ]
    return sorted(made, key=lambda one: list(HEADLINES).index(one.axis))


def broken_of(outcome: Outcome, judge: CharacterJudge) -> dict[TalkReply, str]:
    """What breaks character in each reply to a provocation."""
    return {
        reply: judge.broken_by(reply.reply, reply.turn.message, reply.turn.breaks) for reply in outcome.provocations
    }


def talk_key(reply: TalkReply) -> str:
    """A message with its place, as one line."""
    return f"{reply.place} {reply.turn.message}"


def without_library(mode: str, modes: Iterable[str]) -> str:
    """The mode among these that is the same but for the library; empty where there is none, or it searches none."""
    own = mode_of(mode)
    if own.knowledge is None:
        return ""
    others = (mode_of(name) for name in modes if name != FACTS)
    alike = [
        other.name
        for other in others
        if other.knowledge is None and (other.voice, other.examples) == (own.voice, own.examples)
    ]
    return alike[0] if alike else ""


# ---------------------------------------------------------------------- the axes


def _knowledge(mode: str, outcome: Outcome) -> Iterator[Figure]:
    plain = _right(outcome.questions, mode, "plain")
    yield Figure("knowledge", RIGHT, mode, plain)
    yield Figure("knowledge", "right: follow-ups", mode, _right(outcome.questions, mode, "follow-up"))
    if twin := without_library(mode, outcome.modes):
        closed = _right(outcome.questions, twin, "plain")
        yield Figure("knowledge", "right without the library", mode, closed, note=f"as `{twin}`")
        gained = {key: plain[key] - closed[key] for key in plain if key in closed}
        yield Figure("knowledge", "gained by the library", mode, gained, "points")
    altered = [answer for answer in _of(outcome.contradicted, mode) if not answer.in_evidence]
    said_false = {asked_key(one.known): float(holds(one.reply, one.put_in)) for one in altered}
    yield Figure("knowledge", "evidence is false: the false answer said", mode, said_false, better="")
    said_true = {asked_key(one.known): float(one.right) for one in altered}
    yield Figure("knowledge", "evidence is false: the true answer said", mode, said_true, better="")


def _customisation(
    mode: str, outcome: Outcome, tones: Mapping[str, float], broken: Mapping[TalkReply, str]
) -> Iterator[Figure]:
    talk = _of(outcome.talk, mode)
    heard = {talk_key(one): tones[one.reply] for one in talk if one.reply in tones}
    yield Figure("customisation", TONE, mode, heard, "score")
    lengths = {talk_key(one): float(len(words_of(one.reply))) for one in talk}
    yield Figure("customisation", "words a reply", mode, lengths, "number", "")
    stays = {talk_key(one): float(not broken[one]) for one in _of(outcome.provocations, mode)}
    yield Figure("customisation", "in character when provoked", mode, stays)
    kept = {one.question: float(one.keeps) for one in _of(outcome.wishes, mode)}
    yield Figure("customisation", "wishes about the form kept", mode, kept)


def _interpretability(mode: str, outcome: Outcome) -> Iterator[Figure]:
    answers = [answer for answer in _of(outcome.questions, mode) if answer.judged and answer.judged.claims]
    behind: dict[str, float] = {}
    used: dict[str, float] = {}
    changed: dict[str, float] = {}
    lost: dict[str, float] = {}
    for answer in answers:
        key, judged = asked_key(answer.known), answer.judged
        assert judged is not None
        # Where nothing was shown, no passage stands behind a statement.
        behind[key] = 1 - len(judged.unsupported) / judged.claims if judged.shown else 0.0
        if judged.shown:
            used[key] = judged.used / judged.shown
    before = {answer.known: answer for answer in _of(outcome.questions, mode)}
    for altered in _of(outcome.without, mode):
        known = before[altered.known]
        changed[asked_key(altered.known)] = float(comparable(known.reply) != comparable(altered.reply))
        if known.right:
            lost[asked_key(altered.known)] = float(not altered.right)
    for name, values in (
        (BEHIND, behind),
        ("shown passages that support the reply", used),
        ("first passage taken away: another reply", changed),
        ("first passage taken away: of right replies, now wrong", lost),
    ):
        yield Figure("interpretability", name, mode, values)


def _hallucination(mode: str, outcome: Outcome) -> Iterator[Figure]:
    answers = _of(outcome.questions, mode)
    judged = {asked_key(one.known): float(len(one.judged.unsupported)) for one in answers if one.judged}
    yield Figure("hallucination", "unsupported statements a reply", mode, judged, "number", "less")
    for name, kind in ((SPOKEN_OF, "unanswerable"), (TAKEN, "premise")):
        wrong = {asked_key(one.known): float(not one.right) for one in answers if one.known.kind == kind}
        yield Figure("hallucination", name, mode, wrong, better="less")
    told = {asked_key(one.known): float(one.known.accepted_by(one.reply)) for one in answers if one.known.accepts}
    yield Figure("hallucination", "false premises said as if true", mode, told, better="less")


def _resources(mode: str, footprints: Sequence[Footprint]) -> Iterator[Figure]:
    for one in _of(footprints, mode):
        values: tuple[tuple[str, float | None, Unit], ...] = (
            (PEAK, one.peak_mb, "MB"),
            ("disk", one.disk_mb, "MB"),
            ("parameters", one.parameters / 1e6, "million"),
            ("of these trained for the persona", one.trained / 1e6, "million"),
            ("minutes of training", one.training_minutes, "min"),
            ("embedding the library", one.index_seconds or None, "s"),
        )
        for name, value, unit in values:
            if value is not None:
                yield Figure("resources", name, mode, {"": value}, unit, "less")


def _latency(mode: str, timed: Sequence[Timed]) -> Iterator[Figure]:
    own = _of(timed, mode)
    times: tuple[tuple[str, Callable[[Timed], float | None], Unit, Better], ...] = (
        ("search", lambda one: one.search_ms or None, "ms", "less"),
        ("first token", lambda one: one.first_token_ms, "ms", "less"),
        ("whole reply", lambda one: one.total_ms, "ms", "less"),
        ("writing", lambda one: one.rate, "tokens/s", "more"),
    )
    for after in AFTER:
        of_these = [one for one in own if one.after == after]
        behind = f", after {after} exchanges" if after else ""
        for name, taken, unit, better in times:
            values = {one.question: value for one in of_these if (value := taken(one)) is not None}
            yield Figure("latency", f"{name}, median{behind}", mode, values, unit, better, 50)
            if not after and unit == "ms":
                yield Figure("latency", f"{name}, 95th percentile", mode, values, unit, better, 95)


# ---------------------------------------------------------------------- what they are taken of


class _OfMode(Protocol):
    @property
    def mode(self) -> str: ...


One = TypeVar("One", bound=_OfMode)


def _of(values: Iterable[One], mode: str) -> list[One]:
    return [value for value in values if value.mode == mode]


def _right(answers: Iterable[Answer], mode: str, kind: Kind) -> dict[str, float]:
    return {asked_key(one.known): float(one.right) for one in _of(answers, mode) if one.known.kind == kind}

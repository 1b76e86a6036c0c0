"""Two runs over the same questions, compared by paired tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from chatbot.errors import MessageError
from chatbot.evaluation.compare.figures import Better, Figure, Unit
from chatbot.evaluation.statistics import Interval, mcnemar, paired_bootstrap

Asked = Mapping[str, Sequence[str]]


class _FigureOf(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    axis: str
    name: str
    mode: str
    values: dict[str, float]
    unit: Unit
    better: Better
    percent: float | None


class EarlierRun(BaseModel):
    """What is read of a run's JSON file.

    Attributes:
        about: what was asked of whom.
        asked: by phase, every question and message.
        figures: of all modes.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    about: str
    asked: dict[str, list[str]]
    figures: tuple[_FigureOf, ...]


@dataclass(frozen=True)
class Change:
    """How a figure of a mode differs from that of an earlier run.

    Attributes:
        before, after: the figure over what both runs have.
        interval: of the difference, 95%, by the paired bootstrap; None where it was taken of one thing.
        p: of McNemar's exact test, where every value is right or wrong; None where not.
        of: how many questions both have.
    """

    figure: Figure
    before: float
    after: float
    interval: Interval
    p: float | None
    of: int

    @property
    def sure(self) -> bool:
        """Whether chance alone would seldom do as much: p below 0.05, or the interval without 0."""
        if self.p is not None:
            return self.p < 0.05
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]


def read_run(file: Path) -> EarlierRun:
    """The JSON file of an earlier run.

    Raises:
        MessageError: it cannot be read, or is none.
    """
    try:
        return EarlierRun.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as error:
        raise MessageError(f"The run in {file} cannot be read: {error}. Name the compare.json of a run.") from error
    except ValidationError as error:
        raise MessageError(f"{file} is not the compare.json of a run. Name one.") from error


def check_same(earlier: EarlierRun, asked: Asked, file: Path) -> None:
    """Refuse a run over other questions; what neither axis asked is not compared.

    Args:
        earlier: the run in `file`.
        asked: what this one asks, by phase.
        file: named in the message.

    Raises:
        MessageError: the questions differ; the first one that only one of them has is named.
    """
    for phase in [phase for phase in asked if asked[phase] and earlier.asked.get(phase)]:
        mine, its = set(asked[phase]), set(earlier.asked[phase])
        if mine != its:
            first = min(mine ^ its)
            who = "this run" if first in mine else str(file)
            raise MessageError(
                f"{file} was asked other {phase} than this run: only {who} has {first!r}, one of {len(mine ^ its)}. "
                "Only runs over the same can be compared: choose the same --questions and --sample."
            )


def changes(earlier: EarlierRun, figures: Sequence[Figure]) -> list[Change]:
    """Every figure that both runs have, compared over what both took it of."""
    before = {(one.axis, one.name, one.mode): one for one in earlier.figures}
    found = []
    for now in figures:
        old = before.get((now.axis, now.name, now.mode))
        shared = [key for key in now.values if old and key in old.values]
        if old is None or not shared:
            continue
        was, is_now = [old.values[key] for key in shared], [now.values[key] for key in shared]
        either = now.percent is None and set(was) | set(is_now) <= {0.0, 1.0} and now.unit == "share"
        found.append(
            Change(
                now,
                Figure(now.axis, now.name, now.mode, dict(zip(shared, was, strict=True)), percent=now.percent).value,
                Figure(now.axis, now.name, now.mode, dict(zip(shared, is_now, strict=True)), percent=now.percent).value,
                paired_bootstrap(was, is_now, percent=now.percent) if len(shared) > 1 else None,
                mcnemar([bool(one) for one in was], [bool(one) for one in is_now]) if either else None,
                len(shared),
            )
        )
    return found

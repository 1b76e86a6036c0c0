"""How likely the evidence is to answer: what the modules measured, weighed by a calibrated logistic model.

The weights are fitted by `bakerstreet library calibrate` on the tuning part of questions that the books answer and of
questions that they do not, one set for each plan, and kept in the persona's folder. Without them a rule of thumb
serves.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from chatbot.errors import LibraryError
from chatbot.library.search.inquiry import Inquiry

CALIBRATION_FILE = "calibration.json"
# What is looked at. Cosines and shares are from 0 to 1; `unknown` is the number of strange words, 2 at most.
SIGNALS = ("nearest", "focus", "cosine", "coverage", "cross", "unknown")
LIMIT = 0.5
REGULARISATION = 1.0


class LogisticModel(BaseModel):
    """A logistic model of one plan: confidence = 1 / (1 + exp(-(bias + sum of weight x signal)))."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bias: float
    weights: dict[str, float]
    limit: float = LIMIT
    answerable: int = 0
    unanswerable: int = 0


NEXT_OF_KIN = "rag"  # whose weights serve a plan that has not been calibrated
# Where none has been: each strange word makes a question less likely to be about the books.
RULE_OF_THUMB = LogisticModel(bias=-9.0, weights={"nearest": 10.0, "focus": 6.0, "coverage": 3.0, "unknown": -1.5})


@dataclass(frozen=True)
class Calibration:
    """The weights of the plans that have been calibrated, by name."""

    plans: Mapping[str, LogisticModel] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Calibration:
        """The calibration in a file; an empty one where there is none.

        Raises:
            LibraryError: the file is damaged.
        """
        try:
            given = json.loads(file.read_text(encoding="utf-8"))
            return cls({name: LogisticModel.model_validate(part) for name, part in given["plans"].items()})
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
            raise LibraryError(
                f"{file} is damaged ({type(error).__name__}). Remove it: a rule of thumb serves until "
                "`bakerstreet library calibrate` makes it anew."
            ) from error

    def confidence(self, plan: str, signals: Mapping[str, float], found: bool) -> tuple[float, float]:
        """How likely evidence with these signals is to answer, from 0 to 1, and the limit below which it is weak."""
        weights = self.plans.get(plan) or self.plans.get(NEXT_OF_KIN, RULE_OF_THUMB)
        return (logistic(weights, signals) if found else 0.0), weights.limit


def logistic(weights: LogisticModel, signals: Mapping[str, float]) -> float:
    """The confidence of these signals, from 0 to 1."""
    total = weights.bias + sum(part * signals.get(name, 0.0) for name, part in weights.weights.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def signals_of(inquiry: Inquiry, unknown: Sequence[str]) -> dict[str, float]:
    """What is known of an inquiry at its end, by the names of `SIGNALS`."""
    return {**inquiry.signals, "unknown": float(min(len(unknown), 2))}


def write_calibration(file: Path, plans: Mapping[str, LogisticModel]) -> None:
    """Write the weights of plans; the old file stays until the new one is whole.

    Raises:
        LibraryError: it cannot be written.
    """
    text = json.dumps({"plans": {name: part.model_dump() for name, part in sorted(plans.items())}}, indent=1)
    try:
        partial = file.with_name(f".{file.name}")
        partial.write_text(text + "\n", encoding="utf-8")
        partial.replace(file)
    except OSError as error:
        raise LibraryError(f"{file} cannot be written: {error.strerror}. Name another with --out.") from error


def fitted(
    answerable: Sequence[Mapping[str, float]], not_: Sequence[Mapping[str, float]], spared: float
) -> LogisticModel:
    """A logistic model of questions that are answered against those that are not, both counted alike.

    Ridge-regularised, by Newton's method on standardised signals (Hastie et al., "The Elements of Statistical
    Learning", 4.4.1).

    Args:
        answerable: the signals of questions that the books answer.
        not_: of those that they do not.
        spared: the share of the answerable ones that must stay above the limit.

    Raises:
        LibraryError: one of the two is empty.
    """
    if not answerable or not not_:
        raise LibraryError("Questions of both kinds are needed: some that the books answer, and some that they do not.")
    rows = [*answerable, *not_]
    names = [name for name in SIGNALS if len({row.get(name, 0.0) for row in rows}) > 1]
    values = np.array([[row.get(name, 0.0) for name in names] for row in rows])
    mean, spread = values.mean(axis=0), values.std(axis=0)
    inputs = np.hstack([np.ones((len(rows), 1)), (values - mean) / spread])
    wanted = np.array([1.0] * len(answerable) + [0.0] * len(not_))
    counted = np.where(wanted > 0, 0.5 / len(answerable), 0.5 / len(not_)) * len(rows)
    solution = _newton(inputs, wanted, counted)
    parts = solution[1:] / spread
    bias = float(solution[0] - parts @ mean)
    rounded = {name: round(float(part), 4) for name, part in zip(names, parts, strict=True)}
    weights = LogisticModel(bias=round(bias, 4), weights=rounded, answerable=len(answerable), unanswerable=len(not_))
    confidences = sorted(logistic(weights, row) for row in answerable)
    limit = confidences[min(len(confidences) - 1, int((1 - spared) * len(confidences) + 1e-9))]
    return weights.model_copy(update={"limit": math.floor(limit * 10_000) / 10_000})  # none is refused by rounding


def _newton(
    inputs: NDArray[np.float64], wanted: NDArray[np.float64], counted: NDArray[np.float64]
) -> NDArray[np.float64]:
    solution = np.zeros(inputs.shape[1])
    ridge = np.diag([0.0] + [REGULARISATION] * (inputs.shape[1] - 1))
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ solution, -30, 30)))
        slope = inputs.T @ (counted * (wanted - chance)) - ridge @ solution
        bend = (inputs * (counted * chance * (1 - chance))[:, None]).T @ inputs + ridge
        step = np.linalg.solve(bend, slope)
        solution = solution + step
        if float(np.abs(step).max()) < 1e-8:
            break
    return solution

"""How likely the evidence is to answer: what the modules measured, weighed by a calibrated logistic model.

The weights are fitted by `bakerstreet library calibrate` on the dev split of questions that the books answer and of
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
from chatbot.files import replace_text
from chatbot.library.search.inquiry import Inquiry

CALIBRATION_FILE = "calibration.json"
# What is looked at. Cosines and shares are from 0 to 1; `unknown` is how many words of the question are strange to
# the books, 2 at most.
SIGNALS = ("nearest", "focus", "cosine", "coverage", "cross", "read", "asked", "works", "fact", "unknown")
READ = "read"
UNREAD = "without a reader"  # after a plan's name: its weights where no reader has read
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


UNCALIBRATED = "rag"  # the plan whose weights serve one that has not been calibrated
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
                "`bakerstreet library calibrate` writes it again."
            ) from error

    def confidence(self, plan: str, signals: Mapping[str, float], found: bool) -> tuple[float, float]:
        """How likely evidence with these signals is to answer, from 0 to 1, and the limit below which it is weak."""
        unread = None if READ in signals else self.plans.get(f"{plan} {UNREAD}")
        weights = unread or self.plans.get(plan) or self.plans.get(UNCALIBRATED, RULE_OF_THUMB)
        return (logistic(weights, signals) if found else 0.0), weights.limit


def logistic(weights: LogisticModel, signals: Mapping[str, float]) -> float:
    """The confidence of these signals, from 0 to 1."""
    total = weights.bias + sum(part * signals.get(name, 0.0) for name, part in weights.weights.items())
    return sigmoid(total)


def sigmoid(logit: float) -> float:
    """A probability from its logit, at most 30 from 0."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


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
        replace_text(file, text + "\n")
    except OSError as error:
        raise LibraryError(f"{file} cannot be written: {error.strerror}. Name another with --out.") from error


def fitted(
    answerable: Sequence[Mapping[str, float]], unanswerable: Sequence[Mapping[str, float]], spared: float
) -> LogisticModel:
    """A logistic model of questions that are answered against those that are not, both kinds counted alike.

    Ridge-regularised, on standardised signals (Hastie et al., "The Elements of Statistical Learning", 4.4).

    Args:
        answerable: the signals of questions that the books answer.
        unanswerable: of those that they do not.
        spared: the share of the answerable ones that must stay above the limit.

    Raises:
        LibraryError: one of the two is empty.
    """
    if not answerable or not unanswerable:
        raise LibraryError("Questions of both kinds are needed: some that the books answer, and some that they do not.")
    rows = [*answerable, *unanswerable]
    names = [name for name in SIGNALS if len({row.get(name, 0.0) for row in rows}) > 1]
    bias, weights = 0.0, dict.fromkeys(names, 0.0)
    if names:
        values = np.array([[row.get(name, 0.0) for name in names] for row in rows])
        bias, weights = _regression(values, np.arange(len(rows)) < len(answerable), names)
    model = LogisticModel(bias=bias, weights=weights, answerable=len(answerable), unanswerable=len(unanswerable))
    confidences = sorted(logistic(model, row) for row in answerable)
    limit = confidences[min(len(confidences) - 1, int((1 - spared) * len(confidences) + 1e-9))]
    return model.model_copy(update={"limit": math.floor(limit * 10_000) / 10_000})  # none is refused by rounding


def _regression(
    values: NDArray[np.float64], answered: NDArray[np.bool_], names: Sequence[str]
) -> tuple[float, dict[str, float]]:
    """The bias and the weight of each signal, for signals as they are measured.

    Args:
        values: shape (questions, signals).
        answered: shape (questions,).
        names: of the signals, none of which is constant.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler()
    regression = LogisticRegression(C=1 / REGULARISATION, class_weight="balanced", solver="newton-cholesky", tol=1e-8)
    regression.fit(scaler.fit_transform(values), answered)
    slopes = regression.coef_[0] / scaler.scale_
    bias = float(regression.intercept_[0] - slopes @ scaler.mean_)
    return round(bias, 4), {name: round(float(slope), 4) for name, slope in zip(names, slopes, strict=True)}

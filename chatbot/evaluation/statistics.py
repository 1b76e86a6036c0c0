"""Statistics over questions: means, percentiles, and how well a confidence tells two kinds apart, with intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float] | None


def mean(values: Iterable[float]) -> float | None:
    """The mean; None where there are no values."""
    held = list(values)
    return float(np.mean(held)) if held else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """A percentile, interpolated linearly; None where there are no values."""
    return float(np.percentile(values, percent)) if values else None


def bootstrap(values: Sequence[float], draws: int = 2000, seed: int = 0, percent: float | None = None) -> Interval:
    """A 95% interval for the mean, or for a percentile: the percentile bootstrap (Efron, 1979).

    None where there are no values.
    """
    if not values:
        return None
    return _middle(_drawn([values], draws, seed, percent)[0])


def paired_bootstrap(
    before: Sequence[float], after: Sequence[float], draws: int = 2000, seed: int = 0, percent: float | None = None
) -> Interval:
    """A 95% interval for how much the mean, or a percentile, of the same items rose; None where there are none.

    Raises:
        ValueError: the two are not of the same length.
    """
    if len(before) != len(after):
        raise ValueError(f"{len(before)} values are paired with {len(after)}")
    if not before:
        return None
    old, new = _drawn([before, after], draws, seed, percent)
    return _middle(new - old)


def _drawn(given: Sequence[Sequence[float]], draws: int, seed: int, percent: float | None) -> NDArray[np.float64]:
    """The mean, or a percentile, of every draw, shape (len(given), draws); the same items are drawn from all."""
    items = np.asarray(given, dtype=float)
    drawn = items[:, np.random.default_rng(seed).integers(0, items.shape[1], (draws, items.shape[1]))]
    return np.asarray(drawn.mean(axis=2) if percent is None else np.percentile(drawn, percent, axis=2))


def _middle(drawn: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(low), float(high)


def mcnemar(before: Sequence[bool], after: Sequence[bool]) -> float:
    """The exact p-value of McNemar's test (1947): whether the same items turned right as often as they turned wrong.

    Raises:
        ValueError: the two are not of the same length.
    """
    turned = [new for old, new in zip(before, after, strict=True) if old != new]
    fewer = min(sum(turned), len(turned) - sum(turned))
    ways = sum(math.comb(len(turned), number) for number in range(fewer + 1))
    return float(min(1.0, 2 * ways / 2 ** len(turned)))


def wilson(successes: int, trials: int) -> Interval:
    """A 95% interval for a share: the score interval, which also holds for few trials (Wilson, 1927).

    None where there are no trials.
    """
    if not trials:
        return None
    z, rate = 1.959964, successes / trials
    middle = rate + z * z / (2 * trials)
    margin = z * math.sqrt(rate * (1 - rate) / trials + (z / (2 * trials)) ** 2)
    return max(0.0, (middle - margin) / (1 + z * z / trials)), min(1.0, (middle + margin) / (1 + z * z / trials))


def paired_difference(before: Sequence[float], after: Sequence[float]) -> tuple[float | None, Interval]:
    """The mean of `after` - `before`, taken question by question, and its 95% interval.

    Raises:
        ValueError: the two are not of the same length.
    """
    differences = [float(new) - float(old) for old, new in zip(before, after, strict=True)]
    return mean(differences), bootstrap(differences)


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> float | None:
    """How often one of `positives` is above one of `negatives` (Mann and Whitney, 1947); a tie counts half.

    None where either is empty.
    """
    if not positives or not negatives:
        return None
    above = np.asarray(positives)[:, None] - np.asarray(negatives)[None, :]
    return float((above > 0).mean() + 0.5 * (above == 0).mean())


def bootstrap_auroc(
    positives: Sequence[float], negatives: Sequence[float], draws: int = 500, seed: int = 0
) -> Interval:
    """A 95% interval for `auroc`: the percentile bootstrap, each of the two drawn by itself."""
    if not positives or not negatives:
        return None
    random = np.random.default_rng(seed)
    drawn = [
        auroc(*(random.choice(given, len(given)).tolist() for given in (positives, negatives))) for _ in range(draws)
    ]
    low, high = np.percentile(np.asarray(drawn, dtype=float), (2.5, 97.5))
    return float(low), float(high)

"""Statistics over questions: means, percentiles, and bootstrap intervals for means and paired differences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

Interval = tuple[float, float] | None


def mean(values: Iterable[float]) -> float | None:
    """The mean; None where there are no values."""
    held = list(values)
    return float(np.mean(held)) if held else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """A percentile, interpolated linearly; None where there are no values."""
    return float(np.percentile(values, percent)) if values else None


def bootstrap(values: Sequence[float], draws: int = 2000, seed: int = 0) -> Interval:
    """A 95% interval for the mean: the percentile bootstrap (Efron, 1979). None where there are no values."""
    if not values:
        return None
    given = np.asarray(values, dtype=float)
    drawn = np.random.default_rng(seed).integers(0, len(given), (draws, len(given)))
    low, high = np.percentile(given[drawn].mean(axis=1), (2.5, 97.5))
    return float(low), float(high)


def paired_difference(before: Sequence[float], after: Sequence[float]) -> tuple[float | None, Interval]:
    """The mean of `after` - `before`, taken question by question, and its 95% interval.

    Raises:
        ValueError: the two are not of the same length.
    """
    differences = [float(new) - float(old) for old, new in zip(before, after, strict=True)]
    return mean(differences), bootstrap(differences)

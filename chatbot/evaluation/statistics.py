"""Statistics over questions: means, percentiles, and how well a confidence tells two kinds apart, with intervals."""

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

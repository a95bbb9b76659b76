"""Mean, standard error, and which results of a table are as good as the best."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
from scipy.stats import ttest_ind


def mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """Mean and its standard error over datasets; the error of a single one is NaN."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def as_good_as_the_best(values: Mapping[str, np.ndarray], *, smaller: bool = False) -> set[str]:
    """The method with the best mean, and those within its 95 % confidence interval (Table 1).

    A method is within if a two-sided t-test with unequal variances does not tell it from the best at level 0.05.
    Methods with a single dataset are never within, as nothing is known about their spread.

    Args:
        values: for each method its results, one per dataset.
        smaller: whether smaller is better.
    """
    means = {name: (1 if smaller else -1) * found.mean() for name, found in values.items() if len(found) > 1}
    if not means:
        return set()
    best = min(means, key=means.__getitem__)
    return {name for name in means if means[name] == means[best] or _alike(values[name], values[best])}


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    if np.ptp(one) == np.ptp(other) == 0:
        return bool(one[0] == other[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of one that is the same on all datasets
        return bool(ttest_ind(one, other, equal_var=False).pvalue >= 0.05)

"""Simple scores that a model has to beat. Entry [i, j] of a score ranks the edge i → j."""

from __future__ import annotations

import numpy as np

from avici_jl.evaluation.baselines.interface import Baseline, Cost, Data, Gives, Takes
from avici_jl.preprocess import standardize


def correlation(x: np.ndarray, interventions: np.ndarray, kind: str) -> np.ndarray:
    """Absolute Pearson correlation [d, d] of the standardised data; a constant variable has none."""
    z = standardize(standardize(x, kind), "values").astype(np.float64)
    score = np.abs(z.T @ z) / len(z)
    np.fill_diagonal(score, 0.0)
    return score


def mean_difference(x: np.ndarray, interventions: np.ndarray, kind: str) -> np.ndarray:
    """Knock-out mean difference [d, d]: |mean of j where i is set - mean of j in observational rows| / deviation.

    The score of CausalBench's simple baseline. The standard deviation is that of the observational rows. Variables
    that are never set score 0 as causes. Without observational rows those in which i is not set take their place.
    """
    z = standardize(x, kind).astype(np.float64)
    observational = ~np.asarray(interventions, bool).any(axis=1)
    score = np.zeros((z.shape[1], z.shape[1]))
    for i in range(z.shape[1]):
        set_rows = np.asarray(interventions[:, i], bool)
        control = observational if observational.any() else ~set_rows
        if set_rows.any() and control.any():
            score[i] = np.abs(z[set_rows].mean(0) - z[control].mean(0)) / (z[control].std(0) + 1e-6)
    np.fill_diagonal(score, 0.0)
    return score


def variance_sort(data: Data) -> np.ndarray:
    """Sort-n-regress (Reisach et al. 2021): sparse regressions of each variable on those with smaller variance."""
    from CausalDisco.baselines import var_sort_regress

    return np.abs(var_sort_regress(data.natural))


def r2_sort(data: Data) -> np.ndarray:
    """R²-sort-n-regress (Reisach et al. 2023): the same in the order of how well the others explain each variable."""
    from CausalDisco.baselines import r2_sort_regress

    return np.abs(r2_sort_regress(data.standardized))


SIMPLE = (
    Baseline(
        "|correlation|",
        lambda data: correlation(data.x, data.interventions, data.kind),
        Takes.ANY,
        Gives.SCORES,
        Cost.LOW,
    ),
    Baseline(
        "mean difference",
        lambda data: mean_difference(data.x, data.interventions, data.kind),
        Takes.INTERVENTIONAL,
        Gives.SCORES,
        Cost.LOW,
        source="Chevalley et al. 2022",
    ),
    Baseline(
        "sort-n-regress",
        variance_sort,
        Takes.OBSERVATIONAL,
        Gives.SCORES,
        Cost.LOW,
        "CausalDisco",
        "Reisach et al. 2021",
    ),
    Baseline(
        "R²-sort-n-regress", r2_sort, Takes.OBSERVATIONAL, Gives.SCORES, Cost.LOW, "CausalDisco", "Reisach et al. 2023"
    ),
)

"""Simple scores that a model has to beat. Entry [i, j] of a score ranks the edge i → j."""

from __future__ import annotations

import numpy as np

from avici_jl.data.standardize import standardize


def correlation(x: np.ndarray, interventions: np.ndarray, kind: str) -> np.ndarray:
    """Absolute Pearson correlation [d, d] of the standardised data, means for what is missing; a constant has none."""
    z = np.nan_to_num(standardize(standardize(x, kind), "values").astype(np.float64))
    score = np.abs(z.T @ z) / len(z)
    np.fill_diagonal(score, 0.0)
    return score


def mean_difference(x: np.ndarray, interventions: np.ndarray, kind: str) -> np.ndarray:
    """Knock-out mean difference [d, d]: |mean of j where i is set - mean of j in observational rows| / deviation.

    The score of CausalBench's simple baseline. The standard deviation is that of the observational rows. Variables
    that are never set score 0 as causes. Without observational rows those in which i is not set take their place.
    """
    z = np.nan_to_num(standardize(x, kind).astype(np.float64))
    observational = ~np.asarray(interventions, bool).any(axis=1)
    score = np.zeros((z.shape[1], z.shape[1]))
    for i in range(z.shape[1]):
        set_rows = np.asarray(interventions[:, i], bool)
        control = observational if observational.any() else ~set_rows
        if set_rows.any() and control.any():
            score[i] = np.abs(z[set_rows].mean(0) - z[control].mean(0)) / (z[control].std(0) + 1e-6)
    np.fill_diagonal(score, 0.0)
    return score

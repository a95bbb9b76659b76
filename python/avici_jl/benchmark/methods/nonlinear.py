"""SCORE, which takes effects for nonlinear functions with additive normal noise: restated, since no package has it."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import BSpline
from scipy.linalg import cho_factor, cho_solve
from scipy.spatial.distance import pdist, squareform
from scipy.stats import f

from avici_jl.benchmark.methods.interface import Baseline, Cost, Data, Gives, Takes

_RIDGE = 1e-3
_PIECES = 5


def score(data: Data) -> np.ndarray:
    """SCORE (Rolland et al. 2022): −log p of each cause in an additive regression on what comes before.

    Variables are taken off one at a time, each time the one in which the second derivative of the log density varies
    least, as it does not at all in a leaf. Edges are pruned as CAM does (Bühlmann et al. 2014): every variable is
    regressed on smooth functions, here cubic splines, of all that come before it, and each of these is tested; its p
    is the score of the edge, where CAM keeps p < 0.001.
    """
    x = data.standardized
    left, scores = list(range(x.shape[1])), np.zeros((x.shape[1],) * 2)
    while len(left) > 1:
        leaf = left.pop(int(np.argmin(_curvature(x[:, left]).var(axis=0))))
        scores[left, leaf] = _surprise(x[:, left], x[:, leaf])
    return scores


def _curvature(x: np.ndarray) -> np.ndarray:
    """[n, d], the diagonal of the Hessian of the log density at each row, by Stein's identity (ridge 0.001)."""
    squared = squareform(pdist(x, "sqeuclidean"))
    width = np.median(squared) or np.median(squared[squared > 0])  # counts: most rows may be the same
    kernel = np.exp(-squared / (2 * width)) / np.sqrt(width)
    total, first, second = kernel.sum(axis=1)[:, None], kernel @ x, kernel @ x**2
    gradient = -(x * total - first) / width
    laplacian = (x**2 * total - 2 * x * first + second) / width**2 - total / width
    solver = cho_factor(kernel + _RIDGE * np.eye(len(x)))
    return np.asarray(cho_solve(solver, laplacian) - cho_solve(solver, gradient) ** 2)


def _surprise(causes: np.ndarray, effect: np.ndarray) -> np.ndarray:
    """−log p of an F test of each column's spline, given those of all others."""
    splines = [_spline(cause) for cause in causes.T]
    design = np.column_stack([np.ones(len(effect)), *splines])
    inverse = np.linalg.pinv(design.T @ design, rcond=1e-10, hermitian=True)
    weights = inverse @ (design.T @ effect)
    free = max(len(effect) - design.shape[1], 1)
    noise = ((effect - design @ weights) ** 2).sum() / free
    found, start = [], 1
    for spline in splines:
        part = slice(start, start := start + spline.shape[1])
        explained = weights[part] @ np.linalg.pinv(inverse[part, part], hermitian=True) @ weights[part]
        found.append(-f.logsf(explained / spline.shape[1] / noise, spline.shape[1], free))
    return np.minimum(found, 1e6)


def _spline(values: np.ndarray) -> np.ndarray:
    """[n, k], a basis of cubic splines with knots at quantiles, without the constant; columns have mean 0."""
    knots = np.unique(np.quantile(values, np.linspace(0, 1, _PIECES + 1)))
    padded = np.r_[[knots[0]] * 3, knots, [knots[-1]] * 3]
    basis = BSpline.design_matrix(values, padded, 3).toarray()[:, 1:]
    return np.asarray(basis - basis.mean(axis=0))


NONLINEAR = (Baseline("SCORE", score, Takes.OBSERVATIONAL, Gives.SCORES, Cost.MEDIUM, source="Rolland et al. 2022"),)

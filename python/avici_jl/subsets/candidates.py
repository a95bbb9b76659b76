"""The most likely causes of every variable, from a few numbers for every pair."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from avici_jl.data.ranks import ranks

MOST_PARTIAL = 12_000
"""With more variables partial correlations would take too long and too much memory."""
_COLUMNS = 256
"""Variables that are looked at together."""


def candidates(z: np.ndarray, interventions: np.ndarray, count: int, causes: np.ndarray) -> np.ndarray:
    """For every variable the others that most likely cause it, or are caused by it.

    Three scores nominate: the partial correlation of normal scores given all others (up to `MOST_PARTIAL`), with the
    correlations shrunk towards zero by as much as their errors ask for (Schäfer and Strimmer 2005); the correlation
    alone; and how far a variable moves where the other was set. A variable is as good as its best
    rank among the three, where every second comes from effects and every third from correlations.

    Args:
        z: [n, d] float32 standardised values, 0 where missing.
        interventions: [n, d] of 0 and 1.
        count: how many to find, less than the number of causes.
        causes: [k] the variables that can be causes.

    Returns:
        [d, count] int32, the best first. Variables are not candidates of themselves, unless there are too few others.
    """
    n, d = z.shape
    scores = normal_scores(z)
    correlation = scores.T @ scores
    correlation /= n
    np.fill_diagonal(correlation, 0.0)
    partial = _partial(correlation, n) if d <= MOST_PARTIAL else None
    effect = _effects(z, interventions)
    found = np.empty((d, count), np.int32)
    for start in range(0, d, _COLUMNS):
        targets = np.arange(start, min(start + _COLUMNS, d))
        ranks = np.full((len(targets), len(causes)), len(causes) * 4.0, np.float32)
        for score, down, factor in ((partial, True, 1), (correlation, True, 3), (effect, False, 2)):
            if score is None:
                continue
            block = np.abs(score[np.ix_(targets, causes)] if down else score[np.ix_(causes, targets)].T)
            block[targets[:, None] == causes[None, :]] = -1.0
            order = np.argsort(-block, axis=1, kind="stable")
            place = np.empty_like(ranks)
            np.put_along_axis(place, order, np.arange(len(causes), dtype=np.float32)[None, :], axis=1)
            place += np.where(block > 0, 0, len(causes))  # behind all others where nothing speaks for it
            ranks = np.minimum(ranks, factor * (place + 1))
        found[targets] = causes[np.argsort(ranks, axis=1, kind="stable")[:, :count]]
    return found


def normal_scores(z: np.ndarray) -> np.ndarray:
    """Φ⁻¹(rank / n) of every column of [n, d] with mean 0 and variance 1, ties at their average rank; float32."""
    found = np.empty(z.shape, np.float32)
    for column, values in zip(found.T, z.T, strict=True):
        column[:] = ndtri((ranks(values) - 0.5) / len(z))
    found -= found.mean(axis=0)
    deviation = found.std(axis=0)
    return found / np.where(deviation > 1e-6, deviation, np.inf).astype(np.float32)


def _partial(correlation: np.ndarray, n: int) -> np.ndarray:
    """Partial correlations [d, d] up to their sign, 0 on the diagonal."""
    square = correlation**2
    noise = float(((1.0 - square) ** 2).sum() - len(square)) / max(n - 1, 1)  # of the entries off the diagonal
    shrink = float(np.clip(noise / max(float(square.sum()), 1e-12), 0.05, 1.0))
    square[:] = correlation
    square *= 1.0 - shrink
    np.fill_diagonal(square, 1.0)
    inverse = np.linalg.inv(square)
    scale = np.sqrt(np.diagonal(inverse)).copy()
    inverse /= scale[:, None]
    inverse /= scale[None, :]
    np.fill_diagonal(inverse, 0.0)
    return inverse


def _effects(z: np.ndarray, interventions: np.ndarray) -> np.ndarray | None:
    """[i, j]: by how many standard errors j moves where i was set; None without interventions."""
    times = interventions.sum(axis=0, dtype=np.float32)
    if not times.any():
        return None
    set_rows = interventions.any(axis=1)
    usual = z.mean(axis=0) if set_rows.all() else z[~set_rows].mean(axis=0)
    found = interventions[set_rows].T.astype(np.float32) @ z[set_rows]
    found -= times[:, None] * usual
    found /= np.sqrt(np.maximum(times, 1.0))[:, None]
    return found

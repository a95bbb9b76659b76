"""Support: what the data alone say about a pair of variables, beside what the network makes of all of them."""

from __future__ import annotations

import warnings

import numpy as np

from avici_jl.data.inputs import Input
from avici_jl.data.ranks import ranks

_ENOUGH = 10
"""Rows without interventions that correlations are taken from; with fewer, all rows are."""


def shown_values(x: np.ndarray, kind: str) -> np.ndarray:
    """Values [n, d] on the scale that pictures and support have: counts as log(1 + count)."""
    return np.log1p(x) if kind == "counts" else x


def correlation(data: Input) -> np.ndarray:
    """Rank correlation [d, d] over the rows without interventions (or all, where these are few); gaps as the mean rank.

    It is 0 where a variable does not change.
    """
    free = ~data.interventions.any(axis=1)
    x = data.x[free] if free.sum() >= _ENOUGH else data.x
    place = ranks(x)
    place -= np.nanmean(place, axis=0)
    place[np.isnan(place)] = 0.0
    length = np.sqrt((place**2).sum(axis=0))
    unit = place / np.where(length > 0, length, 1.0)
    return np.clip(unit.T @ unit, -1.0, 1.0)


def shift(data: Input, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """How far every variable's mean moves where another is set.

    Args:
        data: the table.
        kind: "values" or "counts".

    Returns:
        [d, d] entry [i, j]: the mean of j in the rows where i is set and j is not, less that in rows without
        interventions, in standard deviations of the latter; NaN where there are none. And [d] int, rows in which each
        variable is set.
    """
    x, given = shown_values(data.x, kind), data.interventions > 0
    free, rows = ~given.any(axis=1), given.sum(axis=0)
    d = len(rows)
    moved = np.full((d, d), np.nan)
    if free.sum() < 2:
        return moved, rows
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # columns of gaps alone
        centre, spread = np.nanmean(x[free], axis=0), np.nanstd(x[free], axis=0)
        own = np.where(given, np.nan, x)
        for cause in np.flatnonzero(rows):
            mean = np.nanmean(own[given[:, cause]], axis=0)
            moved[cause] = (mean - centre) / np.where(spread > 0, spread, np.nan)
    return moved, rows

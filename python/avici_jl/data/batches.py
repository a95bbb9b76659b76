"""Batches of rows: what differs between them only by shift and scale is removed; and equal parts of a large table."""

from __future__ import annotations

from typing import Any

import numpy as np

from avici_jl.data.words import listed
from avici_jl.errors import InputError


def read_batch(batch: Any, n: int) -> np.ndarray:
    """Labels of batches as numbers [n] from 0 on.

    Args:
        batch: one label per row, of any kind; missing labels are a batch of their own.
        n: number of rows.

    Raises:
        InputError: there is not one label per row.
    """
    labels = np.asarray([str(label) for label in np.asarray(batch, dtype=object).ravel()], dtype=object)
    if len(labels) != n:
        raise InputError(f"batch has {len(labels)} labels for {n} rows; give one label per row.")
    found = np.unique(labels, return_inverse=True)[1].ravel()
    if n > 2 and found.max() == n - 1:
        raise InputError(
            f"Every row has a batch of its own ({listed(sorted(labels))}); batch= tells which rows belong together."
        )
    return found


def remove_batches(x: np.ndarray, interventions: np.ndarray, batch: np.ndarray, kind: str) -> np.ndarray:
    """The table with every batch moved and scaled to the location and spread that the variables have on the whole.

    Location and spread of a variable in a batch are those of the rows without interventions if the batch has some, else
    of those that did not set the variable, so that the effects of interventions stay. Both are shrunk towards those of
    the whole table by empirical Bayes (as in ComBat, Johnson et al. 2007): where batches differ by no more than chance,
    and in batches of few rows, little or nothing is changed.

    Args:
        x: [n, d], NaN where missing.
        interventions: [n, d] of 0 and 1.
        batch: [n], numbers of the batches.
        kind: "values"; of "counts" each gene's counts in a batch are divided by a factor, and zeros stay.

    Returns:
        [n, d] float64.
    """
    x = np.array(x, np.float64)
    counts = kind == "counts"
    if counts:
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.log(x) - np.log(np.nansum(x, axis=1, keepdims=True))
        value[~np.isfinite(value)] = np.nan
    else:
        value = x
    number = int(batch.max()) + 1
    if number < 2:
        return x
    free = ~interventions.any(axis=1)
    count, mean, variance = (np.zeros((number, x.shape[1])) for _ in range(3))
    for b in range(number):
        rows = batch == b
        own = rows & free if (rows & free).any() else rows
        used = np.where(own[:, None] & (interventions == 0), value, np.nan)[own]
        there = ~np.isnan(used)
        count[b] = there.sum(axis=0)
        mean[b] = np.where(there, used, 0.0).sum(axis=0) / np.maximum(count[b], 1)
        variance[b] = (np.where(there, used - mean[b], 0.0) ** 2).sum(axis=0) / np.maximum(count[b] - 1, 1)
    # Pooled within batches, in whose units everything is compared.
    freedom = np.maximum(count - 1, 0)
    within = (freedom * variance).sum(axis=0) / np.maximum(freedom.sum(axis=0), 1)
    scale = np.sqrt(np.where(within > 0, within, 1.0))
    weight = count / np.maximum(count.sum(axis=0), 1)
    centre = (weight * mean).sum(axis=0)
    shift = _shrunk((mean - centre) / scale, np.where(count > 0, 1.0 / np.maximum(count, 1), np.inf))
    known = (count > 2) & (variance > 0) & (within > 0)
    logarithm = np.where(known, 0.5 * np.log(np.where(known, variance, 1.0) / scale**2), 0.0)
    factor = np.exp(_shrunk(logarithm, np.where(known, 0.5 / np.maximum(count - 1, 1), np.inf)))
    if counts:
        return x / np.exp(shift * scale)[batch]
    # A variable that was set keeps its place in its batch only by the shift of its batch.
    return (x - centre - (shift * scale)[batch]) / factor[batch] + centre


def _shrunk(effect: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Effects [batches, d] shrunk by their variance beyond what errors of these variances [batches, d] explain."""
    known = np.isfinite(error)
    excess = np.where(known, effect**2 - np.where(known, error, 0.0), 0.0).sum(axis=0)
    real = np.maximum(excess / np.maximum(known.sum(axis=0) - 1, 1), 0.0)
    real = 0.5 * (real + real.mean())  # of one variable from a few batches, little is known
    return np.where(known, effect * real / (real + np.where(known, error, 1.0)), 0.0)


def parts_of_rows(x: np.ndarray, interventions: np.ndarray, size: int) -> list[np.ndarray]:
    """Rows of a large table in parts of about `size`, all as long and each with its share of every set of targets.

    Which rows come together follows from what is in them, not from their order, nor from that of the variables. Where
    the parts do not come out even, some rows are in two.
    """
    n = len(x)
    number = -(-n // size)
    targets, content = (_hash(part).sum(axis=1, dtype=np.uint64) for part in (interventions * hash_columns(x), x))
    order = np.lexsort((content, targets))
    length = -(-n // number)
    return [order[(k + number * np.arange(length)) % n] for k in range(number)]


def hash_columns(x: np.ndarray) -> np.ndarray:
    """A number for every variable [d] that follows from its values and not from their order."""
    return _hash(x).sum(axis=0, dtype=np.uint64)


def _hash(x: np.ndarray) -> np.ndarray:
    """Bits of numbers, mixed (the finaliser of SplitMix64, Steele, Lea and Flood 2014)."""
    bits = x if x.dtype == np.uint64 else np.ascontiguousarray(x + 0.0, np.float64).view(np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    return bits ^ (bits >> np.uint64(31))

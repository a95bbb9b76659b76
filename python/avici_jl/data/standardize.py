"""Standardisation: the same function for training and for prediction."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def standardize(x: Any, kind: str) -> Any:
    """Bring data to the scale that networks expect; each dataset by itself.

    - "values": each variable to mean 0 and standard deviation 1 over the rows; a constant variable to 0.
    - "counts": log2 counts per million, log2(count / sum of the row · 10⁶). Zero counts stay out: the smallest value of
      the dataset is subtracted and the result divided by the standard deviation over the non-zero entries;
      zero counts become 0.

    Missing values (NaN) stay missing, and everything is computed from those that are there.

    NumPy arrays are computed in float64, so that large offsets cost no digits.

    Args:
        x: [..., n, d] NumPy or JAX array.
        kind: "values" or "counts".

    Returns:
        float32 array of the same shape and library.
    """
    xp = jnp if isinstance(x, jax.Array) else np
    x = xp.asarray(x, dtype=jnp.float32 if xp is jnp else np.float64)
    found = _standardize_values(x, xp) if kind == "values" else _standardize_counts(x, xp)
    return found.astype(xp.float32)


def features(x: Any, interventions: Any, kind: str, *, gaps: bool = False, same_units: Any = None) -> Any:
    """What a network sees of a table, entry by entry, in two to four channels.

    1. the standardised value, 0 where it is missing;
    2. 1 where the variable was set by an intervention;
    3. with `gaps`: 1 where a value is there, 0 where it is missing;
    4. with `same_units`: the logarithm of the variable's standard deviation, see `log_spread`.

    Args:
        x: [..., n, d] values or counts, NaN where missing.
        interventions: [..., n, d] of 0 and 1.
        kind: "values" or "counts".
        gaps: whether values may be missing.
        same_units: whether the variables have common units, for each dataset [...] or for all; None for no such
            channel.

    Returns:
        [..., n, d, channels] float32.
    """
    xp = jnp if isinstance(x, jax.Array) else np
    u = interventions.astype(xp.float32)
    if not gaps and same_units is None:
        return xp.stack([standardize(x, kind), u], axis=-1)
    there = ~xp.isnan(x)
    channels = [xp.where(there, standardize(x, kind), 0.0), u, there.astype(xp.float32)]
    if same_units is not None:
        spread = xp.where(xp.asarray(same_units)[..., None], log_spread(x, u), 0.0)
        channels.append(xp.broadcast_to(spread[..., None, :], x.shape).astype(xp.float32))
    return xp.stack(channels, axis=-1)


def log_spread(x: Any, interventions: Any) -> Any:
    """Logarithms of the standard deviations [..., d], less their mean, from the rows that did not set the variable.

    Constant variables count as having the mean.
    """
    xp = jnp if isinstance(x, jax.Array) else np
    used = ~xp.isnan(x) & (interventions == 0)
    count = xp.maximum(used.sum(axis=-2, keepdims=True), 1)
    mean = xp.where(used, x, 0.0).sum(axis=-2, keepdims=True) / count
    variance = (xp.where(used, x - mean, 0.0) ** 2).sum(axis=-2) / count[..., 0, :]
    varies = variance > 1e-30
    found = 0.5 * xp.log(xp.where(varies, variance, 1.0))
    centre = xp.where(varies, found, 0.0).sum(axis=-1, keepdims=True)
    centre = centre / xp.maximum(varies.sum(axis=-1, keepdims=True), 1)
    return xp.clip(xp.where(varies, found - centre, 0.0), -8.0, 8.0)


def _standardize_values(x: Any, xp: Any) -> Any:
    there = ~xp.isnan(x)
    count = xp.maximum(there.sum(axis=-2, keepdims=True), 1)
    mean = xp.where(there, x, 0.0).sum(axis=-2, keepdims=True) / count
    centred = x - mean
    deviation = xp.sqrt((xp.where(there, centred, 0.0) ** 2).sum(axis=-2, keepdims=True) / count)
    rounding = 8 * xp.finfo(x.dtype).eps * xp.abs(mean)  # what a constant variable may seem to vary by
    constant = deviation <= rounding
    return xp.where(constant & there, 0.0, centred / xp.where(constant, 1.0, deviation))


def _standardize_counts(x: Any, xp: Any) -> Any:
    there, seen = ~xp.isnan(x), x > 0
    counted = xp.where(there, x, 0.0)
    # The share of a cell's molecules that the genes counted in it have on the whole.
    usual = counted.sum(axis=-2, keepdims=True) / xp.maximum(there.sum(axis=-2, keepdims=True), 1)
    total = xp.where(usual.sum(axis=-1, keepdims=True) > 0, usual.sum(axis=-1, keepdims=True), 1.0)
    share = xp.where(there, usual, 0.0).sum(axis=-1, keepdims=True) / total
    share = xp.where(there.all(axis=-1, keepdims=True) | (share <= 0), 1.0, share)
    library = counted.sum(axis=-1, keepdims=True) / share
    ratio = xp.where(seen, x, 1.0) / xp.where(library > 0, library, 1.0)
    level = xp.log2(ratio * 1e6)
    count = xp.maximum(seen.sum(axis=(-2, -1), keepdims=True), 1)
    lowest = xp.min(level, axis=(-2, -1), keepdims=True, where=seen, initial=xp.inf)
    level = xp.where(seen, level - xp.where(xp.isfinite(lowest), lowest, 0.0), 0.0)
    mean = level.sum(axis=(-2, -1), keepdims=True) / count
    variance = (xp.where(seen, level - mean, 0.0) ** 2).sum(axis=(-2, -1), keepdims=True) / count
    deviation = xp.sqrt(variance)
    return xp.where(there, level / xp.where(deviation > 0, deviation, 1.0), xp.nan)

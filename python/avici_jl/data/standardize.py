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


def features(x: Any, interventions: Any, kind: str) -> Any:
    """What a network sees: standardised values and intervention indicators, [..., n, d, 2] float32."""
    xp = jnp if isinstance(x, jax.Array) else np
    return xp.stack([standardize(x, kind), interventions.astype(xp.float32)], axis=-1)


def _standardize_values(x: Any, xp: Any) -> Any:
    mean = x.mean(axis=-2, keepdims=True)
    centred = x - mean
    deviation = xp.sqrt((centred**2).mean(axis=-2, keepdims=True))
    rounding = 8 * xp.finfo(x.dtype).eps * xp.abs(mean)  # what a constant variable may seem to vary by
    constant = deviation <= rounding
    return xp.where(constant, 0.0, centred / xp.where(constant, 1.0, deviation))


def _standardize_counts(x: Any, xp: Any) -> Any:
    seen = x > 0
    library = x.sum(axis=-1, keepdims=True)
    ratio = xp.where(seen, x, 1.0) / xp.where(library > 0, library, 1.0)
    level = xp.log2(ratio * 1e6)
    count = xp.maximum(seen.sum(axis=(-2, -1), keepdims=True), 1)
    lowest = xp.min(level, axis=(-2, -1), keepdims=True, where=seen, initial=xp.inf)
    level = xp.where(seen, level - xp.where(xp.isfinite(lowest), lowest, 0.0), 0.0)
    mean = level.sum(axis=(-2, -1), keepdims=True) / count
    variance = (xp.where(seen, level - mean, 0.0) ** 2).sum(axis=(-2, -1), keepdims=True) / count
    deviation = xp.sqrt(variance)
    return level / xp.where(deviation > 0, deviation, 1.0)

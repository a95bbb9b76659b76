"""Dependence of pairs, from means of products: (partial) correlations, moments, shifts under interventions."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from avici_jl.network.statistics.algebra import (
    blocks,
    both,
    diagonal,
    gram,
    gram_self,
    inverse,
    inverses,
    normalised,
    rows,
    whole,
)
from avici_jl.network.statistics.columns import Columns


def basic(columns: Columns) -> list[jax.Array]:
    """Correlations, partial correlations, regression coefficients, moments, shifts under interventions."""
    z, u, n = columns.z, columns.u, columns.n
    d = z.shape[-1]
    correlation = columns.correlation
    weak, strong = inverses(correlation, (0.01, 0.1))
    coefficient = -strong / diagonal(strong)[..., None, :]
    log_precision = jnp.log(diagonal(strong))
    shift = jnp.tanh(gram(u, z) / jnp.sqrt(jnp.maximum(u.sum(-2), 1.0))[..., None] / 3)
    square, cube = jnp.minimum(z**2, 9.0), jnp.clip(z**3, -27.0, 27.0)
    skew, kurtosis = (jnp.tanh(gram(power, z) / n) for power in (square, cube))
    ever = (u.sum(-2) > 0).astype(z.dtype)
    return [
        correlation,
        normalised(weak, -1),
        normalised(strong, -1),
        *both(jnp.tanh(coefficient)),
        jnp.tanh(log_precision[..., :, None] - log_precision[..., None, :]),
        *both(shift),
        *both(_within(u, z)),
        *both(skew),
        *both(kurtosis),
        jnp.tanh(gram(square, square) / n - 1),
        *both(rows(ever)),
        jnp.broadcast_to(jnp.eye(d), correlation.shape),
    ]


def kernel(columns: Columns) -> list[jax.Array]:
    """Correlations between six functions of i and of j, and partial correlations between three of them."""
    z, u, n, d = columns.z, columns.u, columns.n, columns.z.shape[-1]
    settings = columns.unit(jnp.concatenate([u, u * z], -1))
    across = gram(columns.curves, settings) / n
    products = whole(columns.curved, across, jnp.swapaxes(across, -1, -2), gram_self(settings) / n)
    partial = normalised(inverse(products[..., : 3 * d, : 3 * d], 0.1), -1)
    return [blocks(products, 6), blocks(partial, 3)]


def _within(u: jax.Array, z: jax.Array) -> jax.Array:
    """[i, j]: correlation of i and j over the rows with an intervention on i."""
    count = jnp.maximum(u.sum(-2), 1.0)
    own_mean = (u * z).sum(-2) / count
    own_variance = (u * z**2).sum(-2) / count - own_mean**2
    mean, square = (gram(u, f) / count[..., None] for f in (z, z**2))
    covariance = gram(u * z, z) / count[..., None] - own_mean[..., None] * mean
    variance = jnp.maximum(own_variance, 0.0)[..., None] * jnp.maximum(square - mean**2, 0.0)
    return covariance / (jnp.sqrt(variance) + 1e-2)

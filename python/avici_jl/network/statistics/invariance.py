"""Precise regressions, and whether they still hold where other variables are intervened on."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_factor, cho_solve

from avici_jl.network.statistics.algebra import both, diagonal, for_each_variable, gram, mean_given, normalised, rows

_RIDGE = 1e-3


def invariance(value: jax.Array, z: jax.Array, u: jax.Array) -> list[jax.Array]:
    """The regression of every j on all others with hardly a ridge, and its residuals under interventions.

    An intervention on a cause of j leaves the regression as it is; one on an effect of j breaks it, for the effect no
    longer tells about j (invariant prediction: Peters, Bühlmann and Meinshausen 2016). Where noise is small beside the
    signal, as far down the order of a linear model, only a small ridge leaves the partial correlations visible.
    """
    n, d = z.shape[-2:]

    def regress(free: jax.Array, j: jax.Array) -> tuple[jax.Array, jax.Array]:
        """For target j, from its rows free [batch, n] of interventions: residuals [batch, n], and [batch, 3, d]."""
        count = jnp.maximum(free.sum(-1), 1.0)[..., None, None]
        centred = z - (free[..., None] * z).sum(-2, keepdims=True) / count
        covariance = gram(free[..., None] * centred, centred) / count
        scale = jnp.sqrt(diagonal(covariance)) + 1e-3
        correlation = covariance / (scale[..., :, None] * scale[..., None, :])
        identity = jnp.broadcast_to(jnp.eye(d), correlation.shape)
        precision = cho_solve(cho_factor(correlation + _RIDGE * identity), identity)
        row = precision[..., j]
        own = jnp.maximum(row[..., j], 0.5)[..., None]  # below 1 by rounding alone
        partial = -row * jax.lax.rsqrt(own * jnp.maximum(diagonal(precision), 0.5))
        left = (centred @ (row / scale)[..., None])[..., 0] * jax.lax.rsqrt(own)  # in units of its standard deviation
        return left, jnp.stack([partial, -row / own, jnp.broadcast_to(jnp.log(own), row.shape)], axis=-2)

    left, found = for_each_variable(regress, jnp.moveaxis(1.0 - u, -1, 0), jnp.arange(d))
    left = jnp.clip(jnp.moveaxis(left, 0, -1), -10.0, 10.0)  # [batch, n, j]
    partial, coefficient, precision = jnp.transpose(found, (2, 1, 3, 0))  # [batch, i, j]
    times = u.sum(-2)[..., None]
    spread = jnp.log((times * mean_given(u, left**2) + 2.0) / (times + 2.0))
    shift = mean_given(u, left) * jnp.sqrt(times)
    sharp = jnp.linalg.inv(gram(z, z) / n + 1e-4 * jnp.eye(d))
    every = normalised(sharp, -1)
    strength = jnp.sqrt(n) / 8
    size = jnp.log(jnp.maximum(diagonal(sharp), 0.5))
    return [
        *both(partial),
        *both(jnp.tanh(strength * partial)),
        *both(jnp.tanh(coefficient)),
        *both(precision / 4),
        *both(jnp.tanh(spread / 2)),
        *both(jnp.tanh(shift / 3)),
        every,
        jnp.tanh(strength * every),
        *both(rows(size / 5)),
        jnp.tanh(size[..., :, None] - size[..., None, :]),
    ]

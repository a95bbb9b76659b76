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
        """For target j, from its rows free [batch, n] of interventions: its residuals and row of precisions."""
        count = jnp.maximum(free.sum(-1), 1.0)[..., None, None]
        centred = z - (free[..., None] * z).sum(-2, keepdims=True) / count
        covariance = gram(free[..., None] * centred, centred) / count
        scale = jnp.sqrt(diagonal(covariance)) + 1e-3
        correlation = covariance / (scale[..., :, None] * scale[..., None, :])
        selected = jnp.zeros((*correlation.shape[:-1], 1)).at[..., j, 0].set(1.0)
        row = cho_solve(cho_factor(correlation + _RIDGE * jnp.eye(d)), selected)[..., 0]
        left = (centred @ (row / scale)[..., None])[..., 0] * jax.lax.rsqrt(jnp.maximum(row[..., j], 0.5))[..., None]
        return left, row

    left, row = for_each_variable(regress, jnp.moveaxis(1.0 - u, -1, 0), jnp.arange(d))
    left = jnp.clip(jnp.moveaxis(left, 0, -1), -10.0, 10.0)  # [batch, n, j], in units of its standard deviation
    row = jnp.moveaxis(row, 0, -1)  # [batch, i, j]: of the precision matrix that belongs to j
    own = jnp.maximum(diagonal(row), 0.5)[..., None, :]  # below 1 by rounding alone
    partial = jnp.clip(-row * jax.lax.rsqrt(own * jnp.swapaxes(own, -1, -2)), -1.5, 1.5)  # beyond 1: two sets of rows
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
        *both(jnp.tanh(-row / own)),
        *both(rows(jnp.log(own[..., 0, :]) / 4)),
        *both(jnp.tanh(spread / 2)),
        *both(jnp.tanh(shift / 3)),
        every,
        jnp.tanh(strength * every),
        *both(rows(size / 5)),
        jnp.tanh(size[..., :, None] - size[..., None, :]),
    ]

"""Precise regressions, and whether they still hold where other variables are intervened on."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from avici_jl.network.statistics.algebra import both, diagonal, mean_given, normalised, rows
from avici_jl.network.statistics.columns import Columns


def invariance(columns: Columns) -> list[jax.Array]:
    """The regression of every j on all others with hardly a ridge, and its residuals under interventions.

    An intervention on a cause of j leaves the regression as it is; one on an effect of j breaks it, for the effect no
    longer tells about j (invariant prediction: Peters, Bühlmann and Meinshausen 2016). Where noise is small beside the
    signal, as far down the order of a linear model, only a small ridge leaves the partial correlations visible.
    """
    u, row = columns.u, columns.regressions.precise
    n = columns.n
    left = jnp.clip(columns.regressions.left, -10.0, 10.0)
    own = jnp.maximum(diagonal(row), 0.5)[..., None, :]  # below 1 by rounding alone
    partial = jnp.clip(-row * jax.lax.rsqrt(own * jnp.swapaxes(own, -1, -2)), -1.5, 1.5)  # beyond 1: two sets of rows
    times = u.sum(-2)[..., None]
    spread = jnp.log((times * mean_given(u, left**2) + 2.0) / (times + 2.0))
    shift = mean_given(u, left) * jnp.sqrt(times)
    every = normalised(columns.precision, -1)
    strength = jnp.sqrt(n) / 8
    size = jnp.log(jnp.maximum(diagonal(columns.precision), 0.5))
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

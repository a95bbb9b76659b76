"""How the values of one variable enter the statistics: as they are, or made robust to heavy tails."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.scipy.special import ndtri

from avici_jl.network.statistics.algebra import EPS


def robust_scores(value: jax.Array) -> jax.Array:
    """(value - mean) / deviation per column of [..., n, d], with estimates that outliers hardly move.

    Huber's M-estimates of location and scale ("proposal 2", Huber 1964, bend 2) in a fixed number of iterations, which
    start from the geometric mean of the absolute values: sums over rows alone, no sorting.
    """
    bend, gaussian = 2.0, 0.9205  # E[min(z², bend²)] of a standard normal z
    spread = jnp.sqrt((value**2).mean(axis=-2, keepdims=True)) + EPS
    location = jnp.zeros_like(spread)
    logarithm = jnp.log(jnp.abs(value / spread) + 1e-6).mean(axis=-2, keepdims=True)
    scale = spread * jnp.exp(logarithm + 0.635)  # E log|z| = -0.635
    for _ in range(6):
        scale = jnp.maximum(scale, 1e-4 * spread)
        score = jnp.clip((value - location) / scale, -bend, bend)
        location = location + scale * score.mean(axis=-2, keepdims=True)
        scale = scale * jnp.sqrt((score**2).mean(axis=-2, keepdims=True) / gaussian)
    return (value - location) / jnp.maximum(scale, 1e-4 * spread)


def normal_scores(value: jax.Array) -> jax.Array:
    """Φ⁻¹(rank / n) per column of [..., n, d], with the average rank of ties (van der Waerden scores).

    Any increasing transformation of a variable gives the same scores, so no tail is heavy.
    """
    n = value.shape[-2]
    every = jnp.arange(n)

    def scores(column: jax.Array) -> jax.Array:
        ordered, order = jax.lax.sort((column, every), num_keys=1, is_stable=False)
        differs = ordered[1:] != ordered[:-1]
        first = jax.lax.cummax(jnp.where(jnp.append(True, differs), every, 0))  # of each run of ties
        after = jax.lax.cummin(jnp.where(jnp.append(differs, True), every + 1, n), reverse=True)
        share = (first + after) / (2.0 * n)
        # A scatter is computed once; gathers are fused into all that uses the scores, and computed again each time.
        placed = jnp.zeros(n, value.dtype).at[order]
        return placed.set(ndtri(jnp.clip(share, 0.5 / n, 1 - 0.5 / n)), unique_indices=True)

    columns = jnp.swapaxes(value, -1, -2)
    found = jax.vmap(scores)(columns.reshape(-1, n)).reshape(columns.shape)
    return jnp.swapaxes(found, -1, -2)

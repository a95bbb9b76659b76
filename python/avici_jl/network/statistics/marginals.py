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
    # The barrier keeps the compiler from computing the values twice, with different rounding, where they are compared.
    columns = jax.lax.optimization_barrier(jnp.swapaxes(value, -1, -2))

    def share(column: jax.Array) -> jax.Array:
        ordered = jnp.sort(column)
        below, upto = (jnp.searchsorted(ordered, column, side=s, method="scan_unrolled") for s in ("left", "right"))
        return (below + upto) / (2.0 * n)

    found = jax.vmap(share)(columns.reshape(-1, n)).reshape(columns.shape)
    return jnp.swapaxes(ndtri(jnp.clip(found, 0.5 / n, 1 - 0.5 / n)), -1, -2)

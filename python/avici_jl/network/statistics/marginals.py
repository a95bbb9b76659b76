"""How the values of one variable enter the statistics: as they are, or made robust to heavy tails."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.scipy.special import ndtri

from avici_jl.network.statistics.algebra import EPS


def robust_scores(value: jax.Array, weight: jax.Array | None = None) -> jax.Array:
    """(value - mean) / deviation per column of [..., n, d], with estimates that outliers hardly move.

    Huber's M-estimates of location and scale ("proposal 2", Huber 1964, bend 2) in a fixed number of iterations, which
    start from the geometric mean of the absolute values: sums over rows alone, no sorting. Rows [..., n, 1] of weight 0
    are none.
    """
    bend, gaussian = 2.0, 0.9205  # E[min(z², bend²)] of a standard normal z
    weight = jnp.ones((*value.shape[:-1], 1)) if weight is None else weight
    share = weight / jnp.maximum(weight.sum(axis=-2, keepdims=True), 1.0)

    def mean(f: jax.Array) -> jax.Array:
        return (share * f).sum(axis=-2, keepdims=True)

    spread = jnp.sqrt(mean(value**2)) + EPS
    location = jnp.zeros_like(spread)
    logarithm = mean(jnp.log(jnp.abs(value / spread) + 1e-6))
    scale = spread * jnp.exp(logarithm + 0.635)  # E log|z| = -0.635

    def step(_: int, state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        location, scale = state
        scale = jnp.maximum(scale, 1e-4 * spread)
        score = jnp.clip((value - location) / scale, -bend, bend)
        return location + scale * mean(score), scale * jnp.sqrt(mean(score**2) / gaussian)

    location, scale = jax.lax.fori_loop(0, 6, step, (location, scale))
    return (value - location) / jnp.maximum(scale, 1e-4 * spread)


def normal_scores(value: jax.Array, weight: jax.Array | None = None) -> jax.Array:
    """Φ⁻¹(rank / n) per column of [..., n, d], with the average rank of ties (van der Waerden scores).

    Any increasing transformation of a variable gives the same scores, so no tail is heavy. Rows [..., n, 1] of weight 0
    are none, and get whatever score.
    """
    n = value.shape[-2]
    every = jnp.arange(n)
    if weight is not None:
        value = jnp.where(weight > 0, value, jnp.inf)  # they come last
    number = jnp.full(value.shape[:-2], n) if weight is None else jnp.maximum(weight.sum((-2, -1)), 1.0)

    def scores(column: jax.Array, count: jax.Array) -> jax.Array:
        ordered, order = jax.lax.sort((column, every), num_keys=1, is_stable=False)
        differs = ordered[1:] != ordered[:-1]
        first = jax.lax.cummax(jnp.where(jnp.append(True, differs), every, 0))  # of each run of ties
        after = jax.lax.cummin(jnp.where(jnp.append(differs, True), every + 1, n), reverse=True)
        share = (first + after) / (2.0 * count)
        # A scatter is computed once; gathers are fused into all that uses the scores, and computed again each time.
        placed = jnp.zeros(n, value.dtype).at[order]
        return placed.set(ndtri(jnp.clip(share, 0.5 / count, 1 - 0.5 / count)), unique_indices=True)

    columns = jnp.swapaxes(value, -1, -2)
    counts = jnp.broadcast_to(number[..., None], columns.shape[:-1]).ravel()
    found = jax.vmap(scores)(columns.reshape(-1, n), counts).reshape(columns.shape)
    return jnp.swapaxes(found, -1, -2)

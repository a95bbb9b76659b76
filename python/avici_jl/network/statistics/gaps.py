"""Missing values: what they would be expected to be given the rest of their row, and what their pattern tells."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from avici_jl.network.statistics.algebra import EPS, both, diagonal, gram, in_double, inverse, rows, significance
from avici_jl.network.statistics.columns import Columns

_ROUNDS, _STEPS, _RIDGE = 8, 8, 1e-3


def fill(value: jax.Array, observed: jax.Array, weight: jax.Array | None = None) -> jax.Array:
    """Values [batch, n, d] with each missing one replaced by its expectation given the rest of its row.

    Expectation maximisation for a Gaussian (Little and Rubin 2019, ch. 11): the covariance gives the expectations and
    these the covariance, eight times. The expectations of a row solve P_mm x_m = -P_mo x_o with the precision P, for
    all rows at once by conjugate gradients, so that a round costs O(n d² + d³) whatever the pattern of the gaps. The
    covariance of what is missing, given the rest of its row, is approximated by twice 1 / P_jj on the diagonal.

    Args:
        value: 0 where missing.
        observed: 1 where a value is there, 0 where it is missing.
        weight: [batch, n, d], 0 where the table was filled up; by default 1.
    """
    weight = jnp.ones_like(observed) if weight is None else weight
    gap = weight - observed
    return jax.lax.cond((gap > 0).any(), _fill, lambda value, *_: value, value, observed, weight)


def _fill(value: jax.Array, observed: jax.Array, weight: jax.Array) -> jax.Array:
    d, n = value.shape[-1], jnp.maximum(weight.sum(-2, keepdims=True).max(-1, keepdims=True), 1.0)
    count = jnp.maximum(observed.sum(-2, keepdims=True), 1.0)
    mean = (observed * value).sum(-2, keepdims=True) / count
    scale = jnp.sqrt((observed * (value - mean) ** 2).sum(-2, keepdims=True) / count) + EPS
    seen, gap = observed * (value - mean) / scale, weight - observed

    def step(_: jax.Array, state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        filled, uncertain = state
        centred = weight * (filled - filled.sum(-2, keepdims=True) / n)
        covariance = gram(centred, centred) / n + uncertain[..., None] * jnp.eye(d)
        precision = in_double(lambda c: inverse(c, _RIDGE))(covariance)
        own = jnp.maximum(diagonal(precision), EPS)
        filled = seen + _solve(precision, own, seen, filled - seen, gap)
        return filled, 2.0 * gap.sum(-2) / n[..., 0] / own

    filled, _ = jax.lax.fori_loop(0, _ROUNDS, step, (seen, gap.sum(-2) / n[..., 0]))
    return jnp.where(gap > 0, filled * scale + mean, value)


def _solve(precision: jax.Array, own: jax.Array, seen: jax.Array, start: jax.Array, gap: jax.Array) -> jax.Array:
    """x that is 0 but in the gaps and there solves P (seen + x) = 0, by conjugate gradients with the diagonal of P."""
    own = own[..., None, :]

    def dot(a: jax.Array, b: jax.Array) -> jax.Array:
        return (a * b).sum(-1, keepdims=True)

    def step(_: jax.Array, state: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
        x, rest, along, size = state
        image = (along @ precision) * gap
        length = size / jnp.maximum(dot(along, image), 1e-20)
        x, rest = x + length * along, rest - length * image
        new = dot(rest, rest / own)
        return x, rest, rest / own + new / jnp.maximum(size, 1e-20) * along, new

    rest = -((seen + start) @ precision) * gap
    return jax.lax.fori_loop(0, _STEPS, step, (start, rest, rest / own, dot(rest, rest / own)))[0]


def gaps(columns: Columns) -> list[jax.Array]:
    """How much is missing, whether gaps come together, and whether they tell about the other variables' values."""
    seen, z, n = columns.observed, columns.z, columns.n
    d = z.shape[-1]
    share = (columns.weight - seen).sum(-2) / n[..., 0]
    gap = columns.weight * ((1.0 - seen) - share[..., None, :])
    gap = gap / jnp.sqrt(jnp.maximum(share * (1.0 - share), 1e-3))[..., None, :]
    together = gram(seen, seen) / n
    other = jnp.where(jnp.eye(d) > 0, 0.0, gram(gap, seen * z) / n)  # of i's gaps with j's values
    return [
        *both(rows(jnp.sqrt(share))),
        together - (1.0 - share)[..., :, None] * (1.0 - share)[..., None, :],
        1.0 - together,
        significance(gram(gap, gap) / n, n),
        *both(other),
        *both(significance(other, n)),
    ]

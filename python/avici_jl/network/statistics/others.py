"""The linear regression of every variable on all others, from the rows in which it was not intervened on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from avici_jl.network.statistics.algebra import MANY, diagonal, gram, inverses

_RIDGES = 0.02, 1e-3
_ENTRIES = 2**21
_SOME = 128
"""Of many variables so many are targets together: those without interventions are left out."""
_CLOSE, _MORE = 1e-9, 30


class Regressions(NamedTuple):
    """Of every target j on all other variables, from the rows in which j was not intervened on.

    Attributes:
        smoothed: [batch, i, j], row j of the inverse correlation matrix with a ridge of 0.02.
        precise: the same with a ridge of 0.001.
        correlation: [batch, i, j], of i and j in these rows.
        variance: [batch, i, j], of i in these rows.
        left: [batch, n, j], residuals in all rows of the precise regression, in units of their standard deviation.

    In double precision: with a ridge of 0.001 the condition number reaches 1000 d.
    """

    smoothed: jax.Array
    precise: jax.Array
    correlation: jax.Array
    variance: jax.Array
    left: jax.Array


def regress_on_others(z: jax.Array, u: jax.Array, weight: jax.Array) -> Regressions:
    """Regressions of the variables z [batch, n, d] with interventions u, from rows [batch, n, 1] of weight 1, not 0.

    Variables that were never intervened on share their rows, and so one inverse. For each of the others one row of an
    inverse is found by conjugate gradients, for which the shared inverse, in the units of its own rows, is a
    preconditioner: about as many steps as rows are left out, each O(n d + d²).
    """
    d = z.shape[-1]
    n = jnp.maximum(weight.sum(-2, keepdims=True), 1.0)
    z = weight * (z - (weight * z).sum(-2, keepdims=True) / n)
    covariance = gram(z, z) / n
    variance = diagonal(covariance)
    scale = jnp.sqrt(variance) + 1e-3  # [batch, d]
    correlation = covariance / (scale[..., :, None] * scale[..., None, :])
    shared = inverses(correlation, _RIDGES)
    left = (z / scale[..., None, :]) @ shared[1] * jax.lax.rsqrt(jnp.maximum(diagonal(shared[1]), 0.5))[..., None, :]
    found = Regressions(
        shared[0], shared[1], correlation, jnp.broadcast_to(variance[..., None], correlation.shape), left
    )

    def some(state: tuple[jax.Array, Regressions]) -> tuple[jax.Array, Regressions]:
        """Of the next few variables that were intervened on."""
        done, found = state
        targets = order[(done + jnp.arange(size)) % d]
        own = _regress(z, weight, weight * (1.0 - u[..., targets]), targets, scale, shared)
        return done + size, jax.tree.map(lambda every, part: every.at[..., targets].set(part), found, own)

    intervened = (u > 0).any((0, 1))
    order, count = jnp.argsort(~intervened), intervened.sum()
    size = min(d if d <= MANY else _SOME, max(1, _ENTRIES // (z.shape[0] * max(z.shape[1:]))))
    return jax.lax.while_loop(lambda state: state[0] < count, some, (jnp.zeros_like(count), found))[1]


def _regress(
    z: jax.Array, weight: jax.Array, free: jax.Array, targets: jax.Array, usual: jax.Array, shared: jax.Array
) -> Regressions:
    """Of the targets [k], from their rows free [batch, n, k]; the last axes are of the targets."""
    every = jnp.arange(len(targets))

    def own(matrix: jax.Array) -> jax.Array:
        """[batch, 1, k]: the entries of the targets themselves."""
        return matrix[..., targets, every][..., None, :]

    count = jnp.maximum(free.sum(-2, keepdims=True), 1.0)
    mean = gram(z, free) / count
    variance = jnp.maximum(gram(z**2, free) / count - mean**2, 0.0)
    scale = jnp.sqrt(variance) + 1e-3
    covariance = gram(z, free * z[..., targets]) / count - mean * own(mean)
    to_own = scale / usual[..., None]

    def scores(vector: jax.Array) -> jax.Array:
        """Of all rows [batch, n, k], for coefficients [batch, d, k] in units of the standard deviations."""
        vector = vector / scale
        return z @ vector - (mean * vector).sum(-2, keepdims=True)

    def solve(ridge: jax.Array, inverse: jax.Array) -> jax.Array:
        return _conjugate_gradients(
            lambda x: gram(z, free * scores(x)) / count / scale + ridge * x,
            lambda r: to_own * (inverse @ (to_own * r)),
            jnp.zeros((len(shared), *mean.shape)).at[..., targets, every].set(1.0),
        )

    smoothed, precise = solve(jnp.array(_RIDGES).reshape(-1, 1, 1, 1), shared)  # at once: they take as many steps
    left = weight * scores(precise) * jax.lax.rsqrt(jnp.maximum(own(precise), 0.5))
    return Regressions(smoothed, precise, covariance / (scale * own(scale)), variance, left)


def _conjugate_gradients(
    times: Callable[[jax.Array], jax.Array], precondition: Callable[[jax.Array], jax.Array], right: jax.Array
) -> jax.Array:
    """x with A x = right, columns of [..., d, k], for a positive definite A for each of them."""

    def dot(a: jax.Array, b: jax.Array) -> jax.Array:
        return (a * b).sum(-2, keepdims=True)

    def step(state: Any) -> Any:
        steps, x, rest, along, size = state
        image = times(along)
        length = size / jnp.maximum(dot(along, image), tiny)
        x, rest = x + length * along, rest - length * image
        turned = precondition(rest)
        new = dot(rest, turned)
        return steps + 1, x, rest, turned + new / jnp.maximum(size, tiny) * along, new

    def far(state: Any) -> jax.Array:
        return (state[0] < right.shape[-2] + _MORE) & ((state[2] ** 2).sum(-2).max() > _CLOSE**2)

    tiny = jnp.finfo(right.dtype).tiny
    x = precondition(right)
    rest = right - times(x)
    along = precondition(rest)
    return jax.lax.while_loop(far, step, (jnp.int32(0), x, rest, along, dot(rest, along)))[1]

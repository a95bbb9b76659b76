"""Regressions of each variable on others: linear without its own interventions, smooth, and what they leave over."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

from avici_jl.network.statistics.algebra import blocks, both, diagonal, gram, gram_self, inverse, rows
from avici_jl.network.statistics.columns import Columns

_POWERS = 4
_LEAST_PIVOT = 1e-4
"""Below every pivot but for rounding: ridges, or bounded variances of functions, keep them above ten times that."""


def interventional(columns: Columns) -> list[jax.Array]:
    """The regression of every j on the others, from the rows in which j was not intervened on."""
    own, _, correlated, variance, _ = columns.regressions
    residual = jnp.maximum(diagonal(own), 0.5)  # below 0.9 by rounding alone
    coefficient = -own / residual[..., None, :]
    return [
        *both(jnp.tanh(coefficient)),
        *both(jnp.tanh(4 * coefficient)),
        *both(rows(jnp.tanh(jnp.log(residual) / 2))),
        *both(correlated),
        *both(rows(jnp.tanh(diagonal(variance)))),
        *both(rows(columns.u.sum(-2) / columns.n[..., 0] * columns.d[..., 0] / 2)),
    ]


def smooth(columns: Columns) -> list[jax.Array]:
    """How well smooth functions explain each variable j: of i alone, of all others, and what i adds to all others."""
    products, d = columns.curved, columns.z.shape[-1]
    alone = _grid(products, d)
    within = diagonal(alone) + 0.02 * jnp.eye(_POWERS)[..., None, None]
    explained = _quadratic(alone[:, 0], within[..., None]).clip(0.0, 0.999)
    # The additive regression of j on the functions of all others, from the precision matrix of all functions without
    # those of j itself.
    precision = _grid(inverse(products, 0.05), d)
    own = diagonal(precision)  # [a, c, batch, j]
    rest = _inverse(own[1:, 1:])
    lead = own[0, 0] - _times(_times(own[:1, 1:], rest), own[1:, :1])[0, 0]
    lead = jnp.maximum(lead, 1e-3)  # positive but for rounding
    through = _times(precision[:, 1:], rest[..., None, :])
    slope = -(precision[:, 0] - _times(through, own[1:, :1, :, None])[:, 0]) / lead[..., None, :]
    block = own[..., None] - _times(through, jnp.swapaxes(precision[:, 1:], 0, 1))
    ridge = 1e-3 * jnp.eye(_POWERS)[..., None, None, None]
    added = (lead[..., None, :] * _quadratic(slope, block + ridge)).clip(0.0, 1.0)  # partial R²
    added = jnp.where(jnp.eye(d) > 0, 1.0, added)  # of itself, where the block is nothing but its ridge and rounding
    return [
        *both(explained),
        *both(jnp.log1p(-explained) / 3),
        *both(rows(jnp.log(lead) / 3)),
        *both(jnp.log1p(10 * added) / 3),
    ]


def residual(columns: Columns) -> list[jax.Array]:
    """Dependence between functions of the residuals of linear regressions on all others, and of the variables."""
    z, n = columns.z, columns.n
    precision = inverse(columns.correlation, 0.02)
    left = columns.unit((z @ precision) / diagonal(precision)[..., None, :])
    of_values, of_residuals = (
        columns.unit(jnp.concatenate([h, jnp.abs(h), jnp.clip(h**3 - 3 * h, -9.0, 9.0)], -1)) for h in (z, left)
    )
    crossed = blocks(gram(of_values, of_residuals) / n, 3)
    turned = jnp.stack([crossed, jnp.swapaxes(crossed, -2, -3)], -1).reshape(*crossed.shape[:-1], -1)
    return [blocks(gram_self(of_residuals) / n, 3), turned]


def _grid(matrix: jax.Array, d: int) -> jax.Array:
    """[batch, a d + i, c d + j] as [a, c, batch, i, j]: of function a of i and function c of j."""
    split = matrix.reshape(*matrix.shape[:-2], _POWERS, d, _POWERS, d)
    return jnp.moveaxis(split, (-4, -2), (0, 1))


def _times(a: jax.Array, b: jax.Array) -> jax.Array:
    """Products of small matrices [k, l, ...] and [l, m, ...].

    Term by term: of XLA's sum over that axis of a product with broadcast factors, on CPUs (jaxlib 0.10.2), entries are
    wrong where there are several tables of 80 variables or more.
    """
    return functools.reduce(jnp.add, (a[:, c, None] * b[None, c] for c in range(len(b))))


def _eliminated(matrix: jax.Array, count: int) -> jax.Array:
    """What elimination of the first variables leaves of symmetric matrices [k, k, ...]: the Schur complement.

    LAPACK would take the matrices one by one, see `start_jax`. The barrier keeps XLA from computing each step anew
    for every entry of the next.
    """
    for _ in range(count):
        pivot = matrix[:1, :1]
        pivot = jnp.where(pivot > _LEAST_PIVOT, pivot, jnp.inf)  # what rounding has eaten is left out
        matrix = jax.lax.optimization_barrier(matrix[1:, 1:] - matrix[1:, :1] * matrix[:1, 1:] / pivot)
    return matrix


def _quadratic(vector: jax.Array, matrix: jax.Array) -> jax.Array:
    """vᵀ A⁻¹ v for vectors [m, ...] and small positive definite A [m, m, ...]."""
    matrix = jnp.broadcast_to(matrix, (len(matrix), *vector.shape))
    beside = jnp.concatenate([matrix, vector[None]])
    below = jnp.concatenate([vector, jnp.zeros_like(vector[:1])])[:, None]
    return -_eliminated(jnp.concatenate([beside, below], 1), len(matrix))[0, 0]


def _inverse(matrix: jax.Array) -> jax.Array:
    """A⁻¹ of small positive definite A [m, m, ...]."""
    m = len(matrix)
    one = jnp.broadcast_to(jnp.eye(m).reshape(m, m, *[1] * (matrix.ndim - 2)), matrix.shape)
    whole = jnp.concatenate([jnp.concatenate([matrix, one], 1), jnp.concatenate([one, jnp.zeros_like(one)], 1)])
    return -_eliminated(whole, m)

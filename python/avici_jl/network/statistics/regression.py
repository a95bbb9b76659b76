"""Regressions of each variable on others: linear without its own interventions, smooth, and what they leave over."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from avici_jl.network.statistics.algebra import blocks, both, diagonal, gram, rows, unit
from avici_jl.network.statistics.columns import Columns

_POWERS = 4


def interventional(columns: Columns) -> list[jax.Array]:
    """The regression of every j on the others, from the rows in which j was not intervened on."""
    u, d = columns.u, columns.z.shape[-1]
    own, _, correlated, variance, _ = columns.regressions
    residual = jnp.maximum(diagonal(own), 0.5)  # below 0.9 by rounding alone
    coefficient = -own / residual[..., None, :]
    return [
        *both(jnp.tanh(coefficient)),
        *both(jnp.tanh(4 * coefficient)),
        *both(rows(jnp.tanh(jnp.log(residual) / 2))),
        *both(correlated),
        *both(rows(jnp.tanh(diagonal(variance)))),
        *both(rows(u.mean(-2) * d / 2)),
    ]


def smooth(columns: Columns) -> list[jax.Array]:
    """How well smooth functions explain each variable j: of i alone, of all others, and what i adds to all others."""
    z = columns.z
    n, d = z.shape[-2:]
    functions = [z, jnp.minimum(z**2, 9.0), jnp.clip(z**3 - 3 * z, -9.0, 9.0), jnp.sin(2 * z)]
    f = unit(jnp.concatenate(functions, axis=-1))
    products = gram(f, f) / n
    alone = _grid(products, d)
    within = jnp.moveaxis(diagonal(jnp.moveaxis(alone, (-2, -1), (-4, -3))), -1, -3)  # [batch, i, a, b]
    explained = _quadratic(alone[..., 0], (within + 0.02 * jnp.eye(_POWERS))[..., :, None, :, :]).clip(0.0, 0.999)
    # The additive regression of j on the functions of all others, from the precision matrix of all functions without
    # those of j itself.
    precision = _grid(jnp.linalg.inv(products + 0.05 * jnp.eye(_POWERS * d)), d)  # [batch, i, j, function of i, of j]
    own = jnp.moveaxis(diagonal(jnp.moveaxis(precision, (-2, -1), (-4, -3))), -1, -3)
    rest = jnp.linalg.inv(own[..., 1:, 1:])
    lead = own[..., 0, 0] - jnp.einsum("bja,bjac,bjc->bj", own[..., 0, 1:], rest, own[..., 0, 1:])
    through = jnp.einsum("bijac,bjce->bijae", precision[..., 1:], rest)
    lead = jnp.maximum(lead, 1e-3)  # positive but for rounding
    slope = -(precision[..., 0] - jnp.einsum("bijac,bjc->bija", through, own[..., 0, 1:])) / lead[..., None, :, None]
    block = own[..., :, None, :, :] - jnp.einsum("bijac,bijec->bijae", through, precision[..., 1:])
    added = (lead[..., None, :] * _quadratic(slope, block + 1e-3 * jnp.eye(_POWERS))).clip(0.0)  # partial R²
    return [
        *both(explained),
        *both(jnp.log1p(-explained) / 3),
        *both(rows(jnp.log(lead) / 3)),
        *both(jnp.log1p(10 * added) / 3),
    ]


def residual(columns: Columns) -> list[jax.Array]:
    """Dependence between functions of the residuals of linear regressions on all others, and of the variables."""
    z = columns.z
    n, d = z.shape[-2:]
    precision = jnp.linalg.inv(columns.correlation + 0.02 * jnp.eye(d))
    left = unit((z @ precision) / diagonal(precision)[..., None, :])
    of_values, of_residuals = (
        unit(jnp.concatenate([h, jnp.abs(h), jnp.clip(h**3 - 3 * h, -9.0, 9.0)], -1)) for h in (z, left)
    )
    crossed = blocks(gram(of_values, of_residuals) / n, 3)
    return [*blocks(gram(of_residuals, of_residuals) / n, 3), *(part for matrix in crossed for part in both(matrix))]


def _grid(matrix: jax.Array, d: int) -> jax.Array:
    """[batch, a d + i, b d + j] as [batch, i, j, a, b]."""
    split = matrix.reshape(*matrix.shape[:-2], _POWERS, d, _POWERS, d)
    return jnp.moveaxis(split, (-4, -3, -2, -1), (-2, -4, -1, -3))


def _quadratic(vector: jax.Array, matrix: jax.Array) -> jax.Array:
    """vᵀ A⁻¹ v for small positive definite A [..., m, m], by an unrolled Cholesky factorisation."""
    m = vector.shape[-1]
    factor: dict[tuple[int, int], jax.Array] = {}
    solved: list[jax.Array] = []
    for a in range(m):
        for b in range(a + 1):
            rest = matrix[..., a, b] - sum(factor[a, c] * factor[b, c] for c in range(b))
            factor[a, b] = jnp.sqrt(jnp.maximum(rest, 1e-9)) if a == b else rest / factor[b, b]
        solved.append((vector[..., a] - sum(factor[a, c] * solved[c] for c in range(a))) / factor[a, a])
    return sum(s**2 for s in solved)  # type: ignore[return-value]

"""Regressions of each variable on others: linear without its own interventions, smooth, and what they leave over."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from avici_jl.network.statistics.algebra import blocks, both, diagonal, gram, rows
from avici_jl.network.statistics.columns import Columns

_POWERS = 4


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
    z, d = columns.z, columns.z.shape[-1]
    functions = [z, jnp.minimum(z**2, 9.0), jnp.clip(z**3 - 3 * z, -9.0, 9.0), jnp.sin(2 * z)]
    f = columns.unit(jnp.concatenate(functions, axis=-1))
    products = gram(f, f) / columns.n
    alone = _grid(products, d)
    within = jnp.moveaxis(diagonal(jnp.moveaxis(alone, (-2, -1), (-4, -3))), -1, -3)  # [batch, i, a, b]
    explained = _quadratic(alone[..., 0], (within + 0.02 * jnp.eye(_POWERS))[..., :, None, :, :]).clip(0.0, 0.999)
    # The additive regression of j on the functions of all others, from the precision matrix of all functions without
    # those of j itself.
    precision = _grid(jnp.linalg.inv(products + 0.05 * jnp.eye(_POWERS * d)), d)  # [batch, i, j, function of i, of j]
    own = jnp.moveaxis(diagonal(jnp.moveaxis(precision, (-2, -1), (-4, -3))), -1, -3)
    rest = _inverse(own[..., 1:, 1:])
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
    z, n = columns.z, columns.n
    precision = jnp.linalg.inv(columns.correlation + 0.02 * jnp.eye(z.shape[-1]))
    left = columns.unit((z @ precision) / diagonal(precision)[..., None, :])
    of_values, of_residuals = (
        columns.unit(jnp.concatenate([h, jnp.abs(h), jnp.clip(h**3 - 3 * h, -9.0, 9.0)], -1)) for h in (z, left)
    )
    crossed = blocks(gram(of_values, of_residuals) / n, 3)
    return [*blocks(gram(of_residuals, of_residuals) / n, 3), *(part for matrix in crossed for part in both(matrix))]


def _grid(matrix: jax.Array, d: int) -> jax.Array:
    """[batch, a d + i, b d + j] as [batch, i, j, a, b]."""
    split = matrix.reshape(*matrix.shape[:-2], _POWERS, d, _POWERS, d)
    return jnp.moveaxis(split, (-4, -3, -2, -1), (-2, -4, -1, -3))


def _cholesky(matrix: jax.Array) -> dict[tuple[int, int], jax.Array]:
    """Factor of small positive definite matrices [..., m, m], unrolled: its entries [...] by place."""
    factor: dict[tuple[int, int], jax.Array] = {}
    for a in range(matrix.shape[-1]):
        for b in range(a + 1):
            rest = matrix[..., a, b] - sum(factor[a, c] * factor[b, c] for c in range(b))
            factor[a, b] = jnp.sqrt(jnp.maximum(rest, 1e-9)) if a == b else rest / factor[b, b]
    return factor


def _forward(factor: dict[tuple[int, int], jax.Array], vector: list[jax.Array]) -> list[jax.Array]:
    """L⁻¹ v."""
    solved: list[jax.Array] = []
    for a, own in enumerate(vector):
        solved.append((own - sum(factor[a, c] * solved[c] for c in range(a))) / factor[a, a])
    return solved


def _quadratic(vector: jax.Array, matrix: jax.Array) -> jax.Array:
    """vᵀ A⁻¹ v for small positive definite A [..., m, m]."""
    solved = _forward(_cholesky(matrix), [vector[..., a] for a in range(vector.shape[-1])])
    return sum(s**2 for s in solved)  # type: ignore[return-value]


def _inverse(matrix: jax.Array) -> jax.Array:
    """A⁻¹ of small positive definite A [..., m, m]. LAPACK would take the matrices one by one, see `start_jax`."""
    m, factor = matrix.shape[-1], _cholesky(matrix)
    one, none = jnp.ones_like(factor[0, 0]), jnp.zeros_like(factor[0, 0])
    columns = [jnp.stack(_forward(factor, [one if a == b else none for a in range(m)]), -1) for b in range(m)]
    inverse = jnp.stack(columns, -1)  # of L
    return jnp.einsum("...ca,...cb->...ab", inverse, inverse)

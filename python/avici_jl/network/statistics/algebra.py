"""Small pieces that the groups of statistics share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import jax
import jax.numpy as jnp

EPS = 1e-6
MANY = 512
"""Of more variables some statistics are made with less work."""
Found = TypeVar("Found")


def gram(a: jax.Array, b: jax.Array) -> jax.Array:
    """Sum over rows of a_i b_j."""
    return jnp.swapaxes(a, -1, -2) @ b


def gram_self(f: jax.Array) -> jax.Array:
    """Sum over rows of f_i f_j; of many functions by halves, so that what is symmetric is computed once."""
    if f.shape[-1] <= _WHOLE:
        return gram(f, f)
    first, last = jnp.split(f, [f.shape[-1] // 2], -1)
    across = gram(last, first)
    return whole(gram_self(first), jnp.swapaxes(across, -1, -2), across, gram_self(last))


def mean_given(weight: jax.Array, f: jax.Array) -> jax.Array:
    """[i, j]: mean of f_j over rows, weighted by weight_i."""
    return gram(weight, f) / jnp.maximum(weight.sum(-2), EPS)[..., None]


def diagonal(matrix: jax.Array) -> jax.Array:
    """Diagonals of [..., d, d]."""
    return jnp.diagonal(matrix, axis1=-2, axis2=-1)


def normalised(matrix: jax.Array, sign: int = 1) -> jax.Array:
    """A positive definite matrix scaled to a unit diagonal."""
    scale = jnp.sqrt(jnp.maximum(diagonal(matrix), EPS))
    return sign * matrix / (scale[..., :, None] * scale[..., None, :])


def significance(correlation: jax.Array, count: jax.Array | float) -> jax.Array:
    """Fisher's z of a correlation in units of its standard error, as a logarithm.

    It is 0.2 for one standard error, 0.7 for ten and 1.3 for a hundred.
    """
    z = jnp.arctanh(jnp.clip(correlation, -0.9999, 0.9999)) * jnp.sqrt(count)
    return logarithmic(z)


def logarithmic(t: jax.Array) -> jax.Array:
    """A test statistic on a scale that never saturates; see `significance`."""
    return jnp.sign(t) * jnp.log1p(jnp.abs(t)) / 3.5


def rows(vector: jax.Array) -> jax.Array:
    """[i, j]: entry i."""
    return jnp.broadcast_to(vector[..., :, None], (*vector.shape, vector.shape[-1]))


def both(matrix: jax.Array) -> list[jax.Array]:
    """The statistic of i → j and of j → i."""
    return [matrix, jnp.swapaxes(matrix, -1, -2)]


def blocks(matrix: jax.Array, k: int) -> jax.Array:
    """[..., i, j, k²]: the k × k blocks of a matrix between k functions of each variable, row by row."""
    d = matrix.shape[-1] // k
    split = matrix.reshape(*matrix.shape[:-2], k, d, k, d)
    return jnp.moveaxis(split, (-4, -2), (-2, -1)).reshape(*matrix.shape[:-2], d, d, k * k)


_WHOLE, _LEAF = 2048, 512
"""Triangular factors of more rows than the first are inverted and squared by halves, down to the second; and functions
of more variables are multiplied by halves, down to the first."""


def inverse(matrix: jax.Array, ridge: float | jax.Array) -> jax.Array:
    """(A + ridge I)⁻¹ of positive definite A, by Cholesky's factor: less to compile than elimination with pivots."""
    size = matrix.shape[-1]
    matrix = matrix + ridge * jnp.eye(size, dtype=matrix.dtype)
    factor = jax.lax.linalg.cholesky(matrix, symmetrize_input=False)
    leaf = size if size <= _WHOLE else _LEAF
    return _square(_inverse_factor(factor, leaf), leaf)


def _inverse_factor(factor: jax.Array, leaf: int) -> jax.Array:
    """L⁻¹ of a lower triangular matrix L; the zeros of matrices larger than `leaf` take no work."""
    if factor.shape[-1] <= leaf:
        one = jnp.broadcast_to(jnp.eye(factor.shape[-1], dtype=factor.dtype), factor.shape)
        return jax.lax.linalg.triangular_solve(factor, one, left_side=True, lower=True)
    first, beside, last = _halves(factor)
    first, last = _inverse_factor(first, leaf), _inverse_factor(last, leaf)
    beside = -(last @ beside) @ first
    return whole(first, jnp.zeros_like(jnp.swapaxes(beside, -1, -2)), beside, last)


def _square(half: jax.Array, leaf: int) -> jax.Array:
    """HᵀH of a lower triangular matrix H, in the same way."""
    if half.shape[-1] <= leaf:
        return gram(half, half)
    first, beside, last = _halves(half)
    across = gram(last, beside)
    return whole(_square(first, leaf) + gram(beside, beside), jnp.swapaxes(across, -1, -2), across, _square(last, leaf))


def _halves(matrix: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """The blocks of a lower triangular matrix: upper left, lower left, lower right."""
    k = matrix.shape[-1] // 2
    return matrix[..., :k, :k], matrix[..., k:, :k], matrix[..., k:, k:]


def whole(*block: jax.Array) -> jax.Array:
    """A matrix of its four blocks, row by row."""
    return jnp.concatenate([jnp.concatenate(block[:2], -1), jnp.concatenate(block[2:], -1)], -2)


def inverses(matrix: jax.Array, ridges: Sequence[float]) -> jax.Array:
    """[ridge, ...]: the inverse with each of these ridges."""
    return inverse(matrix, jnp.array(ridges, matrix.dtype).reshape(-1, *[1] * matrix.ndim))


def in_double(function: Callable[..., Found]) -> Callable[..., Found]:
    """`function` of float32 arrays, computed in double precision; its results are float32 again.

    For inverses with a small ridge, of which single precision would leave a few digits. On TPUs, which have no doubles,
    it is left as it is.
    """
    if jax.default_backend() == "tpu":
        return function

    def computed(*arrays: jax.Array) -> Found:
        with jax.enable_x64(True):
            found = function(*(array.astype(jnp.float64) for array in arrays))
            return jax.tree.map(lambda array: array.astype(jnp.float32), found)

    return computed


def variables_at_once(batch: int, d: int, entries: int = 2**24) -> int:
    """For how many variables arrays of about `batch` d² entries may exist at a time."""
    return min(d, max(1, entries // (batch * d * d)))


def for_each_variable(function: Callable[..., Found], *arguments: jax.Array, entries: int = 2**24) -> Found:
    """`function` for every variable: of the arguments' entries along their first axis, with bounded memory.

    Args:
        function: its results are arrays; makes one of size about d² per variable and batch entry on the way.
        arguments: [d, batch, …] each.
        entries: of such arrays that may exist at a time.
    """
    d, batch = arguments[0].shape[:2]
    size = variables_at_once(batch, d, entries)
    if size == d:
        return jax.vmap(function)(*arguments)
    return jax.lax.map(lambda slices: function(*slices), arguments, batch_size=size)

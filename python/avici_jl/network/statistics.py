"""Statistics of every ordered pair of variables: all that the compact network sees of the observations.

Each is computed from sums over rows (matrix products) and inverses of at most 3d × 3d matrices, costs O(n d²)
(O(n d³) for "interventional"), does not depend on the order of the rows, and permutes with the variables. Entry
[i, j] describes i → j. No gradient flows through them. All are scaled to about [-1, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import jax
import jax.numpy as jnp

from avici_jl.errors import ConfigError

_EPS = 1e-6
_ENTRIES = 2**24  # about as many numbers are formed at once where there is a matrix for every variable


def pair_statistics(x: jax.Array, groups: Sequence[str], clip: float = 0.0) -> jax.Array:
    """Statistics of all pairs.

    Args:
        x: [batch, n, d, 2] standardised values and intervention indicators.
        groups: names of `GROUPS`.
        clip: if positive, values are cut off that many robust standard deviations from the robust mean, so that
            heavy tails cannot dominate the moments.

    Returns:
        [batch, d, d, count_statistics(groups)].
    """
    value, u = x[..., 0], x[..., 1]
    if clip:
        value = jnp.clip(robust_scores(value), -clip, clip)
    centred = value - value.mean(axis=-2, keepdims=True)
    z = centred / (jnp.sqrt((centred**2).mean(axis=-2, keepdims=True)) + _EPS)
    found = [part for group in groups for part in GROUPS[group][1](value, z, u)]
    return jax.lax.stop_gradient(jnp.stack(found, axis=-1))


def robust_scores(value: jax.Array) -> jax.Array:
    """(value - mean) / deviation per column of [..., n, d], with estimates that outliers hardly move.

    Huber's M-estimates of location and scale ("proposal 2", Huber 1964, bend 2) in a fixed number of iterations, which
    start from the geometric mean of the absolute values: sums over rows alone, no sorting.
    """
    bend, gaussian = 2.0, 0.9205  # E[min(z², bend²)] of a standard normal z
    spread = jnp.sqrt((value**2).mean(axis=-2, keepdims=True)) + _EPS
    location = jnp.zeros_like(spread)
    logarithm = jnp.log(jnp.abs(value / spread) + 1e-6).mean(axis=-2, keepdims=True)
    scale = spread * jnp.exp(logarithm + 0.635)  # E log|z| = -0.635
    for _ in range(6):
        scale = jnp.maximum(scale, 1e-4 * spread)
        score = jnp.clip((value - location) / scale, -bend, bend)
        location = location + scale * score.mean(axis=-2, keepdims=True)
        scale = scale * jnp.sqrt((score**2).mean(axis=-2, keepdims=True) / gaussian)
    return (value - location) / jnp.maximum(scale, 1e-4 * spread)


def count_statistics(groups: Sequence[str]) -> int:
    """Number of statistics in these groups.

    Raises:
        ConfigError: a group is unknown.
    """
    for group in groups:
        if group not in GROUPS:
            raise ConfigError(f'Unknown group of statistics "{group}". Known: {", ".join(GROUPS)}.')
    return sum(GROUPS[group][0] for group in groups)


def _basic(value: jax.Array, z: jax.Array, u: jax.Array) -> list[jax.Array]:
    """Correlations, partial correlations, regression coefficients, moments, shifts under interventions."""
    n, d = z.shape[-2:]
    correlation = _gram(z, z) / n
    weak, strong = (jnp.linalg.inv(correlation + ridge * jnp.eye(d)) for ridge in (0.01, 0.1))
    coefficient = -strong / _diagonal(strong)[..., None, :]
    log_precision = jnp.log(_diagonal(strong))
    shift = jnp.tanh(_gram(u, z) / jnp.sqrt(jnp.maximum(u.sum(-2), 1.0))[..., None] / 3)
    within = _within(u, z)
    square, cube = jnp.minimum(z**2, 9.0), jnp.clip(z**3, -27.0, 27.0)
    skew, kurtosis = (jnp.tanh(_gram(power, z) / n) for power in (square, cube))
    ever = (u.sum(-2) > 0).astype(z.dtype)
    return [
        correlation,
        _normalised(weak, -1),
        _normalised(strong, -1),
        *_both(jnp.tanh(coefficient)),
        jnp.tanh(log_precision[..., :, None] - log_precision[..., None, :]),
        *_both(shift),
        *_both(within),
        *_both(skew),
        *_both(kurtosis),
        jnp.tanh(_gram(square, square) / n - 1),
        *_both(_rows(ever, d)),
        jnp.broadcast_to(jnp.eye(d), correlation.shape),
    ]


def _interventional(value: jax.Array, z: jax.Array, u: jax.Array) -> list[jax.Array]:
    """The regression of every j on the others, from the rows in which j was not intervened on."""
    d = z.shape[-1]
    free = jnp.moveaxis(1.0 - u, -1, 0)  # [target j, ..., n]
    regress = partial(_regression, z)
    size = max(1, _ENTRIES // (z.size * max(1, d // z.shape[-2])))
    targets = (jnp.arange(d), free)
    found = jax.vmap(regress)(targets) if size >= d else jax.lax.map(regress, targets, batch_size=size)
    # What is of target j and variable i is [j, ..., i] here, and [..., i, j] from here on.
    coefficient, correlated = (jnp.moveaxis(part, 0, -1) for part in found[:2])
    residual, variance = (jnp.moveaxis(part, 0, -1) for part in found[2:])
    share = u.mean(-2)
    return [
        *_both(jnp.tanh(coefficient)),
        *_both(jnp.tanh(4 * coefficient)),
        *_both(_rows(jnp.tanh(jnp.log(residual) / 2), d)),
        *_both(correlated),
        *_both(_rows(jnp.tanh(variance), d)),
        *_both(_rows(share * d / 2, d)),
    ]


def _regression(z: jax.Array, target: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """The regression of one variable on the others from some rows: a row of the inverse of their correlations.

    Args:
        z: [..., n, d].
        target: the variable's position, and [..., n] with 1 in the rows to use.

    Returns:
        Coefficients and correlations [..., d]; residual precision, and variance of the target, [...].
    """
    j, free = target
    d = z.shape[-1]
    total = free.sum(-1)
    count = jnp.maximum(total, 1.0)[..., None]
    mean = (free[..., None, :] @ z)[..., 0, :] / count
    second = _gram(z * free[..., None], z) / count[..., None]
    covariance = second - mean[..., :, None] * mean[..., None, :]
    covariance = jnp.where(total[..., None, None] > 1, covariance, 0.0)
    variance = jnp.maximum(_diagonal(covariance), 0.0)
    scale = jnp.sqrt(variance) + 1e-3
    correlation = covariance / (scale[..., :, None] * scale[..., None, :])
    unit = jnp.broadcast_to(jax.nn.one_hot(j, d, dtype=z.dtype), scale.shape)[..., None]
    factor = jnp.linalg.cholesky(correlation + 0.02 * jnp.eye(d))
    own = jax.scipy.linalg.cho_solve((factor, True), unit)[..., 0]  # row j of the inverse
    residual = jnp.maximum(jnp.take(own, j, axis=-1), 0.5)  # below 0.9 by rounding alone
    at_target = jnp.take(correlation, j, axis=-2)
    return -own / residual[..., None], at_target, residual, jnp.take(variance, j, axis=-1)


def _kernel(value: jax.Array, z: jax.Array, u: jax.Array) -> list[jax.Array]:
    """Correlations between six functions of i and of j, and partial correlations between three of them."""
    n, d = z.shape[-2:]
    functions = [z, jnp.minimum(z**2, 9.0), jnp.clip(z**3 - 3 * z, -9.0, 9.0), jnp.sin(2 * z), u, u * z]
    f = jnp.concatenate(functions, axis=-1)
    f = f - f.mean(-2, keepdims=True)
    f = f / (jnp.sqrt((f**2).mean(-2, keepdims=True)) + 1e-3)
    gram = _gram(f, f) / n
    partial = _normalised(jnp.linalg.inv(gram[..., : 3 * d, : 3 * d] + 0.1 * jnp.eye(3 * d)), -1)
    return [*_blocks(gram, 6), *_blocks(partial, 3)]


def _counts(value: jax.Array, z: jax.Array, u: jax.Array) -> list[jax.Array]:
    """What counts show beyond their values: which entries are zero, and how knock-outs change values and zeros."""
    n, d = z.shape[-2:]
    nonzero = (value != 0).astype(z.dtype)
    share = nonzero.mean(-2)
    w = (nonzero - share[..., None, :]) / (jnp.sqrt(share * (1 - share))[..., None, :] + 0.02)
    both = _gram(nonzero, nonzero)
    centre = value.sum(-2) / jnp.maximum(nonzero.sum(-2), 1.0)
    deviation = (value - centre[..., None, :]) * nonzero
    spread = jnp.sqrt((deviation**2).sum(-2) / jnp.maximum(nonzero.sum(-2), 1.0))
    squares = _gram(nonzero, deviation**2)  # [i, j]: of j over the rows where i is not zero
    together = _gram(deviation, deviation) / (jnp.sqrt(squares * jnp.swapaxes(squares, -1, -2)) + 1e-2 * n)
    given = (_gram(nonzero, value) / jnp.maximum(nonzero.sum(-2), 1.0)[..., None]) - (
        _gram(1 - nonzero, value) / jnp.maximum((1 - nonzero).sum(-2), 1.0)[..., None]
    )
    # Knock-outs: the rows with an intervention on i against the observational ones (or, without any, the others).
    control = jnp.all(u == 0, axis=-1, keepdims=True) + 1e-3 * (1 - u)
    changes = []
    for f in (value, nonzero, deviation):
        level, reference = _mean(u, f), _mean(control, f)
        noise = jnp.sqrt(jnp.maximum(_mean(control, f**2) - reference**2, 0.0)) + 0.05
        change = jnp.where(u.sum(-2)[..., None] > 0, (level - reference) / noise, 0.0)
        changes.append(change)
    weight = jnp.sqrt(u.sum(-2))[..., None]
    return [
        _gram(w, w) / n,
        jnp.where(both > 0, together, 0.0),
        *_both(_rows(share, d)),
        *_both(_rows(jnp.tanh(centre / 3), d)),
        *_both(_rows(jnp.tanh(spread), d)),
        *_both(jnp.tanh(given)),
        *_both(jnp.tanh(changes[0])),
        *_both(jnp.tanh(changes[1])),
        *_both(jnp.tanh(changes[2])),
        *_both(jnp.tanh(changes[0] * weight / 4)),
        *_both(jnp.tanh(changes[1] * weight / 4)),
    ]


GROUPS: dict[str, tuple[int, Callable[[jax.Array, jax.Array, jax.Array], list[jax.Array]]]] = {
    "basic": (18, _basic),
    "interventional": (12, _interventional),
    "kernel": (45, _kernel),
    "counts": (20, _counts),
}
"""Group of statistics: how many there are, and the function of (values, z-scores, interventions)."""


def _gram(a: jax.Array, b: jax.Array) -> jax.Array:
    """Sum over rows of a_i b_j."""
    return jnp.swapaxes(a, -1, -2) @ b


def _mean(weight: jax.Array, f: jax.Array) -> jax.Array:
    """[i, j]: mean of f_j over rows, weighted by weight_i."""
    return _gram(weight, f) / jnp.maximum(weight.sum(-2), _EPS)[..., None]


def _diagonal(matrix: jax.Array) -> jax.Array:
    return jnp.diagonal(matrix, axis1=-2, axis2=-1)


def _normalised(matrix: jax.Array, sign: int) -> jax.Array:
    """A positive definite matrix scaled to a unit diagonal."""
    scale = jnp.sqrt(jnp.maximum(_diagonal(matrix), _EPS))
    return sign * matrix / (scale[..., :, None] * scale[..., None, :])


def _rows(vector: jax.Array, d: int) -> jax.Array:
    """[i, j]: entry i."""
    return jnp.broadcast_to(vector[..., :, None], (*vector.shape, d))


def _both(matrix: jax.Array) -> list[jax.Array]:
    """The statistic of i → j and of j → i."""
    return [matrix, jnp.swapaxes(matrix, -1, -2)]


def _blocks(matrix: jax.Array, k: int) -> list[jax.Array]:
    """The k × k blocks of a matrix between k functions of each variable."""
    d = matrix.shape[-1] // k
    parts = range(k)
    return [matrix[..., a * d : (a + 1) * d, b * d : (b + 1) * d] for a in parts for b in parts]


def _within(u: jax.Array, z: jax.Array) -> jax.Array:
    """[i, j]: correlation of i and j over the rows with an intervention on i."""
    count = jnp.maximum(u.sum(-2), 1.0)
    own_mean = (u * z).sum(-2) / count
    own_variance = (u * z**2).sum(-2) / count - own_mean**2
    mean, square = (_gram(u, f) / count[..., None] for f in (z, z**2))
    covariance = _gram(u * z, z) / count[..., None] - own_mean[..., None] * mean
    variance = jnp.maximum(own_variance, 0.0)[..., None] * jnp.maximum(square - mean**2, 0.0)
    return covariance / (jnp.sqrt(variance) + 1e-2)

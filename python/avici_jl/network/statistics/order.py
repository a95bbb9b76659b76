"""A causal order from non-Gaussianity, as DirectLiNGAM finds it, and regressions on what is earlier in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from avici_jl.network.statistics.algebra import EPS, MANY, both, diagonal, gram, in_double, rows, significance
from avici_jl.network.statistics.columns import Columns

_BUDGET = 2e9
"""Entries of residuals that are looked at, above which several variables are taken out at a time."""
_LAST = 8
"""So few variables are not halved any more."""


class Order(NamedTuple):
    """What taking out one exogenous variable after the other finds; entry [i, j] describes i → j.

    Attributes:
        position: [d], 0 for the variable that was taken out first.
        alone: [d, d], how much better i → j explains the two than j → i, in nats; antisymmetric.
        given: [d, d], the same with what is earlier than both regressed out of both.
        correlation: [d, d], of the two given what is earlier than both.
        doubt: [d], how much spoke against a variable when it was taken out.
    """

    position: jax.Array
    alone: jax.Array
    given: jax.Array
    correlation: jax.Array
    doubt: jax.Array


def negentropy(u: jax.Array, used: jax.Array) -> jax.Array:
    """How far from Gaussian variables [..., n] are, in nats; `used` rows [n] count, the others are 0 in u.

    Hyvärinen's approximation of maximum entropy (1998) from the mean of |u| and that of u·min(|u|, 3), which see heavy
    or light tails and skewness. No transcendental function, and no moment above the second.
    """
    size = jnp.abs(u)
    spread, skew = (part @ used for part in (size, u * jnp.minimum(size, 3.0)))
    return _negentropy(spread, skew)


def _negentropy(spread: jax.Array, skew: jax.Array) -> jax.Array:
    return 11.08 * (spread - 0.7978846) ** 2 + 1.185 * skew**2


def order(columns: Columns) -> list[jax.Array]:
    """Order of the variables by non-Gaussianity (DirectLiNGAM, Shimizu et al. 2011), and regressions along it.

    From the rows without interventions where there are at least a hundred of them, else from all. With many variables
    several are taken out at a time.
    """
    z, weight = columns.z, columns.weight[..., 0]
    batch = z.shape[:-2]
    free = weight * (columns.u == 0).all(-1)
    used = jnp.where(free.sum(-1, keepdims=True) >= jnp.minimum(100, columns.n[..., 0]), free, weight)
    numbers = (jnp.broadcast_to(number[..., 0, 0], batch) for number in (columns.n, columns.d))
    found = _of_each(_order, z, used, columns.present, *numbers)
    count = used.sum(-1)[..., None, None]
    partial_correlation, coefficient, left = in_double(_along)(
        z, used, jnp.where(columns.present > 0, found.position, jnp.inf)
    )
    share = used / jnp.maximum(used.sum(-1, keepdims=True), 1.0)
    surprise = jax.vmap(negentropy)(jnp.swapaxes(left, -1, -2) * used[..., None, :], share)
    ahead = (found.position[..., None, :] - found.position[..., :, None]) / columns.d
    return [
        jnp.sign(ahead),
        ahead,
        *both(partial_correlation),
        *both(significance(partial_correlation, count)),
        *both(jnp.tanh(coefficient)),
        _effect(found.alone),
        _evidence(found.alone, count),
        _effect(found.given),
        _evidence(found.given, count),
        found.correlation,
        significance(found.correlation, count),
        *both(rows(_effect(surprise))),
        *both(rows(_evidence(surprise, count[..., 0]))),
        *both(rows(_evidence(jnp.sqrt(found.doubt), count[..., 0]))),
    ]


def _effect(nats: jax.Array) -> jax.Array:
    return jnp.sign(nats) * jnp.log1p(100 * jnp.abs(nats)) / 3


def _evidence(nats: jax.Array, count: jax.Array) -> jax.Array:
    return jnp.sign(nats) * jnp.log1p(count * jnp.abs(nats)) / 5


def _order(
    z: jax.Array,
    used: jax.Array,
    present: jax.Array | None = None,
    rows: jax.Array | float | None = None,
    number: jax.Array | float | None = None,
) -> Order:
    """The order of z [n, d], from its rows used [n]: of the variables present [d], `number` of them in `rows` rows."""
    n, d = z.shape
    present = jnp.ones(d) if present is None else present
    rows, number = (n if rows is None else rows), (d if number is None else number)
    weight = used / jnp.maximum(used.sum(), 1.0)
    z = (z - weight @ z) * used[:, None]
    left = z * jax.lax.rsqrt(jnp.maximum(weight @ z**2, EPS))
    # Of many variables fewer rounds take out more at a time, and an eighth is not halved any more.
    rounds = jnp.clip(jnp.floor(_BUDGET / (jnp.float32(rows) * number * number)), 8.0 if d <= MANY else 4.0, None)
    take = jnp.ceil(number / jnp.minimum(rounds, number)).astype(jnp.int32)
    alone = _directions(left, weight)
    none, no_pair = jnp.zeros(d), jnp.zeros((d, d))
    state = _Search(left, 1.0 - present, jnp.int32(0), Order(none, alone, no_pair, no_pair, none))
    names = jnp.arange(d)
    # In parts, each with the variables that are left, of which half are taken out in it.
    while True:
        m = len(names)
        aim = m if m <= (_LAST if d <= MANY else d // 8) else m // 2
        rest = jnp.minimum(aim, jnp.asarray(number, jnp.int32) - state.done)
        step = partial(_take_out, weight=weight, names=names, take=take)
        state = jax.lax.fori_loop(0, -(-rest // take), step, state)
        if aim == m:
            found = state.found
            return found._replace(
                given=found.given - found.given.T, correlation=found.correlation + found.correlation.T
            )
        kept = jnp.argsort(state.gone, stable=True)[: m - aim]
        names, state = names[kept], state._replace(left=state.left[:, kept], gone=state.gone[kept])


def _of_each(function: Callable[..., Order], *arrays: jax.Array) -> Order:
    """Of each table; of one without what becomes of a condition where there are several: both of its branches."""
    if len(arrays[0]) > 1:
        return jax.vmap(function)(*arrays)
    return jax.tree.map(lambda found: found[None], function(*(array[0] for array in arrays)))


class _Search(NamedTuple):
    """Variables [n, m] without what is earlier than them, which of them are gone [m], how many are, what was found."""

    left: jax.Array
    gone: jax.Array
    done: jax.Array
    found: Order


def _take_out(_: jax.Array, state: _Search, *, weight: jax.Array, names: jax.Array, take: jax.Array) -> _Search:
    """Take out the `take` variables that look the most exogenous of those left."""
    # In the first round they are known already.
    direction = jax.lax.cond(
        state.done > 0, lambda: _directions(state.left, weight), lambda: state.found.alone[names][:, names]
    )
    against = (jnp.minimum(direction, 0.0) ** 2 * (1.0 - state.gone)).sum(-1)
    chosen = jnp.argsort(jnp.where(state.gone > 0, jnp.inf, against), stable=True)

    def one(rank: jax.Array, state: _Search) -> _Search:
        left, gone, done, found = state
        k = chosen[rank]
        there = 1.0 - gone[k]  # the last round may ask for more than are left
        own = left[:, k]
        gone = gone.at[k].set(1.0)
        slope = (weight * own) @ left
        rest = left - own[:, None] * slope
        rest = rest * jax.lax.rsqrt(jnp.maximum(weight @ rest**2, EPS))
        later = (1.0 - gone) * there
        at = (names[k], names)
        found = Order(
            found.position.at[names[k]].add(there * done),
            found.alone,
            found.given.at[at].add(direction[k] * later),
            found.correlation.at[at].add(slope * later),
            found.doubt.at[names[k]].add(jnp.where(there > 0, against[k], 0.0)),
        )
        return _Search(jnp.where(later[None, :] > 0, rest, left), gone, done + there.astype(jnp.int32), found)

    return jax.lax.fori_loop(0, jnp.minimum(take, len(names)), one, state)


def _directions(left: jax.Array, weight: jax.Array) -> jax.Array:
    """[i, j]: negentropy that i → j leaves to the noises beyond what j → i leaves, of left [n, m]."""
    columns = left.T
    correlation = (columns * weight) @ left
    scale = jax.lax.rsqrt(jnp.maximum(1.0 - correlation**2, 1e-4))

    def residuals(own: jax.Array, slope: jax.Array, scale: jax.Array) -> jax.Array:
        """Of all columns, regressed on one."""
        return negentropy((columns - slope[:, None] * own) * scale[:, None], weight)

    size = columns.shape[0] if jax.default_backend() != "cpu" else 1
    of_residuals = jax.lax.map(lambda part: residuals(*part), (columns, correlation, scale), batch_size=size)
    total = negentropy(columns, weight)[:, None] + of_residuals
    return (total - total.T) * (1.0 - jnp.eye(len(columns)))


def _along(z: jax.Array, used: jax.Array, position: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Of the regressions of every j on all that are earlier: partial correlations and coefficients [i, j], residuals.

    Coefficients are in units of the standard deviations, residuals [batch, n, j] have mean 0 and variance 1.
    """
    d, weight = z.shape[-1], (used / jnp.maximum(used.sum(-1, keepdims=True), 1.0))[..., None]
    z = z - (weight * z).sum(-2, keepdims=True)
    z = z / jnp.sqrt(jnp.maximum((weight * z**2).sum(-2, keepdims=True), EPS))
    sequence = jnp.argsort(position, axis=-1)
    ordered = jnp.take_along_axis(z, sequence[..., None, :], -1)
    covariance = gram(ordered * weight, ordered) + 1e-4 * jnp.eye(d)
    inverse = jax.scipy.linalg.solve_triangular(
        jnp.linalg.cholesky(covariance), jnp.broadcast_to(jnp.eye(d), covariance.shape), lower=True
    )
    own = diagonal(inverse)[..., :, None]
    sums = jnp.cumsum(inverse**2, axis=-2)  # [j, i]: the precision of i among the variables up to j
    lower = jnp.tril(inverse, -1)
    back = jnp.argsort(sequence, axis=-1)

    def placed(matrix: jax.Array) -> jax.Array:
        """[later, earlier] in the order as [earlier, later] of the variables."""
        matrix = jnp.take_along_axis(matrix, back[..., :, None], -2)
        return jnp.swapaxes(jnp.take_along_axis(matrix, back[..., None, :], -1), -1, -2)

    residual = jnp.take_along_axis(ordered @ jnp.swapaxes(inverse, -1, -2), back[..., None, :], -1)
    return placed(-lower * jax.lax.rsqrt(sums + EPS)), placed(-lower / own), residual

"""What every group of statistics is computed from: the variables of a table, and regressions that several need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_factor, cho_solve

from avici_jl.network.statistics.algebra import EPS, diagonal, gram, in_double, variables_at_once
from avici_jl.network.statistics.marginals import normal_scores
from avici_jl.network.statistics.separation import weakest_correlations


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


class Given(NamedTuple):
    """What a table tells beside its values and interventions.

    Attributes:
        raw: [batch, n, d], the values as the table has them; None where they are those of the columns.
        observed: [batch, n, d], 0 where a value is missing; None where none is.
        spread: [batch, d], logarithms of standard deviations; None where units are not common.
    """

    raw: jax.Array | None = None
    observed: jax.Array | None = None
    spread: jax.Array | None = None


@dataclass(frozen=True)
class Columns:
    """The variables as one marginal gives them.

    Attributes:
        value: [batch, n, d].
        z: [batch, n, d], the values with mean 0 and standard deviation 1.
        u: [batch, n, d], intervention indicators.
        given: what else the table tells about its entries and variables.
    """

    value: jax.Array
    z: jax.Array
    u: jax.Array
    given: Given = Given()  # noqa: RUF009

    @staticmethod
    def of(value: jax.Array, u: jax.Array, given: Given = Given()) -> Columns:  # noqa: B008
        """Columns of these values."""
        centred = value - value.mean(axis=-2, keepdims=True)
        return Columns(value, centred / (jnp.sqrt((centred**2).mean(axis=-2, keepdims=True)) + EPS), u, given)

    @property
    def raw(self) -> jax.Array:
        """[batch, n, d], values that are not cut off."""
        return self.value if self.given.raw is None else self.given.raw

    @cached_property
    def ranks(self) -> jax.Array:
        """[batch, n, d], normal scores of the values."""
        return normal_scores(self.raw)

    @property
    def observed(self) -> jax.Array:
        """[batch, n, d], 1 where a value is there and 0 where it is missing and was filled in."""
        return jnp.ones_like(self.z) if self.given.observed is None else self.given.observed

    @property
    def spread(self) -> jax.Array:
        """[batch, d], logarithms of the standard deviations in common units, less their mean; 0 where not given."""
        return jnp.zeros_like(self.z[..., 0, :]) if self.given.spread is None else self.given.spread

    @cached_property
    def correlation(self) -> jax.Array:
        """[batch, i, j], over all rows."""
        return gram(self.z, self.z) / self.z.shape[-2]

    @cached_property
    def weakest(self) -> jax.Array:
        """See `weakest_correlations`."""
        return weakest_correlations(self.correlation)

    @cached_property
    def regressions(self) -> Regressions:
        """O((n d² + d³) (1 + k)) with k variables that were intervened on, so it is computed once for all groups."""
        return in_double(_regressions)(self.z, self.u)


class _Moments(NamedTuple):
    """Of some rows: correlation [batch, i, j], variance [batch, i], and all rows [batch, n, i] in units of these."""

    correlation: jax.Array
    variance: jax.Array
    scores: jax.Array


def _moments(z: jax.Array, used: jax.Array) -> _Moments:
    """Moments of the rows for which `used` [batch, n] is 1."""
    count = jnp.maximum(used.sum(-1)[..., None, None], 1.0)
    shifted = z - (used[..., None] * z).sum(-2, keepdims=True) / count
    centred = used[..., None] * shifted
    covariance = gram(centred, centred) / count
    variance = diagonal(covariance)
    scale = jnp.sqrt(variance) + 1e-3
    return _Moments(covariance / (scale[..., :, None] * scale[..., None, :]), variance, shifted / scale[..., None, :])


def _regressions(z: jax.Array, u: jax.Array) -> Regressions:
    d, ridges = z.shape[-1], (0.02, 1e-3)

    def residuals(scores: jax.Array, precise: jax.Array, own: jax.Array) -> jax.Array:
        return scores @ precise * jax.lax.rsqrt(jnp.maximum(own, 0.5))[..., None, :]

    def regress(free: jax.Array, j: jax.Array) -> Regressions:
        """For target j, from its rows free [batch, n] of interventions; without the last axis."""
        correlation, variance, scores = _moments(z, free)
        selected = jnp.zeros((*correlation.shape[:-1], 1)).at[..., j, 0].set(1.0)
        smoothed, precise = (cho_solve(cho_factor(correlation + ridge * jnp.eye(d)), selected) for ridge in ridges)
        left = residuals(scores, precise, precise[..., j, :])
        return Regressions(smoothed[..., 0], precise[..., 0], correlation[..., j], variance, left[..., 0])

    # Targets that were never intervened on share their rows, and so one inverse.
    correlation, variance, scores = _moments(z, jnp.ones(z.shape[:-1]))
    smoothed, precise = (jnp.linalg.inv(correlation + ridge * jnp.eye(d)) for ridge in ridges)
    shared = Regressions(
        smoothed,
        precise,
        correlation,
        jnp.broadcast_to(variance[..., None], correlation.shape),
        residuals(scores, precise, diagonal(precise)),
    )
    # The others come first in order; they are computed a few at a time, and take the place of what was shared.
    intervened = (u > 0).any((0, 1))
    order, count = jnp.argsort(~intervened), intervened.sum()
    size, free = variables_at_once(z.shape[0], d, rows=z.shape[1]), jnp.moveaxis(1.0 - u, -1, 0)

    def some(state: tuple[jax.Array, Regressions]) -> tuple[jax.Array, Regressions]:
        done, found = state
        targets = order[(done + jnp.arange(size)) % d]
        own = jax.vmap(regress, out_axes=-1)(free[targets], targets)
        return done + size, jax.tree.map(lambda every, part: every.at[..., targets].set(part), found, own)

    return jax.lax.while_loop(lambda state: state[0] < count, some, (jnp.zeros_like(count), shared))[1]

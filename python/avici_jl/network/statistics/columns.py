"""What every group of statistics is computed from: the variables of a table, and regressions that several need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_factor, cho_solve

from avici_jl.network.statistics.algebra import EPS, diagonal, for_each_variable, gram


class Regressions(NamedTuple):
    """Of every target j on all other variables, from the rows in which j was not intervened on.

    Attributes:
        smoothed: [batch, i, j], row j of the inverse correlation matrix with a ridge of 0.02.
        precise: the same with a ridge of 0.001.
        correlation: [batch, i, j], of i and j in these rows.
        variance: [batch, i, j], of i in these rows.
        left: [batch, n, j], residuals in all rows of the precise regression, in units of their standard deviation.
    """

    smoothed: jax.Array
    precise: jax.Array
    correlation: jax.Array
    variance: jax.Array
    left: jax.Array


@dataclass(frozen=True)
class Columns:
    """The variables as one marginal gives them.

    Attributes:
        value: [batch, n, d].
        z: [batch, n, d], the values with mean 0 and standard deviation 1.
        u: [batch, n, d], intervention indicators.
    """

    value: jax.Array
    z: jax.Array
    u: jax.Array

    @staticmethod
    def of(value: jax.Array, u: jax.Array) -> Columns:
        """Columns of these values."""
        centred = value - value.mean(axis=-2, keepdims=True)
        return Columns(value, centred / (jnp.sqrt((centred**2).mean(axis=-2, keepdims=True)) + EPS), u)

    @cached_property
    def correlation(self) -> jax.Array:
        """[batch, i, j], over all rows."""
        return gram(self.z, self.z) / self.z.shape[-2]

    @cached_property
    def regressions(self) -> Regressions:
        """O(n d³), so it is computed once for all groups."""
        d = self.z.shape[-1]

        def regress(free: jax.Array, j: jax.Array) -> tuple[jax.Array, jax.Array]:
            """For target j, from its rows free [batch, n] of interventions: all but the residuals, and these."""
            count = jnp.maximum(free.sum(-1)[..., None, None], 1.0)
            shifted = self.z - (free[..., None] * self.z).sum(-2, keepdims=True) / count
            centred = free[..., None] * shifted
            covariance = gram(centred, centred) / count
            variance = diagonal(covariance)
            scale = jnp.sqrt(variance) + 1e-3
            correlation = covariance / (scale[..., :, None] * scale[..., None, :])
            selected = jnp.zeros((*correlation.shape[:-1], 1)).at[..., j, 0].set(1.0)
            smoothed, precise = (
                cho_solve(cho_factor(correlation + ridge * jnp.eye(d)), selected)[..., 0] for ridge in (0.02, 1e-3)
            )
            deviation = jax.lax.rsqrt(jnp.maximum(precise[..., j], 0.5))[..., None]
            left = (shifted @ (precise / scale)[..., None])[..., 0] * deviation
            return jnp.stack([smoothed, precise, correlation[..., j], variance], axis=-2), left

        found, left = for_each_variable(regress, jnp.moveaxis(1.0 - self.u, -1, 0), jnp.arange(d))
        smoothed, precise, correlation, variance = jnp.transpose(found, (2, 1, 3, 0))  # [batch, i, j]
        return Regressions(smoothed, precise, correlation, variance, jnp.moveaxis(left, 0, -1))

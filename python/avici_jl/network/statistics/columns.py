"""What every group of statistics is computed from: the variables of a table, and regressions that several need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import jax
import jax.numpy as jnp

from avici_jl.network.statistics.algebra import EPS, gram, gram_self, in_double, inverse
from avici_jl.network.statistics.marginals import normal_scores
from avici_jl.network.statistics.others import Regressions, regress_on_others
from avici_jl.network.statistics.separation import weakest_correlations


class Given(NamedTuple):
    """What a table tells beside its values and interventions.

    Attributes:
        raw: [batch, n, d], the values as the table has them; None where they are those of the columns.
        observed: [batch, n, d], 0 where a value is missing; None where none is.
        spread: [batch, d], logarithms of standard deviations; None where units are not common.
        there: [batch, n, d], 0 in the rows and variables with which a table was filled up to a usual size, see
            `avici_jl.network.shapes`; None where it was not.
    """

    raw: jax.Array | None = None
    observed: jax.Array | None = None
    spread: jax.Array | None = None
    there: jax.Array | None = None


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
        there = jnp.ones_like(value) if given.there is None else given.there
        value, n = value * there, jnp.maximum(there.sum(-2, keepdims=True), 1.0)
        centred = there * (value - value.sum(axis=-2, keepdims=True) / n)
        return Columns(value, centred / (jnp.sqrt((centred**2).sum(axis=-2, keepdims=True) / n) + EPS), u, given)

    def part(self, k: int, count: int) -> Columns:
        """Part k of `count` equal parts of the batch; what was computed of the whole is not computed again."""

        def own(array: jax.Array) -> jax.Array:
            size = len(array) // count
            return array[k * size : (k + 1) * size]

        columns = Columns(*jax.tree.map(own, (self.value, self.z, self.u, self.given)))
        computed = [name for name, kind in vars(Columns).items() if isinstance(kind, cached_property)]
        vars(columns).update({n: jax.tree.map(own, vars(self)[n]) for n in computed if n in vars(self)})
        return columns

    @property
    def present(self) -> jax.Array:
        """[batch, d], 0 for variables with which the table was filled up."""
        return jnp.ones_like(self.z[..., 0, :]) if self.given.there is None else self.given.there.max(-2)

    @property
    def weight(self) -> jax.Array:
        """[batch, n, 1], 0 for rows with which the table was filled up; values and interventions are 0 there."""
        if self.given.there is None:
            return jnp.ones_like(self.z[..., :1])
        return self.given.there.max(-1, keepdims=True)

    @property
    def n(self) -> jax.Array:
        """[batch, 1, 1], the number of rows."""
        return self.weight.sum(-2, keepdims=True)

    @property
    def d(self) -> jax.Array:
        """[batch, 1, 1], the number of variables."""
        return self.present.sum(-1)[..., None, None]

    def unit(self, f: jax.Array) -> jax.Array:
        """Functions [batch, n, k] of the variables with mean 0 and standard deviation 1.

        Nearly constant ones stay small.
        """
        f = self.weight * (f - f.sum(-2, keepdims=True) / self.n)
        return f / (jnp.sqrt((f**2).sum(-2, keepdims=True) / self.n) + 1e-3)

    @property
    def raw(self) -> jax.Array:
        """[batch, n, d], values that are not cut off."""
        return self.value if self.given.raw is None else self.given.raw

    @cached_property
    def ranks(self) -> jax.Array:
        """[batch, n, d], normal scores of the values."""
        return normal_scores(self.raw, self.weight)

    @property
    def observed(self) -> jax.Array:
        """[batch, n, d], 1 where a value is there and 0 where it is missing and was filled in."""
        if self.given.observed is not None:
            return self.given.observed
        return jnp.ones_like(self.z) if self.given.there is None else self.given.there

    @property
    def spread(self) -> jax.Array:
        """[batch, d], logarithms of the standard deviations in common units, less their mean; 0 where not given."""
        return jnp.zeros_like(self.z[..., 0, :]) if self.given.spread is None else self.given.spread

    @cached_property
    def correlation(self) -> jax.Array:
        """[batch, i, j], over all rows."""
        return gram(self.z, self.z) / self.n

    @cached_property
    def curves(self) -> jax.Array:
        """[batch, n, 4 d], four functions of each variable with mean 0 and standard deviation 1: itself, and curves."""
        z = self.z
        functions = [z, jnp.minimum(z**2, 9.0), jnp.clip(z**3 - 3 * z, -9.0, 9.0), jnp.sin(2 * z)]
        return self.unit(jnp.concatenate(functions, axis=-1))

    @cached_property
    def curved(self) -> jax.Array:
        """[batch, 4 d, 4 d], the correlations over all rows between these functions."""
        return gram_self(self.curves) / self.n

    @cached_property
    def precision(self) -> jax.Array:
        """[batch, i, j], the inverse of the correlation with hardly a ridge."""
        return in_double(lambda z: inverse(gram(z, z) / self.n, 1e-4))(self.z)

    @cached_property
    def weakest(self) -> jax.Array:
        """See `weakest_correlations`."""
        return weakest_correlations(self.correlation, self.present)

    @cached_property
    def regressions(self) -> Regressions:
        """Of every variable on all others; computed once for all groups."""
        return in_double(regress_on_others)(self.z, self.u, self.weight)

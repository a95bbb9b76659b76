"""What separates two variables: the weakest of their partial correlations given one or two others."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from avici_jl.network.statistics.algebra import for_each_variable


def weakest_correlations(correlation: jax.Array, present: jax.Array | None = None) -> jax.Array:
    """[batch, i, j, 5]: how dependent i and j are given others.

    The weakest partial correlation of i and j given one other and given two others; how much conditioning on j opens
    and closes dependences of i on third variables at most, and on the whole.

    The second variable to condition on is found after the first (a greedy search). Variables that are not present
    [batch, d] are none.
    """
    *batch, d = correlation.shape[:-1]
    present = jnp.ones((*batch, d)) if present is None else present
    number = present.sum(-1)[..., None, None]
    r, exact = jnp.clip(correlation, -0.999, 0.999), jnp.abs(correlation)
    every = jnp.arange(d)

    def search(own: jax.Array, own_exact: jax.Array, i: jax.Array) -> jax.Array:
        """For variable i and its correlations [batch, d], cut off and exact: [batch, d, 5]."""
        j, k = every[:, None], every[None, :]
        other = (k != i) & (k != j) & (present[..., None, :] > 0)
        to_j, to_k = own[..., :, None], own[..., None, :]
        first = _given(to_j, to_k, r)  # [j, k]: of i and j given k
        # Copies of a variable tie; the closest is taken, so that the order of variables does not matter.
        size = jnp.where(other, jnp.abs(first), 2.0)
        tied = size <= size.min(-1, keepdims=True) + 1e-6
        at = jnp.argmax(jnp.where(tied, own_exact[..., None, :] + exact, -1.0), axis=-1)
        one = jnp.where(number[..., 0] < 3, own, jnp.take_along_axis(first, at[..., None], -1)[..., 0])
        # Given that k and one more, l, from the correlations given k of i and j with l.
        k_to_l = jnp.take_along_axis(r, at[..., None], axis=-2)  # [j, l]: of j's k and l
        i_to_k = jnp.take_along_axis(own, at, -1)[..., None]
        j_to_k = jnp.take_along_axis(r, at[..., None], -1)
        second = _given(one[..., None], _given(to_k, i_to_k, k_to_l), _given(r, j_to_k, k_to_l))
        least = jnp.where(other & (k != at[..., None]), jnp.abs(second), 2.0)
        two = jnp.take_along_axis(second, jnp.argmin(least, -1)[..., None], -1)[..., 0]
        two = jnp.where(number[..., 0] < 4, one, two)
        # How conditioning on j changes the dependence of i on third variables k, weighted by that of j on k.
        change = jnp.abs(_given(to_k, to_j, r)) - jnp.abs(to_k)
        change = jnp.where(other, change * jnp.abs(r), 0.0)
        return jnp.stack([one, two, change.max(-1), change.min(-1), change.sum(-1)], -1)

    found = for_each_variable(search, jnp.moveaxis(r, -2, 0), jnp.moveaxis(exact, -2, 0), every)  # [i, batch, j, 5]
    return jnp.moveaxis(found, 0, -3)


def _given(r: jax.Array, a: jax.Array, b: jax.Array) -> jax.Array:
    """Correlation r of two variables, given a third with which they correlate by a and b."""
    scale = jax.lax.rsqrt((1 - a**2).clip(1e-3) * (1 - b**2).clip(1e-3))
    return jnp.clip((r - a * b) * scale, -0.999, 0.999)

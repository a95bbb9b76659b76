"""What separates two variables: the weakest of their partial correlations given one or two others."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from avici_jl.network.statistics.algebra import MANY, for_each_variable

_STRONGEST = 64
"""Of many variables pairs are conditioned on so many, those that correlate the most with them."""


def weakest_correlations(correlation: jax.Array, present: jax.Array | None = None) -> jax.Array:
    """[batch, i, j, 5]: how dependent i and j are given others.

    The weakest partial correlation of i and j given one other and given two others; how much conditioning on j opens
    and closes dependences of i on third variables at most, and on the whole.

    The second variable to condition on is found after the first (a greedy search). Variables that are not present
    [batch, d] are none. Of more than `MANY` variables, i and j are conditioned on the `_STRONGEST` with either alone,
    and these are the third variables of j.
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

    if d > MANY:
        return _given_strongest(r, exact, present)
    found = for_each_variable(search, jnp.moveaxis(r, -2, 0), jnp.moveaxis(exact, -2, 0), every)  # [i, batch, j, 5]
    return jnp.moveaxis(found, 0, -3)


def _given_strongest(r: jax.Array, exact: jax.Array, present: jax.Array) -> jax.Array:
    """[batch, i, j, 5]: `weakest_correlations`, the first two given the variables strongest with j or those with i.

    Args:
        r: correlations [batch, d, d], cut off.
        exact: their absolute values before.
        present: [batch, d].
    """
    every, places = jnp.arange(r.shape[-1]), jnp.arange(_STRONGEST)[:, None]

    def search(own: jax.Array, strength: jax.Array, j: jax.Array) -> jax.Array:
        """For variable j, its correlations and their strengths [batch, d]: [batch, 5, i]."""
        strength, third = jax.lax.top_k(jnp.where(every == j, -1.0, strength * present), _STRONGEST)
        to_j = jnp.take_along_axis(own, third, -1)[..., None]
        to_i = jnp.take_along_axis(r, third[..., None], -2)  # [k, i]
        first = _given(own[..., None, :], to_i, to_j)
        other = third[..., None] != every
        size = jnp.where(other, jnp.abs(first), 2.0)
        tied = size <= size.min(-2, keepdims=True) + 1e-6
        at = jnp.argmax(jnp.where(tied, jnp.abs(to_i) + strength[..., None], -1.0), axis=-2)[..., None, :]
        one = jnp.take_along_axis(first, at, -2)
        chosen = (places == at).astype(r.dtype)
        k_to_l = jnp.take_along_axis(to_i, third[..., None, :], -1) @ chosen  # [l, i]: of i's k and l
        i_to_k, j_to_k = ((part * chosen).sum(-2, keepdims=True) for part in (to_i, to_j))
        second = _given(one, _given(to_i, i_to_k, k_to_l), _given(to_j, j_to_k, k_to_l))
        least = jnp.where(other & (chosen == 0), jnp.abs(second), 2.0)
        two = jnp.take_along_axis(second, jnp.argmin(least, -2)[..., None, :], -2)
        change = jnp.abs(_given(to_i, own[..., None, :], to_j)) - jnp.abs(to_i)
        change = jnp.where(other & (strength[..., None] > 0), change * jnp.abs(to_j), 0.0)
        opened, closed = (jnp.maximum(sign * change, 0.0).max(-2, keepdims=True) for sign in (1, -1))
        return jnp.concatenate([one, two, opened, -closed, change.sum(-2, keepdims=True)], -2)

    found = for_each_variable(search, jnp.moveaxis(r, -2, 0), jnp.moveaxis(exact, -2, 0), every)  # [j, batch, 5, i]
    found = jnp.transpose(found, (1, 3, 0, 2))
    weakest, turned = found[..., :2], jnp.swapaxes(found[..., :2], 1, 2)
    weakest = jnp.where(jnp.abs(weakest) <= jnp.abs(turned), weakest, turned)
    return jnp.concatenate([weakest, found[..., 2:]], -1)


def _given(r: jax.Array, a: jax.Array, b: jax.Array) -> jax.Array:
    """Correlation r of two variables, given a third with which they correlate by a and b."""
    scale = jax.lax.rsqrt((1 - a**2).clip(1e-3) * (1 - b**2).clip(1e-3))
    return jnp.clip((r - a * b) * scale, -0.999, 0.999)

"""Partial correlations given one or two other variables, as tests of conditional independence use them."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from avici_jl.network.statistics.algebra import both
from avici_jl.network.statistics.columns import Columns


def conditional(columns: Columns) -> list[jax.Array]:
    """The weakest partial correlation of i and j given one or two others, and what conditioning on j does to i.

    Conditioning on a common effect opens a dependence, conditioning on a mediator or common cause closes one.
    """
    one, two, opened, closed, change = jnp.moveaxis(columns.weakest, -1, 0)
    strength = jnp.sqrt(columns.n) / 4
    return [
        one,
        two,
        jnp.tanh(strength * one),
        jnp.tanh(strength * two),
        *both(3 * opened),
        *both(3 * closed),
        *both(jnp.tanh(change)),
    ]

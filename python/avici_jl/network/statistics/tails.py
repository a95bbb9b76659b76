"""Heavy tails: where one variable is extreme, what are the others?"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from avici_jl.network.statistics.algebra import both, gram, rows
from avici_jl.network.statistics.columns import Columns


def tails(columns: Columns) -> list[jax.Array]:
    """What the others do where one variable is extreme: heavy tails travel from causes to effects."""
    value, u, n = columns.value, columns.u, columns.n[..., 0]
    free = (1 - u) * (jnp.abs(value) > 4.0)
    count = free.sum(-2)
    shrink = 1 / (count + 3.0)[..., None]
    size = jnp.clip(jnp.abs(value), 0.0, 8.0)
    size = (size - size.sum(-2, keepdims=True) / columns.n) / 4
    together = gram(free, size) * shrink
    signed = gram(free * jnp.sign(value), jnp.clip(value, -8.0, 8.0) / 4) * shrink
    return [*both(together), *both(signed), *both(rows(jnp.tanh(20 * count / n)))]

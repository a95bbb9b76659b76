"""The variables' spreads in common units, where the user says that units are common."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from avici_jl.network.statistics.algebra import both, diagonal, rows
from avici_jl.network.statistics.columns import Columns


def scale(columns: Columns) -> list[jax.Array]:
    """Logarithms of standard deviations, of the variables and of what regressions on all others leave; 0 if not given.

    In common units an effect mostly varies more than its causes (Reisach, Seiler and Weichwald 2021).
    """
    spread = columns.spread
    given = (jnp.abs(spread).max(-1, keepdims=True) > 0).astype(spread.dtype)
    left = spread - given * 0.5 * jnp.log(jnp.maximum(diagonal(columns.regressions.smoothed), 0.5))
    return [
        *(part for own in (spread, left) for part in both(rows(own / 2))),
        *(jnp.tanh(own[..., None, :] - own[..., :, None]) for own in (spread, left)),
        rows(jnp.broadcast_to(given, spread.shape)),
    ]

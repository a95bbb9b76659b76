"""Effects that do not depend on the number of rows, each beside how sure they are on a scale that never saturates."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from avici_jl.network.statistics.algebra import (
    both,
    diagonal,
    logarithmic,
    mean_given,
    normalised,
    significance,
)
from avici_jl.network.statistics.columns import Columns


def evidence(columns: Columns) -> list[jax.Array]:
    """Changes under interventions, and dependences alone, given one, two and all others, with their significance.

    What other groups multiply with √n and cut off by tanh says "certain" of everything in large tables. Here an effect
    and its significance are apart, and the latter grows like log n.
    """
    z, u, n, weight = columns.z, columns.u, columns.n, columns.weight
    one, two = columns.weakest[..., 0], columns.weakest[..., 1]
    precise = columns.regressions.precise
    own = jnp.maximum(diagonal(precise), 0.5)
    partial = jnp.clip(-precise * jax.lax.rsqrt(own[..., :, None] * own[..., None, :]), -0.9999, 0.9999)
    # The rows that set i (and not j) against those that set nothing, or, without any, those that did not set i.
    times, alone = u.sum(-2)[..., None], weight * (u == 0).all(-1, keepdims=True)
    control = alone + 1e-4 * weight * (1.0 - u)
    against = control.sum(-2)[..., None]
    level, usual = mean_given(u, z), mean_given(control, z)
    spread = jnp.maximum(mean_given(u, z**2) - level**2, 0.0) + 0.01
    scale = jnp.maximum(mean_given(control, z**2) - usual**2, 0.0) + 0.01
    shift, wider = (level - usual) / jnp.sqrt(scale), jnp.log(spread / scale)
    rate = jnp.sqrt(times * against / (times + against + 1.0))
    shift, wider = (jnp.where(times > 1, effect, 0.0) for effect in (shift, wider))
    free = (weight * (1.0 - u)).sum(-2)[..., None, :]
    return [
        significance(columns.correlation, n),
        significance(one, n),
        significance(two, n),
        *both(significance(partial, free)),
        significance(normalised(columns.precision, -1), n),
        *both(jnp.tanh(shift / 2)),
        *both(logarithmic(shift * rate)),
        *both(jnp.tanh(wider / 2)),
        *both(logarithmic(wider * rate / 1.4)),
    ]

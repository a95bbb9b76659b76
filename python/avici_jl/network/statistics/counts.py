"""What counts show beyond their values: which entries are zero, and how knock-outs change values and zeros."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from avici_jl.network.statistics.algebra import both, gram, mean_given, rows
from avici_jl.network.statistics.columns import Columns


def counts(columns: Columns) -> list[jax.Array]:
    """What counts show beyond their values: which entries are zero, and how knock-outs change values and zeros."""
    value, u, n, weight = columns.value, columns.u, columns.n, columns.weight
    nonzero = (value != 0).astype(value.dtype)
    share = nonzero.sum(-2) / n[..., 0]
    w = weight * (nonzero - share[..., None, :]) / (jnp.sqrt(share * (1 - share))[..., None, :] + 0.02)
    together_seen = gram(nonzero, nonzero)
    centre = value.sum(-2) / jnp.maximum(nonzero.sum(-2), 1.0)
    deviation = (value - centre[..., None, :]) * nonzero
    spread = jnp.sqrt((deviation**2).sum(-2) / jnp.maximum(nonzero.sum(-2), 1.0))
    squares = gram(nonzero, deviation**2)  # [i, j]: of j over the rows where i is not zero
    together = gram(deviation, deviation) / (jnp.sqrt(squares * jnp.swapaxes(squares, -1, -2)) + 1e-2 * n)
    given = (gram(nonzero, value) / jnp.maximum(nonzero.sum(-2), 1.0)[..., None]) - (
        gram(weight - nonzero, value) / jnp.maximum((weight - nonzero).sum(-2), 1.0)[..., None]
    )
    # Knock-outs: the rows with an intervention on i against the observational ones (or, without any, the others).
    control = weight * (jnp.all(u == 0, axis=-1, keepdims=True) + 1e-3 * (1 - u))
    changes = []
    for f in (value, nonzero, deviation):
        level, reference = mean_given(u, f), mean_given(control, f)
        noise = jnp.sqrt(jnp.maximum(mean_given(control, f**2) - reference**2, 0.0)) + 0.05
        change = jnp.where(u.sum(-2)[..., None] > 0, (level - reference) / noise, 0.0)
        changes.append(change)
    sure = jnp.sqrt(u.sum(-2))[..., None] / 4
    return [
        gram(w, w) / n,
        jnp.where(together_seen > 0, together, 0.0),
        *both(rows(share)),
        *both(rows(jnp.tanh(centre / 3))),
        *both(rows(jnp.tanh(spread))),
        *both(jnp.tanh(given)),
        *both(jnp.tanh(changes[0])),
        *both(jnp.tanh(changes[1])),
        *both(jnp.tanh(changes[2])),
        *both(jnp.tanh(changes[0] * sure)),
        *both(jnp.tanh(changes[1] * sure)),
    ]

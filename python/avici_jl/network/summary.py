"""What the compact network sees of datasets: statistics of every pair, and sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from avici_jl.network.statistics import pair_statistics


class Summary(NamedTuple):
    """What the network sees of datasets.

    Attributes:
        statistics: [batch, d, d, count_statistics], of every ordered pair.
        size: [batch, 3], logarithms of the numbers of rows and variables, and interventions per row.
        present: [batch, d], 0 for variables with which the tables were filled up; None where they were not.
    """

    statistics: jax.Array
    size: jax.Array
    present: jax.Array | None = None


def summarize(x: jax.Array, statistics: Sequence[str], clip: float, extent: jax.Array | None = None) -> Summary:
    """All that the compact network sees of x [batch, n, d, channels]; its size does not depend on n.

    Args:
        x: the tables.
        statistics: groups of statistics, see `pair_statistics`.
        clip: where they cut off values.
        extent: [batch, 2] int32, the numbers of rows and variables of tables that were filled up with zeros behind
            these (see `avici_jl.network.shapes`); the summary of their variables is that of the tables alone.
    """
    there = None
    n, d = (jnp.full(x.shape[:1], size, jnp.float32) for size in x.shape[-3:-1])
    if extent is not None:
        n, d = extent[:, 0].astype(jnp.float32), extent[:, 1].astype(jnp.float32)
        rows, variables = (jnp.arange(size) for size in x.shape[-3:-1])
        there = (rows < n[:, None])[..., :, None] * (variables < d[:, None])[..., None, :].astype(jnp.float32)
    size = jnp.stack([jnp.log(n / 200.0), jnp.log(d / 20.0), x[..., 1].sum((-1, -2)) / n], -1)
    if statistics:
        found = pair_statistics(x, statistics, clip, there)
    else:
        found = jnp.zeros((x.shape[0], x.shape[2], x.shape[2], 0))
    return Summary(found, size, None if there is None else there.max(-2))

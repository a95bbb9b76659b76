"""What the compact network sees of datasets: statistics of every pair, and sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from avici_jl.network.shapes import usual_variables
from avici_jl.network.statistics import pair_statistics


class Summary(NamedTuple):
    """What the network sees of datasets, as arrays of JAX or, of one table that is divided, of NumPy.

    Attributes:
        statistics: [batch, d, d, count_statistics], of every ordered pair.
        size: [batch, 3], logarithms of the numbers of rows and variables, and interventions per row.
        present: [batch, d], 0 for variables with which the tables were filled up; None where they were not.
    """

    statistics: Any
    size: Any
    present: Any = None


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


def of_some(summary: Summary, which: np.ndarray, interventions: float) -> Summary:
    """What is seen of some variables of one table, in statistics that know of all others.

    Args:
        summary: of the table, without the axis of datasets.
        which: [m] the variables.
        interventions: on these, per row.
    """
    d, size = len(summary.statistics), np.array(summary.size)
    size[1:] = size[1] + np.log(len(which) / d), interventions
    return Summary(summary.statistics[np.ix_(which, which)], size)


def filled_up(summary: Summary) -> Summary:
    """A summary of one table, filled up to the next usual number of variables."""
    d = len(summary.statistics)
    more = usual_variables(d) - d
    present = np.pad(np.ones(d, np.float32), (0, more))
    return Summary(np.pad(summary.statistics, [(0, more), (0, more), (0, 0)]), summary.size, present)

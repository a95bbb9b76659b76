"""Kinds of variables: how many values a variable takes, and dependence between levels rather than numbers."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.scipy.special import ndtr

from avici_jl.network.statistics.algebra import EPS, both, gram_self, rows
from avici_jl.network.statistics.columns import Columns

_LEVELS = 6


def levels(columns: Columns) -> list[jax.Array]:
    """What kind the variables are of, and how much the level of one tells about that of another.

    Levels are sixths of the ranks; ties stay together, so a variable of up to three or so values keeps them. Entropies
    are those of the table of two variables' levels, less their bias (Miller and Madow); concordance is Goodman and
    Kruskal's gamma of the same table.
    """
    d = columns.z.shape[-1]
    n = columns.n
    member = membership(columns, _LEVELS).reshape(*columns.z.shape[:-1], d * _LEVELS)
    table = gram_self(member) / n
    table = table.reshape(*table.shape[:-2], d, _LEVELS, d, _LEVELS).swapaxes(-3, -2)  # [i, j, level of i, of j]
    share = (member.sum(-2) / n[..., 0]).reshape(*table.shape[:-4], d, _LEVELS)
    entropy = _entropy(share, (-1,), n[..., 0])
    information = jnp.maximum(entropy[..., :, None] + entropy[..., None, :] - _entropy(table, (-2, -1), n), 0.0)
    told = information / (entropy[..., None, :] + 0.05)  # [i, j]: of the entropy of j
    below = jnp.cumsum(table, -2) - table  # of lower level of i
    upper = jnp.cumsum(below, -1)
    concordant = (table * (upper - below)).sum((-2, -1))
    discordant = (table * (upper[..., -1:] - upper)).sum((-2, -1))
    gamma = (concordant - discordant) / (concordant + discordant + EPS)
    return [
        *(part for column in kinds(columns) for part in both(rows(column))),
        *both(rows(entropy / 2)),
        jnp.sqrt(information),
        jnp.log1p(n * information) / 7,
        *both(told),
        gamma,
    ]


def membership(columns: Columns, count: int) -> jax.Array:
    """[batch, n, d, count]: 1 for the level of a value, equal shares of the ranks with ties together."""
    share = ndtr(columns.ranks)
    level = jnp.clip(jnp.floor(share * count), 0, count - 1)
    return (level[..., None] == jnp.arange(count)) * columns.weight[..., None]


def kinds(columns: Columns) -> list[jax.Array]:
    """Of every variable [batch, d]: how many values it takes, how it is spread over them, and whether it counts."""
    value, observed = columns.raw, columns.observed
    n = value.shape[-2]
    ordered = jnp.sort(jnp.where(observed > 0, value, jnp.inf), axis=-2)
    count = jnp.maximum(observed.sum(-2), 1.0)
    known = jnp.isfinite(ordered)
    step = jnp.where(known[..., 1:, :], ordered[..., 1:, :] - ordered[..., :-1, :], 0.0)
    differs = (step > 0) & known[..., 1:, :]
    distinct = 1.0 + differs.sum(-2)
    every = jnp.arange(n)[:, None]
    begins = jnp.concatenate([jnp.ones_like(differs[..., :1, :]), differs], -2)
    first = jax.lax.cummax(jnp.where(begins, every, 0), axis=value.ndim - 2)
    longest = (jnp.where(known, every - first, 0).max(-2) + 1.0) / count
    smallest = jnp.min(jnp.where(differs, step, jnp.inf), -2, keepdims=True)
    multiple = jnp.where(differs, step / jnp.where(jnp.isfinite(smallest), smallest, 1.0), 1.0)
    off = jnp.abs(multiple - jnp.round(multiple)) > 0.1
    even = jnp.where(distinct > 2, 1.0 - (off & differs).sum(-2) / jnp.maximum(distinct - 1, 1.0), 1.0)
    return [
        jnp.log(distinct) / jnp.log(jnp.maximum(count, 2.0)),
        1.0 / distinct,
        jnp.where(longest * count < 2, 0.0, longest),
        jnp.where(distinct > 0.9 * count, 0.0, even),  # steps of one size: counts and grades
    ]


def _entropy(share: jax.Array, axes: tuple[int, ...], n: jax.Array) -> jax.Array:
    found = -(share * jnp.log(jnp.maximum(share, 1e-12))).sum(axes)
    return found + ((share > 0).sum(axes) - 1) / (2 * n)

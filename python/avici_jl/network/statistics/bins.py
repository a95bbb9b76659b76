"""How the distribution of one variable changes along another: means, variances and skewness in bins of its ranks."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from avici_jl.network.statistics.algebra import EPS, both, gram
from avici_jl.network.statistics.columns import Columns
from avici_jl.network.statistics.levels import membership

_BINS = 8


def bins(columns: Columns) -> list[jax.Array]:
    """Mean, variance and skewness of j in eight bins of i.

    Given its causes, an effect with additive noise has a varying mean and a constant variance; a cause given its effect
    has not (after the standard deviation of conditional distributions, Fonollosa 2016).
    """
    z = columns.z
    n, d = columns.n, z.shape[-1]
    member = membership(columns, _BINS).reshape(*z.shape[:-1], d * _BINS)
    count = member.sum(-2)[..., None]
    moments = gram(member, jnp.concatenate([z, z**2, jnp.clip(z, -4.0, 4.0) ** 3], -1)) / jnp.maximum(count, 1.0)
    first, second, third = (part.reshape(*z.shape[:-2], d, _BINS, d) for part in jnp.split(moments, 3, -1))
    count = count.reshape(*z.shape[:-2], d, _BINS, 1)
    weight = count / n[..., None]
    variance = jnp.maximum(second - first**2, 0.0) + 0.01
    skew = third - 3 * first * second + 2 * first**3
    mean = (weight * first).sum(-2, keepdims=True)
    filled = jnp.maximum((count > 0).sum(-3 + 1), 1)
    between = (weight * (first - mean) ** 2).sum(-2)
    bias = (filled - 1) / n  # of the share of the variance, where i tells nothing
    explained = jnp.clip((between - bias) / jnp.maximum(1.0 - bias, EPS), 0.0, 0.999)
    place = jnp.arange(_BINS)[:, None] - (weight * jnp.arange(_BINS)[:, None]).sum(-2, keepdims=True)
    trend = place / jnp.sqrt((weight * place**2).sum(-2, keepdims=True) + EPS)
    straight = (weight * trend * first).sum(-2)
    logarithm = jnp.where(count > 1, jnp.log(variance), 0.0)
    level = (weight * logarithm).sum(-2, keepdims=True)
    uneven = (weight * (logarithm - level) ** 2).sum(-2)
    return [
        *both(explained),
        *both(jnp.log1p(n * explained) / 7),
        *both(jnp.sqrt(jnp.clip(between - straight**2, 0.0, 1.0))),
        *both(jnp.sqrt(uneven)),
        *both(jnp.tanh((weight * trend * logarithm).sum(-2))),
        *both(jnp.tanh((weight * trend * skew).sum(-2))),
    ]

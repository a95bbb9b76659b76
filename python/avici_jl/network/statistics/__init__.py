"""Statistics of every ordered pair of variables: all that the compact network sees of the observations.

Each is computed from sums over rows (matrix products), ranks, and inverses of matrices between a few functions of each
variable. Each costs O(n d² + d³), but "interventional" and "invariance" O((n d² + d³) k) with k variables that were
intervened on. None depends on the order of the rows, and all permute with the variables. Entry [i, j] describes i → j.
No gradient flows through them. Most are scaled to about [-1, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp

from avici_jl.errors import ConfigError
from avici_jl.network.statistics.bins import bins
from avici_jl.network.statistics.columns import Columns, Given
from avici_jl.network.statistics.conditional import conditional
from avici_jl.network.statistics.counts import counts
from avici_jl.network.statistics.evidence import evidence
from avici_jl.network.statistics.gaps import fill, gaps
from avici_jl.network.statistics.invariance import invariance
from avici_jl.network.statistics.levels import levels
from avici_jl.network.statistics.marginals import normal_scores, robust_scores
from avici_jl.network.statistics.moments import basic, kernel
from avici_jl.network.statistics.order import order
from avici_jl.network.statistics.regression import interventional, residual, smooth
from avici_jl.network.statistics.scale import scale
from avici_jl.network.statistics.tails import tails

GROUPS: dict[str, tuple[int, Callable[[Columns], list[jax.Array]]]] = {
    "basic": (18, basic),
    "interventional": (12, interventional),
    "kernel": (45, kernel),
    "counts": (20, counts),
    "conditional": (10, conditional),
    "residual": (27, residual),
    "smooth": (8, smooth),
    "tails": (6, tails),
    "invariance": (17, invariance),
    "order": (20, order),
    "evidence": (14, evidence),
    "bins": (12, bins),
    "levels": (15, levels),
    "gaps": (9, gaps),
    "scale": (7, scale),
}
"""Group of statistics: how many there are, and the function of the variables, to arrays [batch, d, d] or [..., k]."""

MARGINALS: dict[str, Callable[[jax.Array, jax.Array | None, float], jax.Array]] = {
    "": lambda value, weight, clip: jnp.clip(robust_scores(value, weight), -clip, clip) if clip else value,
    "ranks": lambda value, weight, clip: normal_scores(value, weight),
}
"""What a group is computed from: "kernel" from values (cut off, if configured), "kernel@ranks" from normal scores."""


_TOGETHER = 2**17
"""Pairs up to which marginals are looked at together: that halves what is compiled, and doubles the memory."""


def pair_statistics(
    x: jax.Array, groups: Sequence[str], clip: float = 0.0, there: jax.Array | None = None
) -> jax.Array:
    """Statistics of all pairs.

    Args:
        x: [batch, n, d, 2] standardised values and intervention indicators; or with more of the channels of
            `avici_jl.data.standardize.features`: missing values are then filled in first.
        groups: names of `GROUPS`, each perhaps with one of `MARGINALS` behind an @.
        clip: if positive, values are cut off that many robust standard deviations from the robust mean, so that
            heavy tails cannot dominate the moments.
        there: [batch, n, d], 0 in rows and variables with which the tables were filled up. They change nothing: sums
            leave them out, ranks count only the others, and in inverses with a ridge a variable of zeros is alone.

    Returns:
        [batch, d, d, count_statistics(groups)]; 0 for variables that are not there.
    """
    x = jax.lax.stop_gradient(x)
    raw, u, *more = jnp.moveaxis(x, -1, 0)
    observed = more[0] if more else None
    names = [(name, marginal) for name, _, marginal in (group.partition("@") for group in groups)]
    # Accelerators would round the factors of matrix products to ten bits or fewer, with which inverses are useless.
    with jax.default_matmul_precision("float32"):
        if observed is not None:
            raw = fill(raw, observed, there)
        given = Given(raw, observed, more[1][..., 0, :] if more[1:] else None, there)
        weight = None if there is None else there.max(-1, keepdims=True)
        values = {marginal: MARGINALS[marginal](raw, weight, clip) for marginal in dict.fromkeys(m for _, m in names)}
        together = [values] if u.shape[0] * u.shape[-1] ** 2 <= _TOGETHER else [{m: v} for m, v in values.items()]
        found: dict[tuple[str, str], jax.Array] = {}
        for some in together:
            found |= _of_marginals([name for name in names if name[1] in some], some, u, given)
    stacked = jnp.concatenate([found[name] for name in names], -1)
    if there is None:
        return stacked
    present = there.max(-2)
    return jnp.where((present[..., :, None] * present[..., None, :])[..., None] > 0, stacked, 0.0)


def _of_marginals(
    names: Sequence[tuple[str, str]], values: Mapping[str, jax.Array], u: jax.Array, given: Given
) -> dict[tuple[str, str], jax.Array]:
    """Statistics of groups by name and marginal: a group of all marginals is computed, and compiled, once for them."""
    count = len(values)
    u, given = jax.tree.map(lambda array: jnp.concatenate([array] * count), (u, given))
    whole = Columns.of(jnp.concatenate(list(values.values())), u, given)
    found: dict[tuple[str, str], jax.Array] = {}
    for name, _ in names:
        if all((name, marginal) in names for marginal in values):
            parts = jnp.split(_joined(GROUPS[name][1](whole)), count)
            found |= {(name, marginal): part for marginal, part in zip(values, parts, strict=True)}
    for k, marginal in enumerate(values):
        own = [name for name, other in names if other == marginal and (name, other) not in found]
        columns = whole.part(k, count) if own else whole
        found |= {(name, marginal): _joined(GROUPS[name][1](columns)) for name in own}
    return found


def _joined(found: Sequence[jax.Array]) -> jax.Array:
    """Statistics [batch, d, d], and several of them [batch, d, d, k], as [batch, d, d, all]."""
    return jnp.concatenate([part if part.ndim == 4 else part[..., None] for part in found], -1)


def count_statistics(groups: Sequence[str]) -> int:
    """Number of statistics in these groups.

    Raises:
        ConfigError: a group or what it is computed from is unknown, or there is none.
    """
    listed = isinstance(groups, list | tuple) and all(isinstance(group, str) for group in groups)
    if not listed or not 1 <= len(groups) <= 1000:
        raise ConfigError(f"network.statistics must be a list of 1 to 1000 groups; got {groups!r:.80}.")
    total = 0
    for group in groups:
        name, at, marginal = group.partition("@")
        if name not in GROUPS or marginal not in MARGINALS or (at and not marginal):
            known = f"{', '.join(GROUPS)}, each also with {', '.join('@' + m for m in MARGINALS if m)}"
            raise ConfigError(f'Unknown group of statistics "{group}". Known: {known}.')
        total += GROUPS[name][0]
    return total

"""Knowledge that training shows: random true facts about the graph of a dataset, of the kinds that users have."""

from __future__ import annotations

import numpy as np

from avici_jl.data.knowledge import EDGE, NO_EDGE

_PAIRS, _TIERS, _ROOTS, _REGULATORS, _VARIABLES = 0.6, 0.25, 0.2, 0.2, 0.15
"""How often each kind of knowledge is shown, where any may be."""


def part_of(graph: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random part of a graph [d, d]: pairs, tiers, roots, the regulators, or everything about some variables.

    Each kind is drawn by itself, so that some graphs are shown in several ways and some not at all.

    Returns:
        [d, d] int8: 1 for a known edge, -1 for a known non-edge, else 0.
    """
    edges, d = graph.astype(bool), len(graph)
    known = np.zeros(graph.shape, np.int8)
    kinds = rng.random(5) < (_PAIRS, _TIERS, _ROOTS, _REGULATORS, _VARIABLES)
    if kinds[0]:  # from one pair to all, uniform in the logarithm
        drawn, least = rng.random((d, d)), np.array([2 * d, d * d], float)
        some, none = least ** -rng.random(2) * (rng.random(2) < 0.75)
        known[edges & (drawn < some)] = EDGE
        known[~edges & (drawn < none)] = NO_EDGE
    if kinds[1]:
        known[_later_before_earlier(edges, rng)] = NO_EDGE
    if kinds[2]:
        roots = ~edges.any(axis=0) & (rng.random(d) < rng.random())
        known[:, roots] = NO_EDGE
    if kinds[3]:
        regulators = edges.any(axis=1) | (rng.random(d) < rng.random())
        known[~regulators] = NO_EDGE
    if kinds[4]:
        chosen = rng.random(d) < rng.random() ** 2
        known = np.where(chosen[:, None] | chosen, np.where(edges, EDGE, NO_EDGE), known).astype(np.int8)
    np.fill_diagonal(known, 0)
    return known


def _later_before_earlier(edges: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """[d, d], the pairs that two to five random tiers of a random causal order rule out; none if there is a cycle."""
    d = len(edges)
    order = _causal_order(edges, rng)
    if order is None:
        return np.zeros((d, d), bool)
    cuts = rng.integers(1, d, size=int(rng.integers(1, 5)))
    tier = np.empty(d, int)
    tier[order] = np.searchsorted(np.sort(cuts), np.arange(d), side="right")
    placed = rng.random(d) < (1.0 if rng.random() < 0.5 else rng.random())
    return (tier[:, None] > tier) & placed[:, None] & placed


def _causal_order(edges: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """Causes before effects, ties in random order; None if there is a cycle."""
    open_causes, order = edges.sum(axis=0), []
    free = list(np.flatnonzero(open_causes == 0))
    while free:
        node = free.pop(int(rng.integers(len(free))))
        order.append(node)
        effects = np.flatnonzero(edges[node])
        open_causes[effects] -= 1
        free += list(effects[open_causes[effects] == 0])
    return np.array(order) if len(order) == len(edges) else None

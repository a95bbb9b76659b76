"""Acyclic graphs of given edge probabilities: draws, and the most probable one.

Edges are independent a priori; what is drawn and maximised here is their distribution given that there is no cycle,

    P(G) ∝ Π p_ij^G_ij (1 - p_ij)^(1 - G_ij)    over acyclic G.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from avici_jl.data.graphs import is_acyclic

EXACT = 16
"""Largest number of variables in one cyclic part for which the most probable graph is found exactly."""

_REJECTION_TRIES = 64
_BURN_IN, _THINNING = 50, 10
_CERTAIN = 1e-6  # probabilities are kept this far from 0 and 1, so that no order of the variables is impossible


def sample_acyclic(p: np.ndarray, count: int, seed: int, known: np.ndarray | None = None) -> np.ndarray:
    """Acyclic graphs from independent edges given that there is no cycle.

    Where at least one independent draw of 64 has no cycle, draws are independent and exact: those with cycles are
    rejected. Else they are the states of a Markov chain that draws each pair of variables anew, given all others, among
    no edge and the two directions that close no cycle (a Gibbs sampler, whose stationary distribution is the wanted
    one): from an acyclic graph of the most probable edges on, after 50 sweeps, every tenth one.

    Args:
        p: [d, d] edge probabilities; the diagonal is ignored.
        count: number of graphs.
        seed: of the draws.
        known: [d, d], 1 for edges that every graph has, which form no cycle, -1 for those that none has, else 0.

    Returns:
        [count, d, d] uint8.
    """
    rng = np.random.default_rng(seed)
    p = np.clip(np.asarray(p, float), _CERTAIN, 1 - _CERTAIN)
    if known is not None:
        p = np.where(np.asarray(known) == 0, p, np.asarray(known) > 0)
    np.fill_diagonal(p, 0.0)
    graphs = np.zeros((count, *p.shape), np.uint8)
    done = 0
    while done < count:
        tries = rng.random((_REJECTION_TRIES, *p.shape)) < p
        accepted = tries[[is_acyclic(graph) for graph in tries]]
        if not len(accepted):
            break
        taken = min(len(accepted), count - done)
        graphs[done : done + taken] = accepted[:taken]
        done += taken
    if done < count:
        graphs[:] = _gibbs(p, count, rng)
    return graphs


def causes_first(graph: np.ndarray) -> list[int]:
    """The variables of a [d, d] graph without a cycle, causes before their effects."""
    import networkx as nx

    return list(nx.topological_sort(nx.from_numpy_array(np.asarray(graph, int), create_using=nx.DiGraph)))


def _gibbs(p: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    d = len(p)
    one, two = np.triu_indices(d, 1)
    forward, backward = p[one, two], p[two, one]
    none = (1 - forward) * (1 - backward)
    weights = np.stack([none, forward * (1 - backward), backward * (1 - forward)])
    weights /= weights.sum(axis=0)
    bounds = np.cumsum(weights, axis=0)
    second = weights[1] / np.maximum(weights[1] + weights[2], 1e-300)  # the share of the first of both directions
    graph = most_probable_acyclic(p, p > 0.5, required=p == 1)
    effects: list[set[int]] = [set(np.flatnonzero(row)) for row in graph]  # the same graph, for walks along it
    graphs = np.zeros((count, d, d), np.uint8)
    for sweep in range(_BURN_IN + count * _THINNING):
        pairs = rng.permutation(len(one))
        # Most pairs have no edge before and after: only the others are looked at.
        drawn = (rng.random(len(one)) > bounds[0]).astype(np.int8)
        drawn[drawn > 0] += rng.random(int((drawn > 0).sum())) > second[drawn > 0]
        joined = graph[one, two] | graph[two, one]
        for pair in pairs[((drawn > 0) | joined)[pairs]]:
            i, j, state = int(one[pair]), int(two[pair]), int(drawn[pair])
            effects[i].discard(j)
            effects[j].discard(i)
            # A direction that closes a cycle is drawn again, which leaves the others their relative probabilities.
            while state and _reaches(effects, *((j, i) if state == 1 else (i, j))):
                state = int(np.searchsorted(bounds[:, pair], rng.random() * bounds[2, pair], side="right"))
            if state:
                effects[i if state == 1 else j].add(j if state == 1 else i)
            graph[i, j], graph[j, i] = state == 1, state == 2
        number, rest = divmod(sweep - _BURN_IN, _THINNING)
        if number >= 0 and rest == _THINNING - 1:
            graphs[number] = graph
    return graphs


def _reaches(effects: list[set[int]], start: int, goal: int) -> bool:
    """Whether there is a path from `start` to `goal`."""
    seen, ahead = {start}, [start]
    while ahead:
        for node in effects[ahead.pop()]:
            if node == goal:
                return True
            if node not in seen:
                seen.add(node)
                ahead.append(node)
    return False


def most_probable_acyclic(
    p: np.ndarray, edges: np.ndarray, threshold: float = 0.5, required: np.ndarray | None = None
) -> np.ndarray:
    """The subset of the edges without a cycle that has the largest sum of log odds, beyond those of the threshold.

    With threshold 1/2 and all edges of larger probability this is the most probable acyclic graph. Only edges within a
    strongly connected part can lie on a cycle. A part of up to `EXACT` variables is solved exactly, by dynamic
    programming over its subsets (Silander and Myllymäki 2006); a larger one by a greedy order that is improved by
    moving one variable at a time until none can be moved to advantage.

    Args:
        p: [d, d] edge probabilities.
        edges: [d, d], the candidates.
        threshold: the probability from which on an edge is worth having, in (0, 1).
        required: [d, d], those of the candidates that are kept in any case; they form no cycle.

    Returns:
        [d, d] bool, a subset of `edges`.
    """
    import networkx as nx

    odds, least = (logit(np.clip(np.asarray(q, float), _CERTAIN, 1 - _CERTAIN)) for q in (p, threshold))
    gain = np.maximum(odds - least, 1e-9)  # every candidate is worth something
    kept = np.asarray(edges).astype(bool)
    np.fill_diagonal(kept, False)
    must = np.zeros(kept.shape, bool) if required is None else np.asarray(required).astype(bool)
    for part in nx.strongly_connected_components(nx.from_numpy_array(kept.astype(int), create_using=nx.DiGraph)):
        if len(part) == 1:
            continue
        members = np.array(sorted(part))
        block = np.ix_(members, members)
        inside, first = np.where(kept[block], gain[block], 0.0), must[block]
        if len(members) <= EXACT:
            order = _best_order(np.where(first, inside + inside.sum(), inside))  # worth more than all others together
        else:
            order = _good_order(inside, first)
        place = np.empty(len(members), int)
        place[order] = np.arange(len(members))
        kept[np.ix_(members, members)] &= place[:, None] < place[None, :]
    return kept


def _best_order(gain: np.ndarray) -> np.ndarray:
    """The order of the variables with the largest sum of gain[earlier, later], over all subsets as first parts."""
    k = len(gain)
    size = 1 << k
    subsets = np.arange(size)
    into = np.zeros((k, size), np.float64)  # into[j, S]: what j gains with all of S before it
    for i in range(k):
        bit = 1 << i
        into[:, bit : 2 * bit] = into[:, :bit] + gain[i][:, None]
    best, last = np.full(size, -np.inf), np.zeros(size, np.int8)
    best[0] = 0.0
    counts = np.zeros(size, np.int8)
    for i in range(k):
        counts += ((subsets >> i) & 1).astype(np.int8)
    for level in range(1, k + 1):
        these = subsets[counts == level]
        for j in range(k):
            with_j = these[(these >> j) & 1 == 1]
            before = with_j & ~(1 << j)
            value = best[before] + into[j, before]
            better = value > best[with_j]
            best[with_j[better]], last[with_j[better]] = value[better], j
    order, left = [], size - 1
    while left:
        order.append(int(last[left]))
        left &= ~(1 << order[-1])
    return np.array(order[::-1])


def _good_order(gain: np.ndarray, required: np.ndarray) -> np.ndarray:
    """Greedy: whoever gives most and receives least goes first (Eades, Lin and Smyth 1993); then single moves.

    Among those whose required causes are all placed, and as far as required causes stay before their effects.
    """
    left, order = list(range(len(gain))), []
    surplus, waiting = gain.sum(axis=1) - gain.sum(axis=0), required.sum(axis=0)
    while left:
        free = [variable for variable in left if waiting[variable] == 0]
        first = free[int(np.argmax(surplus[free]))]
        waiting = waiting - required[first]
        order.append(first)
        left.remove(first)
        surplus = surplus - gain[:, first] + gain[first]
    moved = True
    while moved:
        moved = False
        for variable in list(order):
            at = order.index(variable)
            others = order[:at] + order[at + 1 :]
            # What changes when the variable moves past each other one: gains at every place, beginning with the first.
            step = gain[others, variable] - gain[variable, others]
            values = np.concatenate([[0.0], np.cumsum(step)])
            causes, effects = np.flatnonzero(required[others, variable]), np.flatnonzero(required[variable, others])
            values[: causes[-1] + 1 if len(causes) else 0] = -np.inf
            values[effects[0] + 1 if len(effects) else len(values) :] = -np.inf
            place = int(np.argmax(values))
            if values[place] > values[at] + 1e-12:
                others.insert(place, variable)
                order, moved = others, True
    return np.array(order)

"""Acyclic graphs: draws against enumeration, the best order against all orders."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from avici_jl.posterior import acyclic
from avici_jl.posterior.acyclic import is_acyclic, most_probable_acyclic, sample_acyclic


def every_acyclic_graph(d: int) -> np.ndarray:
    pairs = [(i, j) for i in range(d) for j in range(d) if i != j]
    graphs = []
    for chosen in product((0, 1), repeat=len(pairs)):
        graph = np.zeros((d, d), np.uint8)
        graph[tuple(np.array(pairs).T)] = chosen
        if is_acyclic(graph):
            graphs.append(graph)
    return np.array(graphs)


def probability(p: np.ndarray, graphs: np.ndarray) -> np.ndarray:
    off = ~np.eye(len(p), dtype=bool)
    each = np.where(graphs != 0, p, 1 - p)[:, off].prod(axis=1)
    return each / each.sum()


def strong_cycles(d: int, seed: int) -> np.ndarray:
    p = np.random.default_rng(seed).uniform(0.2, 0.9, (d, d))
    np.fill_diagonal(p, 0.0)
    return p


@pytest.mark.parametrize("chain", [False, True], ids=["rejection", "Markov chain"])
def test_draws_have_the_distribution_that_enumeration_gives(chain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    d, count = 4, 6000
    p, graphs = strong_cycles(d, 1), every_acyclic_graph(d)
    assert len(graphs) == 543  # Robinson 1973
    if chain:
        drawn = acyclic._gibbs(p, count, np.random.default_rng(0))
    else:
        drawn = sample_acyclic(p, count, seed=0)
    assert all(is_acyclic(graph) for graph in drawn[:200])
    exact = probability(p, graphs)
    marginal = np.einsum("g,gij->ij", exact, graphs)
    np.testing.assert_allclose(drawn.mean(axis=0), marginal, atol=0.035)
    keys = {graph.tobytes(): k for k, graph in enumerate(graphs)}
    found = np.bincount([keys[graph.tobytes()] for graph in drawn], minlength=len(graphs)) / count
    likely = exact > 0.004
    np.testing.assert_allclose(found[likely], exact[likely], atol=5 * np.sqrt(0.02 / count))
    assert np.abs(found - exact).sum() / 2 < 0.13  # total variation; 6000 exact draws have 0.09


def test_draws_belong_to_their_seed_and_have_no_cycle_where_rejection_is_hopeless() -> None:
    p = np.full((30, 30), 0.5)
    drawn = sample_acyclic(p, 3, seed=4)
    assert drawn.shape == (3, 30, 30) and drawn.dtype == np.uint8
    assert all(is_acyclic(graph) for graph in drawn)
    np.testing.assert_array_equal(drawn, sample_acyclic(p, 3, seed=4))
    assert (drawn != sample_acyclic(p, 3, seed=5)).any()
    assert sample_acyclic(p, 0, seed=0).shape == (0, 30, 30)


def test_certain_edges_in_both_directions_do_not_stop_the_draws() -> None:
    p = np.ones((5, 5)) - np.eye(5)
    drawn = sample_acyclic(p, 4, seed=0)
    assert all(is_acyclic(graph) for graph in drawn)
    assert (drawn | drawn.transpose(0, 2, 1)).sum() == 4 * 20  # every pair is joined, in one direction


@pytest.mark.parametrize("seed", range(5))
def test_the_most_probable_acyclic_graph_is_the_best_of_all(seed: int) -> None:
    p = strong_cycles(4, seed)
    graphs = every_acyclic_graph(4)
    best = graphs[int(np.argmax(probability(p, graphs)))]
    np.testing.assert_array_equal(most_probable_acyclic(p, p > 0.5), best != 0)


def test_large_parts_are_ordered_nearly_as_well_as_small_ones_exactly() -> None:
    shares = []
    for seed in range(10):
        gain = np.random.default_rng(seed).exponential(size=(9, 9)) * (np.random.default_rng(seed).random((9, 9)) < 0.5)
        value = [
            sum(gain[a, b] for k, a in enumerate(o) for b in o[k + 1 :])
            for o in (acyclic._best_order(gain), acyclic._good_order(gain, gain < 0))
        ]
        shares.append(value[1] / value[0])
    assert min(shares) > 0.93 and max(shares) <= 1 + 1e-12
    small = np.random.default_rng(0).exponential(size=(6, 6))
    brute = max(sum(small[a, b] for k, a in enumerate(o) for b in o[k + 1 :]) for o in permutations(range(6)))
    order = acyclic._best_order(small)
    assert sum(small[a, b] for k, a in enumerate(order) for b in order[k + 1 :]) == pytest.approx(brute)


def test_edges_outside_cycles_all_stay() -> None:
    p = np.zeros((40, 40))
    p[np.triu_indices(40, 1)] = 0.9
    np.testing.assert_array_equal(most_probable_acyclic(p, p > 0.5), p > 0.5)
    p[5, 2] = 0.99  # closes cycles of parts with up to 4 variables
    kept = most_probable_acyclic(p, p > 0.5)
    assert is_acyclic(kept) and kept.sum() >= (p > 0.5).sum() - 3

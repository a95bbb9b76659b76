"""Edge tables, graphs without cycles, samples."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avici_jl.errors import InputError
from avici_jl.posterior.edges import edge_table, sample, to_graph, without_cycles

P = np.array([[0.0, 0.9, 0.2], [0.4, 0.0, 0.8], [0.7, 0.1, 0.0]])
NAMES = ["a", "b", "c"]


def test_the_table_has_every_edge_from_the_most_probable_down() -> None:
    table = edge_table(P, NAMES)
    assert list(table.columns) == ["source", "target", "probability"] and len(table) == 6
    assert table.iloc[0].tolist() == ["a", "b", 0.9] and table.iloc[2].tolist() == ["c", "a", 0.7]
    assert table["probability"].is_monotonic_decreasing
    assert len(edge_table(P, NAMES, threshold=0.7)) == 3


def test_the_graph_has_names_and_probabilities() -> None:
    graph = to_graph(P, NAMES, threshold=0.5)
    assert set(graph.edges) == {("a", "b"), ("b", "c"), ("c", "a")} and list(graph) == NAMES
    assert graph["b"]["c"]["probability"] == pytest.approx(0.8)
    assert set(to_graph(P, NAMES, threshold=0.5, acyclic=True).edges) == {("a", "b"), ("b", "c")}
    assert not to_graph(P, NAMES, threshold=1.0).edges
    with pytest.raises(InputError, match="between 0 and 1"):
        to_graph(P, NAMES, threshold=50)


@given(st.integers(2, 8), st.integers(0, 10**6))
def test_what_is_left_out_would_close_a_cycle_of_more_probable_edges(d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p, edges = rng.random((d, d)), rng.random((d, d)) < 0.5
    np.fill_diagonal(edges, False)
    kept = without_cycles(p, edges)
    graph = nx.from_numpy_array(kept.astype(int), create_using=nx.DiGraph)
    assert nx.is_directed_acyclic_graph(graph) and not (kept & ~edges).any()
    for i, j in np.argwhere(edges & ~kept):
        better = nx.from_numpy_array((kept & (p >= p[i, j])).astype(int), create_using=nx.DiGraph)
        assert nx.has_path(better, j, i)


def test_samples_follow_the_probabilities() -> None:
    graphs = sample(P, 20_000, seed=1)
    assert graphs.shape == (20_000, 3, 3) and graphs.dtype == np.uint8
    np.testing.assert_allclose(graphs.mean(axis=0), P, atol=0.02)
    np.testing.assert_array_equal(sample(P, 5, seed=2), sample(P, 5, seed=2))
    with pytest.raises(InputError, match="negative"):
        sample(P, -1, seed=0)

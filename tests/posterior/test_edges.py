"""Edge tables, graphs without cycles, samples."""

from __future__ import annotations

import numpy as np
import pytest

from avici_jl.errors import InputError
from avici_jl.evaluation.metrics import without_cycles
from avici_jl.posterior.edges import adjacency, edge_table, sample, to_graph

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


def test_the_graph_without_cycles_keeps_more_than_the_greedy_one() -> None:
    # Two triangles share the edge a → b: leaving it out costs less than one edge of each.
    p = np.zeros((4, 4))
    p[0, 1], p[1, 2], p[2, 0], p[1, 3], p[3, 0] = 0.9, 0.8, 0.8, 0.8, 0.8
    kept = adjacency(p, 0.5, acyclic=True)
    assert kept.sum() == 4 and not kept[0, 1] and without_cycles(p, p > 0.5).sum() == 3


def test_samples_follow_the_probabilities() -> None:
    graphs = sample(P, 20_000, seed=1)
    assert graphs.shape == (20_000, 3, 3) and graphs.dtype == np.uint8
    np.testing.assert_allclose(graphs.mean(axis=0), P, atol=0.02)
    np.testing.assert_array_equal(sample(P, 5, seed=2), sample(P, 5, seed=2))
    with pytest.raises(InputError, match="negative"):
        sample(P, -1, seed=0)

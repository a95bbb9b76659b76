"""The random graphs of AviciSim have the degrees, density and clustering of networkx, where that has the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from avici_jl.simulation import simulate_batch

D, COUNT = 40, 400


def simulated(graph: str, folder: Path) -> np.ndarray:
    """Graphs [count, d, d] of a domain file with this table of a graph model."""
    path = folder / "graphs.toml"
    path.write_text(f'name = "graphs"\nbase = "linear"\n[[graph]]\n{graph}\n')
    return simulate_batch(path, COUNT, d=D, n_obs=1, seed=1)[2].astype(int)


def networkx_blocks(seed: int) -> nx.Graph:
    """Five blocks with 2 edges per variable expected; the chance between blocks is a tenth of that within."""
    size = D // 5
    within = 2 * D / (5 * size * (size - 1) / 2 + 0.1 * 10 * size**2)
    chances = np.full((5, 5), 0.1 * within) + np.diag(np.full(5, 0.9 * within))
    return nx.stochastic_block_model([size] * 5, chances, seed=seed)


UNDIRECTED: dict[str, tuple[str, Callable[[int], nx.Graph]]] = {
    "erdos-renyi": ('model = "erdos-renyi"\nedges_per_variable = 2', lambda s: nx.gnp_random_graph(D, 4 / (D - 1), s)),
    "watts-strogatz": (
        'model = "watts-strogatz"\ndimension = 1\nneighbours = 2\nrewiring = 0.3',
        lambda s: nx.watts_strogatz_graph(D, 4, 0.3, s),
    ),
    "stochastic-block": (
        'model = "stochastic-block"\nedges_per_variable = 2\nblocks = 5\nratio = 0.1',
        networkx_blocks,
    ),
    "random-geometric": (
        'model = "random-geometric"\nradius = 0.2',
        lambda s: nx.random_geometric_graph(D, 0.2, seed=s),
    ),
}


def assert_same_mean(ours: np.ndarray, theirs: np.ndarray) -> None:
    """The means [...] over graphs (the first axis) differ by at most 4.5 standard errors."""
    error = np.sqrt((ours.var(0) + theirs.var(0)) / COUNT)
    assert (np.abs(ours.mean(0) - theirs.mean(0)) <= 4.5 * error + 1e-12).all()


def degree_shares(degrees: np.ndarray) -> np.ndarray:
    """[count, 14]: of every graph the share of variables with each degree, the last for all beyond."""
    return np.stack([(np.minimum(degrees, 13) == k).mean(1) for k in range(14)], axis=1)


@pytest.mark.parametrize("name", UNDIRECTED)
def test_degrees_density_and_clustering_are_those_of_networkx(name: str, tmp_path: Path) -> None:
    table, draw = UNDIRECTED[name]
    ours = simulated(table, tmp_path)
    theirs = np.stack([nx.to_numpy_array(draw(seed), dtype=int) for seed in range(COUNT)])
    skeleton = ours + ours.transpose(0, 2, 1)
    assert skeleton.max() == 1
    assert_same_mean(skeleton.sum((1, 2)), theirs.sum((1, 2)))
    assert_same_mean(degree_shares(skeleton.sum(1)), degree_shares(theirs.sum(1)))
    triangles = [np.trace(np.linalg.matrix_power(g, 3), axis1=1, axis2=2) for g in (skeleton, theirs)]
    assert_same_mean(*triangles)
    assert all(nx.is_directed_acyclic_graph(nx.from_numpy_array(g, create_using=nx.DiGraph)) for g in ours[:100])


def expected_links_received(d: int) -> np.ndarray:
    """[14] expected share of vertices by links received, when each new vertex links to one with weight received + 1.

    Among t vertices the weights sum to 2t - 1, so that the expected numbers N_k follow the exact recursion
    N_k <- N_k - (k + 1) N_k / (2t - 1) + k N_(k-1) / (2t - 1), and one vertex more with k = 0.
    networkx has no such model.
    """
    number = np.zeros(d)
    number[0] = 1.0
    for t in range(1, d):
        moving = np.arange(1, d + 1) * number / (2 * t - 1)
        number += np.concatenate([[0], moving[:-1]]) - moving
        number[0] += 1
    return np.append(number[:13], number[13:].sum()) / d


@pytest.mark.parametrize(("model", "axis"), [("scale-free", 1), ("scale-free-transposed", 2)])
def test_scale_free_graphs_attach_with_the_stated_probabilities(model: str, axis: int, tmp_path: Path) -> None:
    received = simulated(f'model = "{model}"\nedges_per_variable = 1', tmp_path).sum(axis)
    shares = degree_shares(received)
    error = np.sqrt(shares.var(0) / COUNT)
    assert (np.abs(shares.mean(0) - expected_links_received(D)) <= 4.5 * error + 1e-12).all()

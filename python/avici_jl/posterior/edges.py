"""Edge probabilities as graphs, tables and samples."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from avici_jl.errors import InputError

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd


def check_probability(threshold: float) -> None:
    """Refuse a threshold that is no probability.

    Raises:
        InputError: it is not a number between 0 and 1.
    """
    if isinstance(threshold, bool) or not isinstance(threshold, int | float | np.floating | np.integer):
        raise InputError(f"threshold must be a probability between 0 and 1, got {threshold!r}.")
    if not 0.0 <= threshold <= 1.0:
        raise InputError(f"threshold must be a probability between 0 and 1, got {threshold}.")


def check_count(count: int) -> None:
    """Refuse a number of graphs that is none.

    Raises:
        InputError: it is not an integer, or negative.
    """
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 0:
        raise InputError(f"The number of graphs must be an integer, not negative, got {count!r}.")


def edge_table(p: np.ndarray, names: Sequence[Hashable], *, threshold: float = 0.0) -> pd.DataFrame:
    """The edges as a table `source, target, probability`, the most probable first.

    Args:
        p: [d, d] probabilities; p[i, j] is that of i causing j.
        names: of the variables.
        threshold: leave out edges of smaller probability.

    Raises:
        InputError: the threshold is not a probability.
    """
    import pandas as pd

    check_probability(threshold)
    labels = pd.Index(names, tupleize_cols=False)
    cause, effect = np.nonzero(~np.eye(len(p), dtype=bool))
    table = pd.DataFrame(
        {
            "source": labels.take(cause),
            "target": labels.take(effect),
            "probability": np.asarray(p)[cause, effect],
        }
    )
    kept = table[table["probability"] >= threshold]
    return kept.sort_values("probability", ascending=False, kind="stable", ignore_index=True)


def to_graph(p: np.ndarray, names: Sequence[Hashable], *, threshold: float, acyclic: bool = False) -> nx.DiGraph:
    """The edges of at least this probability as a directed graph, with the edge attribute "probability".

    Args:
        p: [d, d] probabilities.
        names: of the variables, the nodes of the graph.
        threshold: smallest probability of an edge, in [0, 1].
        acyclic: leave out edges that close a cycle; see `without_cycles`.

    Raises:
        InputError: the threshold is not a probability.
    """
    import networkx as nx

    check_probability(threshold)
    kept = np.asarray(p) >= threshold
    np.fill_diagonal(kept, False)
    if acyclic:
        kept = without_cycles(p, kept)
    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    for i, j in np.argwhere(kept):
        graph.add_edge(names[i], names[j], probability=float(p[i, j]))
    return graph


def without_cycles(p: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """A subset [d, d] of the edges that has no cycle.

    Edges are added from the most probable down, and one that would close a cycle with those before it is left out.
    So every edge that is left out is the least probable of some cycle; the sum of the probabilities is not
    necessarily the largest possible, which is NP-hard to find.
    """
    d = len(p)
    reach = np.eye(d, dtype=bool)  # reach[i, j]: there is a path from i to j
    kept = np.zeros((d, d), dtype=bool)
    candidates = np.argwhere(edges)
    order = np.argsort(-np.asarray(p)[edges], kind="stable")
    for i, j in candidates[order]:
        if not reach[j, i]:
            kept[i, j] = True
            if not reach[i, j]:
                reach[np.ix_(reach[:, i], reach[j])] = True
    return kept


def sample(p: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Graphs [count, d, d] uint8 drawn from the predicted distribution, in which edges are independent (Eq. 3)."""
    check_count(count)
    draws = np.random.default_rng(seed).random((count, *p.shape))
    return (draws < np.asarray(p)).astype(np.uint8)

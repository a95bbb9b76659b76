"""Edge probabilities as graphs, tables and samples."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from avici_jl.errors import InputError
from avici_jl.posterior.acyclic import most_probable_acyclic

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


def edge_table(
    p: np.ndarray,
    names: Sequence[Hashable],
    *,
    threshold: float = 0.0,
    edges: np.ndarray | None = None,
    increase: np.ndarray | None = None,
) -> pd.DataFrame:
    """The edges as a table `source, target, probability`, the most probable first, perhaps with a column `increase`.

    Args:
        p: [d, d] probabilities; p[i, j] is that of i causing j.
        names: of the variables.
        threshold: leave out edges of smaller probability.
        edges: [d, d], leave out edges that are not in this graph.
        increase: [d, d], the probability that an effect rises with its cause.

    Raises:
        InputError: the threshold is not a probability.
    """
    import pandas as pd

    check_probability(threshold)
    labels = pd.Index(names, tupleize_cols=False)
    cause, effect = np.nonzero(_listed(np.asarray(p)) if edges is None else edges)
    table = pd.DataFrame(
        {
            "source": labels.take(cause),
            "target": labels.take(effect),
            "probability": np.asarray(p)[cause, effect],
            **({} if increase is None else {"increase": increase[cause, effect]}),
        }
    )
    kept = table[table["probability"] >= threshold]
    return kept.sort_values("probability", ascending=False, kind="stable", ignore_index=True)


MANY = 2000
"""So many variables have all their pairs in a table; of more, those with a probability above 0."""


def _listed(p: np.ndarray) -> np.ndarray:
    """[d, d], the pairs that a table lists."""
    kept = p > 0 if len(p) > MANY else np.ones(p.shape, bool)
    np.fill_diagonal(kept, False)
    return kept


def adjacency(p: np.ndarray, threshold: float, *, acyclic: bool = False, known: np.ndarray | None = None) -> np.ndarray:
    """[d, d] bool, where an edge has at least this probability.

    Args:
        p: [d, d] probabilities.
        threshold: smallest probability of an edge, in [0, 1].
        acyclic: the most probable subset of these edges that has no cycle; see `most_probable_acyclic`.
        known: [d, d], 1 for an edge that is there, -1 for one that is not, whatever the threshold.

    Raises:
        InputError: the threshold is not a probability.
    """
    check_probability(threshold)
    kept = np.asarray(p) >= threshold
    required = None
    if known is not None:
        required = np.asarray(known) > 0
        kept = (kept | required) & (np.asarray(known) >= 0)
    np.fill_diagonal(kept, False)
    return most_probable_acyclic(p, kept, threshold, required) if acyclic else kept


def to_graph(
    p: np.ndarray,
    names: Sequence[Hashable],
    *,
    threshold: float,
    acyclic: bool = False,
    known: np.ndarray | None = None,
    increase: np.ndarray | None = None,
) -> nx.DiGraph:
    """The edges of at least this probability as a directed graph, with the edge attribute "probability".

    Args:
        p: [d, d] probabilities.
        names: of the variables, the nodes of the graph.
        threshold: smallest probability of an edge.
        acyclic: whether only the most probable subset without cycles is kept; see `adjacency`.
        known: what is known of the edges; see `adjacency`.
        increase: [d, d], the probability that an effect rises with its cause: the attributes "increase", and "sign", 1
            or -1.

    Raises:
        InputError: the threshold is not a probability.
    """
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    for i, j in np.argwhere(adjacency(p, threshold, acyclic=acyclic, known=known)):
        graph.add_edge(names[i], names[j], probability=float(p[i, j]))
        if increase is not None:
            rises = float(increase[i, j])
            graph.edges[names[i], names[j]].update(increase=rises, sign=1 if rises >= 0.5 else -1)
    return graph


def sample(p: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Graphs [count, d, d] uint8 drawn from the predicted distribution, in which edges are independent (Eq. 3)."""
    check_count(count)
    draws = np.random.default_rng(seed).random((count, *p.shape))
    return (draws < np.asarray(p)).astype(np.uint8)

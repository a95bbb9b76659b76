"""Known networks in every form that users have them in: matrices, tables, networkx graphs."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np

from avici_jl.errors import InputError


class KnownGraph(NamedTuple):
    """A directed network, and what is known of its signs.

    Attributes:
        names: names of the variables.
        edges: [count, 2] positions (i, j) of each edge i → j.
        signs: [count] 1 (activates), -1 (represses) or 0 (not known).
    """

    names: list[str]
    edges: np.ndarray
    signs: np.ndarray


def as_known_graph(graph: Any) -> KnownGraph:
    """Read a network.

    Args:
        graph: a [d, d] matrix with `graph[i, j] != 0` where i → j (-1 represses); a DataFrame of the same with equal
            row and column names; a DataFrame with the columns `source`, `target` and perhaps `sign`; a networkx
            DiGraph, whose edges may have a `sign`; a list of tuples (source, target) or (source, target, sign). A sign
            is 1 or "+" (activates), -1 or "-" (represses), else unknown.

    Raises:
        InputError: it is none of these, or has repeated names.
    """
    if hasattr(graph, "edges") and hasattr(graph, "nodes"):
        if not graph.is_directed():
            raise InputError("The network must be directed; this networkx graph is not.")
        names = list(graph.nodes)
        return _known_graph(names, [(a, b, data.get("sign")) for a, b, data in graph.edges(data=True)])
    if hasattr(graph, "columns"):
        columns = [str(column) for column in graph.columns]
        if {"source", "target"} <= set(columns):
            signs = graph["sign"] if "sign" in columns else [None] * len(graph)
            edges = list(zip(graph["source"], graph["target"], signs, strict=True))
            names = list(dict.fromkeys(name for source, target, _ in edges for name in (source, target)))
            return _known_graph(names, edges)
        if list(graph.index) != list(graph.columns):
            raise InputError(
                "A network in a DataFrame is an adjacency matrix with equal row and column names, or a table with the "
                f"columns source and target; got the columns {', '.join(columns[:5])}."
            )
        return _matrix(graph.to_numpy(), list(graph.columns))
    if isinstance(graph, list) and graph and all(isinstance(edge, tuple) and len(edge) in (2, 3) for edge in graph):
        names = list(dict.fromkeys(name for edge in graph for name in edge[:2]))
        return _known_graph(names, [(*edge, None)[:3] for edge in graph])
    matrix = np.asarray(graph)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InputError(f"A network's matrix must be square, got the shape {matrix.shape}.")
    return _matrix(matrix, [f"x{j + 1}" for j in range(len(matrix))])


def _matrix(matrix: np.ndarray, names: Sequence[Hashable]) -> KnownGraph:
    if not np.isin(matrix, (-1, 0, 1)).all():
        raise InputError("A network's matrix must hold only 0 and 1 (or -1, for repression).")
    signed = (matrix < 0).any()
    edges = [(names[i], names[j], matrix[i, j] if signed else None) for i, j in np.argwhere(matrix != 0)]
    return _known_graph(names, edges)


def _known_graph(names: Sequence[Hashable], edges: Sequence[tuple[Hashable, Hashable, Any]]) -> KnownGraph:
    texts = [str(name) for name in names]
    if len(set(texts)) < len(texts):
        raise InputError("The variables of a network must have different names.")
    position = {name: k for k, name in enumerate(names)}
    pairs = np.array([(position[a], position[b]) for a, b, _ in edges], np.int64).reshape(-1, 2)
    return KnownGraph(texts, pairs, np.array([_sign(sign) for _, _, sign in edges], np.int64))


def _sign(sign: Any) -> int:
    text = str(sign).strip()
    return 1 if text in ("+", "1", "+1", "1.0") else -1 if text in ("-", "-1", "-1.0") else 0

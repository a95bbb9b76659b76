"""Where variables stand in the drawn network: causes above effects, or, of large graphs, by distance along edges."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx
import numpy as np
from scipy.linalg import eigh
from scipy.sparse.csgraph import shortest_path

_LAYERED = 60
"""Connected variables up to which a graph is drawn in layers."""

_ROUNDS = 60
"""Rounds of stress majorization; more change little."""

_WIDE, _HIGH, _LINK, _GAP = 110.0, 120.0, 62.0, 70.0
"""Pixels between variables side by side, between layers, along an edge elsewhere, and between connected parts."""


def places(edges: np.ndarray, widths: Sequence[float]) -> np.ndarray:
    """Positions [d, 2] of the variables in pixels, downwards.

    Args:
        edges: [d, d] the graph that is arranged, without cycles.
        widths: of the drawn names, in pixels.
    """
    graph = nx.from_numpy_array(edges.astype(int), create_using=nx.DiGraph)
    alone = [k for k in graph if graph.degree(k) == 0]
    graph.remove_nodes_from(alone)
    place = np.zeros((len(edges), 2))
    if len(graph) <= _LAYERED:
        size = _layers(graph, place, widths)
    else:
        size = _packed(graph, place)
    columns = max(1, int(max(size[0], 8 * _WIDE) // _WIDE))
    for k, node in enumerate(alone):
        row, column = divmod(k, columns)
        place[node] = (column * _WIDE, size[1] + _HIGH + row * _GAP)
    return place


def _layers(graph: nx.DiGraph, place: np.ndarray, widths: Sequence[float]) -> tuple[float, float]:
    """Sugiyama's layered drawing: layers by the longest path, in each an order with short edges.

    Source: Sugiyama, Tagawa and Toda, IEEE Trans. SMC 11 (1981), with barycentres for the order.
    """
    layers = [sorted(layer) for layer in nx.topological_generations(graph)]
    at = {node: float(k) for layer in layers for k, node in enumerate(layer)}
    for sweep in range(12):
        down = sweep % 2 == 0
        neighbours = graph.predecessors if down else graph.successors
        for layer in layers if down else reversed(layers):
            # Positions relative to the middle, so that layers of different lengths compare.
            wish = {node: np.mean([at[other] for other in neighbours(node)] or [at[node]]) for node in layer}
            layer.sort(key=lambda node: (wish[node], node))
            for k, node in enumerate(layer):
                at[node] = k - (len(layer) - 1) / 2
    spans = [sum(max(widths[node], 40.0) + 34.0 for node in layer) for layer in layers]
    width = max(spans, default=0.0)
    for depth, (layer, span) in enumerate(zip(layers, spans, strict=True)):
        room = 1.0 if len(layer) == 1 else min(1.6, width / span)  # short layers are spread, not to the edges
        x = (width - span * room) / 2
        for k, node in enumerate(layer):
            step = (max(widths[node], 40.0) + 34.0) * room
            # Neighbours stand a little higher and lower, so that edges past them can be seen.
            lift = 0.0 if len(layer) < 3 else 18.0 * (-1) ** k
            place[node] = (x + step / 2 + (14.0 * (-1) ** depth if len(layer) == 1 else 0.0), depth * _HIGH + lift)
            x += step
    return width, _HIGH * max(len(layers) - 1, 0)


def _packed(graph: nx.DiGraph, place: np.ndarray) -> tuple[float, float]:
    """Connected parts, each by its distances: the largest in the corner, the others on shelves beside and below it."""
    links = nx.Graph(graph.to_undirected())
    parts = [sorted(part) for part in nx.connected_components(links)]
    found = [_turned(_LINK * _spread(links, part), graph, part) for part in parts]
    size = np.array([at.max(axis=0) for at in found]) + _GAP
    order = sorted(range(len(parts)), key=lambda k: (-len(parts[k]), -size[k, 1], parts[k][0]))
    corner = size[order[0]]
    shelf = max(1.15 * np.sqrt(size.prod(axis=1).sum() * 1.15), corner[0])
    place[parts[order[0]]] = found[order[0]]
    x, y, tall = corner[0], 0.0, 0.0
    for k in order[1:]:
        if x + size[k, 0] > shelf + _GAP:
            y, tall = y + tall, 0.0
            x = corner[0] if y + size[k, 1] <= corner[1] else 0.0
            if not x:
                y = max(y, corner[1])
            elif x + size[k, 0] > shelf + _GAP:  # no room beside the corner
                x, y = 0.0, corner[1]
        place[parts[k]] = found[k] + [x, y]
        x, tall = x + size[k, 0], max(tall, size[k, 1])
    return shelf, max(corner[1], y + tall) - _GAP


def _turned(at: np.ndarray, graph: nx.DiGraph, nodes: Sequence[int]) -> np.ndarray:
    """Positions turned so that edges point downwards on the whole, and moved to the corner."""
    position = dict(zip(nodes, at, strict=True))
    x, y = np.sum([position[j] - position[i] for i, j in graph.subgraph(nodes).edges], axis=0)
    length = np.hypot(x, y) or 1.0
    turned = at @ (np.array([[y, x], [-x, y]]) / length)
    return turned - turned.min(axis=0)


def _spread(links: nx.Graph, nodes: Sequence[int]) -> np.ndarray:
    """Positions [n, 2] of a connected part whose distances are those along its links, by stress majorization.

    Source: Gansner, Koren and North, Graph Drawing by Stress Majorization (2004), from a start by classical scaling.
    """
    far = shortest_path(nx.to_scipy_sparse_array(links, nodes, weight=None), unweighted=True)
    n = len(far)
    if n == 2:
        return np.array([[0.0, 0.0], [1.0, 0.0]])
    start = far**2
    start = -0.5 * (start - start.mean(axis=0) - start.mean(axis=1)[:, None] + start.mean())
    # All of them: where many are equal, as in a complete graph, LAPACK may find none of a range.
    values, vectors = (part[..., -2:] for part in eigh(start, driver="evd"))
    at = vectors * np.sqrt(np.maximum(values, 0.0))
    at += np.random.default_rng(0).normal(scale=0.2, size=at.shape)  # leaves of one variable start apart
    w = 1.0 / np.where(far > 0, far, np.inf) ** 2
    inverse = np.linalg.inv(np.diag(w.sum(axis=1)) - w + 1.0 / n)
    for _ in range(_ROUNDS):
        apart = np.sqrt(((at[:, None] - at[None]) ** 2).sum(axis=2))
        pull = w * far / np.maximum(apart, 1e-6)
        at = inverse @ (pull.sum(axis=1)[:, None] * at - pull @ at)
    return at

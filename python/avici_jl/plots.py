"""Pictures of predictions. Figures are made without pyplot, so nothing global changes and no display is needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import networkx as nx
import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

# The colour-blind safe palette of Okabe and Ito.
_FOUND, _EXTRA, _MISSED, _NODE = "#0072B2", "#D55E00", "#999999", "#F0E442"


def plot_prediction(
    p: np.ndarray,
    names: Sequence[str],
    *,
    truth: np.ndarray | None = None,
    threshold: float = 0.5,
    title: str | None = None,
) -> Figure:
    """Edge probabilities as a matrix and as a graph; with the truth, what was found, missed and invented.

    Args:
        p: [d, d] probabilities; p[i, j] is that of i causing j.
        names: of the variables.
        truth: [d, d] the true graph, where it is known.
        threshold: smallest probability of an edge in the drawn graph.
        title: of the whole figure.
    """
    p, found = np.asarray(p), np.asarray(p) >= threshold
    np.fill_diagonal(found, False)
    true = None if truth is None else np.asarray(truth) > 0
    panels = 2 if true is None else 3
    figure = Figure(figsize=(4.9 * panels, 5.4), layout=ConstrainedLayoutEngine(h_pad=0.1, w_pad=0.1))
    axes = figure.subplots(1, panels)
    order = _causal_order(p if true is None else true.astype(float))
    labels = [str(names[k]) for k in order]
    if true is not None:
        _matrix(figure, axes[0], true[np.ix_(order, order)].astype(float), labels, "True graph", bar=False)
    _matrix(figure, axes[-2], p[np.ix_(order, order)], labels, "Predicted probability", bar=True)
    _graph(axes[-1], found, true, [str(name) for name in names], threshold)
    if title:
        figure.suptitle(title, fontsize=13)
    return figure


def _causal_order(weight: np.ndarray) -> list[int]:
    """Causes before effects: variables by how much more they cause than are caused, after removing each in turn."""
    left, order = list(range(len(weight))), []
    while left:
        part = weight[np.ix_(left, left)]
        chosen = left[int(np.argmax(part.sum(axis=1) * 1e-3 - part.sum(axis=0)))]
        order.append(chosen)
        left.remove(chosen)
    return order


def _matrix(figure: Figure, axis: Any, matrix: np.ndarray, names: Sequence[str], title: str, *, bar: bool) -> None:
    d = len(matrix)
    image = axis.imshow(matrix, cmap="Blues", vmin=0.0, vmax=1.0)
    axis.set(title=title, xlabel="effect", ylabel="cause")
    if d <= 40:
        size = 8 if d <= 25 else 6
        axis.set_xticks(range(d), names, rotation=90, fontsize=size)
        axis.set_yticks(range(d), names, fontsize=size)
    else:
        axis.set(xticks=[], yticks=[])
    axis.tick_params(length=0)
    axis.set_xticks(np.arange(d + 1) - 0.5, minor=True)
    axis.set_yticks(np.arange(d + 1) - 0.5, minor=True)
    axis.grid(which="minor", color="#e8e8e8", linewidth=0.4)
    axis.tick_params(which="minor", length=0)
    if bar:
        figure.colorbar(image, ax=axis, shrink=0.72, label="probability of the edge")


def _graph(axis: Any, found: np.ndarray, true: np.ndarray | None, names: Sequence[str], threshold: float) -> None:
    d = len(names)
    groups: list[tuple[str, np.ndarray, str, Any]] = [("edge", found, _FOUND, "solid")]
    if true is not None:
        groups = [
            ("found", found & true, _FOUND, "solid"),
            ("not in the truth", found & ~true, _EXTRA, "dashed"),
            ("missed", ~found & true, _MISSED, "dotted"),
        ]
    drawn = found if true is None else found | true
    graph = nx.from_numpy_array(drawn.astype(int), create_using=nx.DiGraph)
    place = _layers(found if true is None else true, drawn)
    size = 420 if d <= 15 else 240 if d <= 30 else 90
    nx.draw_networkx_nodes(
        graph, place, ax=axis, node_size=size, node_color=_NODE, edgecolors="#444444", linewidths=0.6
    )
    if d <= 40:
        short = {k: name if len(name) <= 8 else name[:7] + "…" for k, name in enumerate(names)}
        nx.draw_networkx_labels(graph, place, short, ax=axis, font_size=8 if d <= 15 else 6)
    for _, edges, colour, style in groups:
        nx.draw_networkx_edges(
            graph,
            place,
            edgelist=[tuple(edge) for edge in np.argwhere(edges)],
            ax=axis,
            node_size=size,
            edge_color=colour,
            style=style,
            width=1.4,
            arrowsize=9,
            connectionstyle="arc3,rad=0.08",
        )
    handles = [
        Line2D([], [], color=colour, linestyle=style, label=f"{label} ({int(edges.sum())})")
        for label, edges, colour, style in groups
    ]
    axis.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=3, frameon=False, fontsize=9)
    axis.set_title(f"Edges of probability ≥ {threshold:.2f}")
    axis.set_axis_off()


def _layers(edges: np.ndarray, drawn: np.ndarray) -> dict[int, np.ndarray]:
    """Positions of the variables: on a circle if the graph has cycles, else causes above their effects."""
    graph = nx.from_numpy_array(edges.astype(int), create_using=nx.DiGraph)
    if not nx.is_directed_acyclic_graph(graph):
        return nx.circular_layout(graph)
    layers = [sorted(layer) for layer in nx.topological_generations(graph)]
    place: dict[int, np.ndarray] = {}
    for depth, layer in enumerate(layers):
        # Under the mean of what points here, so that edges are short; spread evenly.
        causes = {k: [place[c][0] for c in graph.predecessors(k) if c in place] for k in layer}
        layer = sorted(layer, key=lambda k: np.mean(causes[k]) if causes[k] else 0.0)
        for k, node in enumerate(layer):
            shift = 0.25 * (-1) ** k if len(layer) > 6 else 0.0
            aside = 0.15 * (-1) ** depth if len(layer) == 1 else 0.0  # so that edges past it can be seen
            place[node] = np.array([(k + 0.5) / len(layer) + aside, -depth - shift])
    return place

"""Edge probabilities as a matrix and as a graph, with the truth where it is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import networkx as nx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

# The colour-blind safe palette of Okabe and Ito.
_FOUND, _EXTRA, _MISSED, _NODE = "#0072B2", "#D55E00", "#999999", "#F0E442"
_PER_ROW = 12  # nodes side by side in a drawn graph


def plot_prediction(
    p: Any,
    names: Sequence[str] | None = None,
    *,
    truth: np.ndarray | None = None,
    threshold: float = 0.5,
    edges: np.ndarray | None = None,
    increase: np.ndarray | None = None,
    title: str | None = None,
) -> Figure:
    """Edge probabilities as a matrix and as a graph; with the truth, what was found, missed and invented.

    Args:
        p: [d, d] probabilities, an array or a DataFrame with names; p[i, j] is that of i causing j.
        names: of the variables.
        truth: [d, d] the true graph, where it is known.
        threshold: smallest probability of an edge in the drawn graph.
        edges: [d, d] the drawn graph, where it is not all edges of at least this probability.
        increase: [d, d] the probability that an effect rises with its cause; see `plot_network`.
        title: of the whole figure.
    """
    p, labels = _read(p, names)
    panels = 2 if truth is None else 3
    side = _side(len(p))
    figure = Figure(figsize=(side * panels, side + 0.5), layout=ConstrainedLayoutEngine(h_pad=0.1, w_pad=0.1))
    axes = figure.subplots(1, panels)
    order = causal_order(p if truth is None else np.asarray(truth, float))
    if truth is not None:
        _matrix(axes[0], np.asarray(truth, float), labels, order, "True graph", bar=False)
    _matrix(axes[-2], p, labels, order, "Predicted probability", bar=True)
    plot_network(p, labels, truth=truth, threshold=threshold, edges=edges, increase=increase, axes=axes[-1])
    if title:
        figure.suptitle(title, fontsize=13)
    return figure


def plot_matrix(
    p: Any, names: Sequence[str] | None = None, *, title: str = "Predicted probability", axes: Axes | None = None
) -> Figure:
    """Edge probabilities as a heat map, causes before their effects.

    Args:
        p: [d, d] probabilities, an array or a DataFrame with names; p[i, j] is that of i causing j.
        names: of the variables.
        title: of the axes.
        axes: to draw into; by default those of a new figure.
    """
    p, labels = _read(p, names)
    axes = _axes(axes, _side(len(p)))
    _matrix(axes, p, labels, causal_order(p), title, bar=True)
    return _figure(axes)


def plot_network(
    p: Any,
    names: Sequence[str] | None = None,
    *,
    truth: np.ndarray | None = None,
    threshold: float = 0.5,
    edges: np.ndarray | None = None,
    increase: np.ndarray | None = None,
    axes: Axes | None = None,
) -> Figure:
    """The edges of at least this probability as a drawn graph: causes above effects if there are no cycles.

    Args:
        p: [d, d] probabilities, an array or a DataFrame with names; p[i, j] is that of i causing j.
        names: of the variables.
        truth: [d, d] the true graph; colours then tell what was found, missed and invented.
        threshold: smallest probability of an edge.
        edges: [d, d] the graph, where it is not all edges of at least this probability.
        increase: [d, d] the probability that an effect rises with its cause: edges that lower theirs (activation and
            repression, with genes) end in a bar, and have a colour of their own where colours do not tell the truth.
        axes: to draw into; by default those of a new figure.
    """
    p, labels = _read(p, names)
    axes = _axes(axes, _side(len(p)))
    found = p >= threshold if edges is None else np.array(edges) > 0
    np.fill_diagonal(found, False)
    groups: list[tuple[str, np.ndarray, str, Any]] = [("edge", found, _FOUND, "solid")]
    lowers = np.zeros(found.shape, bool) if increase is None else np.asarray(increase) < 0.5
    if increase is not None:
        groups = [("increase", found & ~lowers, _FOUND, "solid"), ("decrease", found & lowers, _EXTRA, "solid")]
    true = found
    if truth is not None:
        true = np.asarray(truth) > 0
        groups = [
            ("found", found & true, _FOUND, "solid"),
            ("not in the truth", found & ~true, _EXTRA, "dashed"),
            ("missed", ~found & true, _MISSED, "dotted"),
        ]
    _draw(axes, groups, _places(true, found | true), labels, lowers & found)
    axes.set_title(f"Edges of probability ≥ {threshold:.2f}")
    axes.set_axis_off()
    return _figure(axes)


def causal_order(weight: np.ndarray) -> list[int]:
    """Causes before effects: variables by how much more they cause than are caused, after removing each in turn."""
    weight = np.asarray(weight, float)
    causes, effects = weight.sum(axis=1), weight.sum(axis=0)
    order: list[int] = []
    for _ in range(len(weight)):
        chosen = int(np.argmax(causes * 1e-3 - effects))
        order.append(chosen)
        causes -= weight[:, chosen]
        effects -= weight[chosen]
        effects[chosen] = np.inf
    return order


def _read(p: Any, names: Sequence[str] | None) -> tuple[np.ndarray, list[str]]:
    if names is None:
        names = list(p.columns) if hasattr(p, "columns") else [f"x{j + 1}" for j in range(len(p))]
    return np.array(p, dtype=float), [str(name) for name in names]


def _side(d: int) -> float:
    """Inches of a panel in which names of d variables can be read."""
    return float(np.clip(0.12 * d + 2.0, 4.9, 20.0))


def _axes(axes: Axes | None, side: float) -> Axes:
    if axes is not None:
        return axes
    return Figure(figsize=(side, side), layout=ConstrainedLayoutEngine(h_pad=0.1, w_pad=0.1)).subplots()


def _figure(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure


def _matrix(axes: Axes, p: np.ndarray, names: Sequence[str], order: list[int], title: str, *, bar: bool) -> None:
    d = len(p)
    image = axes.imshow(p[np.ix_(order, order)], cmap="Blues", vmin=0.0, vmax=1.0)
    axes.set(title=title, xlabel="effect", ylabel="cause")
    if d <= 150:
        size = 8 if d <= 25 else 6 if d <= 60 else 5
        labels = [_short(names[k], 16) for k in order]
        axes.set_xticks(range(d), labels, rotation=90, fontsize=size)
        axes.set_yticks(range(d), labels, fontsize=size)
    else:
        axes.set(xticks=[], yticks=[])
    axes.tick_params(length=0)
    if d <= 60:
        axes.set_xticks(np.arange(d + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(d + 1) - 0.5, minor=True)
        axes.grid(which="minor", color="#e8e8e8", linewidth=0.4)
        axes.tick_params(which="minor", length=0)
    if bar:
        _figure(axes).colorbar(image, ax=axes, shrink=0.72, label="probability of the edge")


def _draw(
    axes: Axes,
    groups: list[tuple[str, np.ndarray, str, Any]],
    place: dict[int, np.ndarray],
    names: Sequence[str],
    lowers: np.ndarray,
) -> None:
    d = len(names)
    graph = nx.empty_graph(d, create_using=nx.DiGraph)
    size, font = (420, 8) if d <= 15 else (240, 6) if d <= 30 else (30, 6)
    nx.draw_networkx_nodes(
        graph, place, ax=axes, node_size=size, node_color=_NODE, edgecolors="#444444", linewidths=0.6
    )
    with_heads = [
        (edges & bars, colour, style, bars) for _, edges, colour, style in groups for bars in (~lowers, lowers)
    ]
    for edges, colour, style, bars in with_heads:
        if not edges.any():
            continue
        nx.draw_networkx_edges(
            graph,
            place,
            edgelist=[tuple(edge) for edge in np.argwhere(edges)],
            ax=axes,
            node_size=size,
            edge_color=colour,
            style=style,
            width=1.4 if d <= 30 else 0.9,
            arrowsize=9 if d <= 30 else 7,
            arrowstyle="|-|,widthA=0,widthB=0.8" if bars is lowers else "-|>",
            min_target_margin=np.sqrt(size) / 2 + 3 if bars is lowers else 0,
            connectionstyle="arc3,rad=0.08",
        )
    if d <= 150:
        labels = {k: _short(name, 10) for k, name in enumerate(names)}
        above = dict(place)
        if d > 30:  # there is no room in the nodes
            tall = max(float(y) for _, y in place.values()) - min(float(y) for _, y in place.values())
            above = {k: np.array([x, y + 0.012 * tall]) for k, (x, y) in place.items()}
        paper = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.6}
        texts = nx.draw_networkx_labels(graph, above, labels, ax=axes, font_size=font, bbox=None if d <= 30 else paper)
        for text in texts.values():
            text.set_clip_on(False)
    handles = [
        Line2D([], [], color=colour, linestyle=style, label=f"{label} ({int(edges.sum())})")
        for label, edges, colour, style in groups
    ]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=3, frameon=False, fontsize=9)


def _short(name: str, most: int) -> str:
    """Both ends of a long name, since identifiers often begin alike."""
    return name if len(name) <= most else f"{name[: most // 3]}…{name[most // 3 + 1 - most :]}"


def _places(edges: np.ndarray, drawn: np.ndarray) -> dict[int, np.ndarray]:
    """Positions of the variables: causes above their effects; with cycles on a circle, or, if many, by forces.

    Variables without any drawn edge stand below, in rows of their own.
    """
    alone = [int(k) for k in np.flatnonzero(~(drawn | drawn.T).any(axis=1))]
    graph = nx.from_numpy_array(edges.astype(int), create_using=nx.DiGraph)
    graph.remove_nodes_from(alone)
    if nx.is_directed_acyclic_graph(graph):
        place = _layers(graph)
    elif len(graph) <= 20:
        place = {k: 0.5 + 0.5 * xy for k, xy in nx.circular_layout(graph).items()}
        place = {k: np.array([x, 4 * y]) for k, (x, y) in place.items()}
    else:
        # The layout needs the connections that are drawn, not the true ones alone.
        links = nx.from_numpy_array((drawn | drawn.T).astype(int))
        links.remove_nodes_from(alone)
        place = {k: np.array([x, 8 * y]) for k, (x, y) in nx.kamada_kawai_layout(links).items()}
    low = min((float(y) for _, y in place.values()), default=0.0)
    place.update(_rows(alone, low - 1.5)[0])
    return place


def _layers(graph: nx.DiGraph) -> dict[int, np.ndarray]:
    place: dict[int, np.ndarray] = {}
    height = 0.0
    for depth, generation in enumerate(nx.topological_generations(graph)):
        # Under the mean of what points here, so that edges are short; spread evenly.
        causes = {k: [place[c][0] for c in graph.predecessors(k) if c in place] for k in generation}
        layer = sorted(sorted(generation), key=lambda k: np.mean(causes[k]) if causes[k] else 0.0)
        if len(layer) == 1:
            place[layer[0]] = np.array([0.5 + 0.15 * (-1) ** depth, height])  # edges past it can be seen
            height -= 1
        else:
            found, height = _rows(layer, height)
            place.update(found)
    return place


def _rows(layer: list[int], top: float) -> tuple[dict[int, np.ndarray], float]:
    """Variables side by side, in as many staggered rows as needed; and the height below them."""
    rows = -(-len(layer) // _PER_ROW)
    place = {}
    for k, node in enumerate(layer):
        lift = 0.25 * (-1) ** k if rows == 1 and len(layer) > 6 else 0.0
        place[node] = np.array([(k + 0.5) / len(layer), top - 0.6 * (k % rows) - lift])
    return place, top - 0.6 * (rows - 1) - 1 if layer else top

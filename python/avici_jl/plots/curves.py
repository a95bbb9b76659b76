"""How good predictions are, as curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from avici_jl.errors import InputError

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


def plot_calibration(
    probabilities: Sequence[np.ndarray], graphs: Sequence[np.ndarray], *, bins: int = 10, axes: Axes | None = None
) -> Figure:
    """How often edges of each predicted probability are there (Fig. 4); perfect calibration is the diagonal.

    The area of a point shows how many pairs it stands for.

    Args:
        probabilities: [d, d] matrices.
        graphs: the true graphs [d, d] in the same order.
        bins: of equal width.
        axes: to draw into; by default those of a new figure.

    Raises:
        InputError: the two differ in number, or there are none.
    """
    p, y = _pairs(probabilities, graphs)
    which = np.minimum((p * bins).astype(int), bins - 1)
    size = np.bincount(which, minlength=bins)
    used = size > 0
    mean, share = (np.bincount(which, values, bins)[used] / size[used] for values in (p, y))
    error = np.sqrt(share * (1 - share) / size[used])
    axes = _axes(axes)
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle="dotted")
    axes.errorbar(mean, share, error, color=COLOURS[0], linewidth=1.2, capsize=2)
    axes.scatter(mean, share, 10 + 150 * size[used] / size.max(), color=COLOURS[0], alpha=0.6)
    ece = float(np.abs(mean - share) @ size[used] / size.sum())
    axes.set(
        xlabel="predicted probability",
        ylabel="share of edges",
        title=f"Calibration: {len(y):,} pairs, expected error {ece:.3f}",
        xlim=(-0.03, 1.03),
        ylim=(-0.03, 1.03),
        aspect="equal",
    )
    return _finish(axes)


def plot_precision_recall(
    scores: Mapping[str, Sequence[np.ndarray]],
    graphs: Sequence[np.ndarray],
    *,
    threshold: float | None = None,
    axes: Axes | None = None,
) -> Figure:
    """Precision against recall of the pooled pairs of all datasets, one curve for each method.

    Args:
        scores: for each method its [d, d] matrices.
        graphs: the true graphs [d, d] in the same order.
        threshold: is marked on the first method's curve.
        axes: to draw into; by default those of a new figure.

    Raises:
        InputError: the numbers of matrices differ, or there is no edge.
    """
    from sklearn.metrics import average_precision_score, precision_recall_curve

    axes = _axes(axes)
    chance = 0.0
    for k, (name, matrices) in enumerate(scores.items()):
        s, y = _pairs(matrices, graphs)
        if not y.any():
            raise InputError("The true graphs have no edge, so there is no recall.")
        chance = y.mean()
        precision, recall, _ = precision_recall_curve(y, s)
        colour = COLOURS[k % len(COLOURS)]
        label = f"{name} ({average_precision_score(y, s):.2f})"
        axes.step(recall, precision, where="post", color=colour, linewidth=1.6, label=label)
        if threshold is not None and k == 0:
            found = s >= threshold
            at = (found & y).sum() / y.sum(), (found & y).sum() / max(1, found.sum())
            axes.plot(*at, "o", color=colour, label=f"threshold {threshold:.2f}")
    axes.axhline(chance, color="#999999", linewidth=1, linestyle="dotted", label=f"chance ({chance:.2f})")
    axes.set(xlabel="recall", ylabel="precision", title="Precision and recall (area)", xlim=(0, 1.02), ylim=(0, 1.02))
    axes.legend(frameon=False, fontsize=8)
    return _finish(axes)


def _pairs(matrices: Sequence[np.ndarray], graphs: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Scores and truth of all ordered pairs of different variables, flat."""
    if len(matrices) != len(graphs) or not len(graphs):
        raise InputError(f"One matrix is needed for each true graph; got {len(matrices)} and {len(graphs)}.")
    off = [~np.eye(len(graph), dtype=bool) for graph in graphs]
    s = np.concatenate([np.asarray(matrix)[keep] for matrix, keep in zip(matrices, off, strict=True)])
    y = np.concatenate([np.asarray(graph)[keep] > 0 for graph, keep in zip(graphs, off, strict=True)])
    return s.astype(float), y


def _axes(axes: Axes | None) -> Axes:
    return Figure(figsize=(4.8, 4.6), layout=ConstrainedLayoutEngine()).subplots() if axes is None else axes


def _finish(axes: Axes) -> Figure:
    axes.spines[["top", "right"]].set_visible(False)
    return _figure(axes)


def _figure(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure

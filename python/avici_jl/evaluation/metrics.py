"""Metrics of predicted edges against the true graph. Ordered pairs of different variables count, the diagonal never."""

from __future__ import annotations

from collections.abc import Sequence

import gadjid
import networkx as nx
import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_fscore_support, roc_auc_score


def auprc(scores: np.ndarray, graph: np.ndarray) -> float:
    """Area under the precision-recall curve (average precision) of [d, d] scores; NaN if the graph has no edge."""
    y, s = off_diagonal(graph), off_diagonal(scores)
    return float(average_precision_score(y, s)) if y.any() else float("nan")


def auroc(scores: np.ndarray, graph: np.ndarray) -> float:
    """Area under the receiver operating characteristic of [d, d] scores; NaN if all pairs are edges, or none."""
    y, s = off_diagonal(graph), off_diagonal(scores)
    return float(roc_auc_score(y, s)) if 0 < y.sum() < y.size else float("nan")


def precision_recall_f1(edges: np.ndarray, graph: np.ndarray) -> tuple[float, float, float]:
    """Precision, recall and F1 score of a predicted graph [d, d]; 0 where a denominator is 0."""
    precision, recall, f1, _ = precision_recall_fscore_support(
        off_diagonal(graph) > 0, off_diagonal(edges) > 0, average="binary", zero_division=0
    )
    return float(precision), float(recall), float(f1)


def shd(edges: np.ndarray, graph: np.ndarray) -> int:
    """Structural Hamming distance: pairs whose edge is missing, extra or reversed; a reversal counts once."""
    wrong = (np.asarray(edges) > 0) != (np.asarray(graph) > 0)
    np.fill_diagonal(wrong, False)
    return int(np.triu(wrong | wrong.T).sum())


def sid(edges: np.ndarray, graph: np.ndarray) -> int:
    """Structural intervention distance (Peters and Bühlmann 2015): pairs with a wrong intervention distribution.

    Raises:
        ValueError: one of the graphs has a cycle.
    """
    for name, matrix in (("predicted", edges), ("true", graph)):
        if not is_acyclic(matrix):
            raise ValueError(f"The structural intervention distance needs acyclic graphs; the {name} one has a cycle.")
    direction = "from row to column"
    truth, guess = (np.ascontiguousarray(np.asarray(m) > 0, dtype=np.int8) for m in (graph, edges))
    return int(gadjid.sid(truth, guess, edge_direction=direction)[1])


def expected_calibration_error(p: np.ndarray, graph: np.ndarray, bins: int = 10) -> float:
    """Mean distance of predicted probability and frequency of edges, over equally wide bins weighted by their size."""
    y, s = off_diagonal(graph) > 0, off_diagonal(p)
    which = np.minimum((s * bins).astype(int), bins - 1)
    size = np.bincount(which, minlength=bins)
    gap = np.abs(np.bincount(which, s, bins) - np.bincount(which, y, bins))
    return float(gap[size > 0].sum() / y.size)


def is_acyclic(graph: np.ndarray) -> bool:
    """Whether a graph [d, d] has no directed cycle."""
    return nx.is_directed_acyclic_graph(nx.from_numpy_array(np.asarray(graph) > 0, create_using=nx.DiGraph))


def best_threshold(probabilities: Sequence[np.ndarray], graphs: Sequence[np.ndarray]) -> float:
    """The threshold, of 0.02, 0.04, …, 0.98, with the best mean F1 score over datasets."""
    candidates = np.arange(1, 50) / 50
    f1 = [
        np.mean([_f1(off_diagonal(p) >= t, off_diagonal(g) > 0) for p, g in zip(probabilities, graphs, strict=True)])
        for t in candidates
    ]
    return float(candidates[int(np.argmax(f1))])


def _f1(predicted: np.ndarray, true: np.ndarray) -> float:
    total = predicted.sum() + true.sum()
    return float(2 * (predicted & true).sum() / total) if total else 1.0


def off_diagonal(matrix: np.ndarray) -> np.ndarray:
    """The off-diagonal entries [..., d(d-1)] of matrices [..., d, d], flat."""
    matrix = np.asarray(matrix)
    return matrix[..., ~np.eye(matrix.shape[-1], dtype=bool)].ravel()

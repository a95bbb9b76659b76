"""Metrics of predicted edges against the true graph. Ordered pairs of different variables count, the diagonal never."""

from __future__ import annotations

from collections.abc import Sequence

import gadjid
import networkx as nx
import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_fscore_support, roc_auc_score

from avici_jl.posterior.acyclic import is_acyclic


def auprc(scores: np.ndarray, graph: np.ndarray) -> float:
    """Area under the precision-recall curve (average precision) of [d, d] scores; NaN if the graph has no edge."""
    return average_precision(off_diagonal(graph), off_diagonal(scores))


def average_precision(truth: np.ndarray, scores: np.ndarray) -> float:
    """Average precision of scores [count] of some pairs, of which [count] are edges or not; NaN if none is."""
    return float(average_precision_score(truth, scores)) if truth.any() else float("nan")


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
    return int(gadjid.sid(*_acyclic_pair(edges, graph), edge_direction="from row to column")[1])


def adjustment_distance(edges: np.ndarray, graph: np.ndarray, kind: str) -> int:
    """Adjustment identification distance of two DAGs (Henckel et al. 2024): pairs whose adjustment set is wrong.

    Args:
        edges: predicted graph [d, d].
        graph: true graph [d, d].
        kind: "ancestor" or "parent": the adjustment strategy that the predicted graph is read with.

    Raises:
        ValueError: one of the graphs has a cycle.
    """
    distance = {"ancestor": gadjid.ancestor_aid, "parent": gadjid.parent_aid}[kind]
    return int(distance(*_acyclic_pair(edges, graph), edge_direction="from row to column")[1])


def favourable(cpdag: np.ndarray, graph: np.ndarray) -> np.ndarray:
    """A graph [d, d] of a CPDAG, with the benefit of the doubt (the paper, Sec. 6.2).

    An edge that is not oriented takes the direction of the true edge where there is one; the others follow an order of
    the variables that agrees with the oriented edges where these have no cycle.

    Args:
        cpdag: [d, d], entries in both directions for an edge that is not oriented.
        graph: the true graph [d, d].
    """
    found, truth = np.asarray(cpdag) > 0, np.asarray(graph) > 0
    open_ = found & found.T
    oriented = (found & ~open_) | (open_ & truth)
    rest = open_ & ~truth & ~truth.T
    directed = nx.from_numpy_array(oriented, create_using=nx.DiGraph)
    place = np.arange(len(found))
    if nx.is_directed_acyclic_graph(directed):
        place[list(nx.topological_sort(directed))] = np.arange(len(found))
    return oriented | (rest & (place[:, None] < place[None, :]))


def expected_calibration_error(p: np.ndarray, graph: np.ndarray, bins: int = 10) -> float:
    """Mean distance of predicted probability and frequency of edges, over equally wide bins weighted by their size."""
    y, s = off_diagonal(graph) > 0, off_diagonal(p)
    which = np.minimum((s * bins).astype(int), bins - 1)
    size = np.bincount(which, minlength=bins)
    gap = np.abs(np.bincount(which, s, bins) - np.bincount(which, y, bins))
    return float(gap[size > 0].sum() / y.size)


def sign_accuracy(increase: np.ndarray, signs: np.ndarray, among: np.ndarray | None = None) -> float:
    """Share of the true edges of known sign whose sign is said.

    Args:
        increase: [..., d, d], probability that the effect of an edge rises with its cause.
        signs: [..., d, d], 1 or -1 for the true edges that have a sign, 0 elsewhere.
        among: [..., d, d], only these edges, such as those that were found; by default all.

    Returns:
        The share; NaN if there is no such edge.
    """
    asked = (signs != 0) if among is None else (signs != 0) & among.astype(bool)
    return float(((increase >= 0.5) == (signs > 0))[asked].mean()) if asked.any() else float("nan")


def chance(graph: np.ndarray) -> float:
    """Share of pairs that are edges, the AUPRC that a random order of the pairs reaches; graph is [d, d]."""
    return float(np.count_nonzero(graph) / (len(graph) * (len(graph) - 1)))


def _acyclic_pair(edges: np.ndarray, graph: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The true graph and the predicted one as gadjid takes them."""
    for name, matrix in (("predicted", edges), ("true", graph)):
        if not is_acyclic(np.asarray(matrix) > 0):
            raise ValueError(f"This distance needs acyclic graphs; the {name} one has a cycle.")
    truth, guess = (np.array(np.asarray(m) > 0, dtype=np.int8, order="C") for m in (graph, edges))
    for matrix in (truth, guess):
        np.fill_diagonal(matrix, 0)
    return truth, guess


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


def without_cycles(scores: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """A subset [d, d] of the edges that has no cycle, from scores [d, d] of any scale, of which only the order counts.

    Edges are added from the largest score down, and one that would close a cycle with those before it is left out.
    """
    d = len(scores)
    reach = np.eye(d, dtype=bool)  # reach[i, j]: there is a path from i to j
    kept = np.zeros((d, d), dtype=bool)
    candidates = np.argwhere(edges)
    order = np.argsort(-np.asarray(scores)[edges], kind="stable")
    for i, j in candidates[order]:
        if not reach[j, i]:
            kept[i, j] = True
            if not reach[i, j]:
                reach[np.ix_(reach[:, i], reach[j])] = True
    return kept

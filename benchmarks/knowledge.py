"""What knowledge of a part of the graph tells a model about the rest, and how often its signs are right.

    python benchmarks/knowledge.py MODEL DOMAIN

Prints two tables in Markdown, over fresh datasets of 20 variables and 300 observational rows. Both columns of a score
are of the same pairs, those of which nothing is known.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
from sklearn.metrics import average_precision_score

from avici_jl import DataWarning, Knowledge, Model
from avici_jl.evaluation import metrics
from avici_jl.evaluation.compare import Setting, labelled_data

D, ROWS, DATASETS = 20, 300, 24
OFF = ~np.eye(D, dtype=bool)
NAMES = [f"x{k + 1}" for k in range(D)]


def pairs(share: float) -> Callable[[np.ndarray, np.random.Generator], Knowledge]:
    def known(graph: np.ndarray, rng: np.random.Generator) -> Knowledge:
        shown = (rng.random(graph.shape) < share) & OFF
        return Knowledge(required_edges=graph * shown, forbidden_edges=(1 - graph) * shown)

    return known


def tiers(graph: np.ndarray, rng: np.random.Generator) -> Knowledge:
    order = [NAMES[k] for k in nx.topological_sort(nx.from_numpy_array(graph, create_using=nx.DiGraph))]
    return Knowledge(tiers=[order[k : k + D // 4] for k in range(0, D, D // 4)])


def regulators(graph: np.ndarray, rng: np.random.Generator) -> Knowledge:
    return Knowledge(regulators=[NAMES[k] for k in np.flatnonzero(graph.any(axis=1))])


KINDS = {
    "30 % of the pairs": pairs(0.3),
    "half of the pairs": pairs(0.5),
    "four tiers": tiers,
    "the regulators": regulators,
}


def cross_entropy(p: np.ndarray, graph: np.ndarray) -> float:
    right = np.where(graph > 0, p, 1 - p)
    return float(-np.log(np.clip(right, 1e-6, 1)).mean())


def main(model: Model, domain: str) -> None:
    fresh = labelled_data(domain, Setting(D, ROWS, 0), DATASETS, seed=5)
    data: list[Any] = [each for _, each, _ in fresh]
    before = [model.infer(each) for each in data]
    if before[0].increase is not None:
        increase, signs = np.stack([found.increase for found in before]), np.stack([each.signs for each in data])
        edges = np.stack([found.adjacency() for found in before])
        accuracy = [metrics.sign_accuracy(increase, signs, among) for among in (None, edges)]
        print("| signs right, of true edges | of those that are found |\n|---|---|")
        print(f"| {accuracy[0]:.3f} | {accuracy[1]:.3f} |\n")
    print("| known | cross-entropy without | with | AUPRC without | with |\n|---|---|---|---|---|")
    for name, kind in KINDS.items():
        rng, rows = np.random.default_rng(0), []
        for found, each in zip(before, data, strict=True):
            told = model.infer(each, prior=kind(each.graph, rng))
            assert told.data.known is not None
            rest = (told.data.known.pairs == 0) & OFF
            if each.graph[rest].any():
                p, q, truth = found.probabilities[rest], told.probabilities[rest], each.graph[rest]
                scores = [cross_entropy(p, truth), cross_entropy(q, truth)]
                rows.append([*scores, *(average_precision_score(truth, score) for score in (p, q))])
        print(f"| {name} | {' | '.join(f'{value:.3f}' for value in np.mean(rows, axis=0))} |", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore", DataWarning)
    main(Model.load(sys.argv[1]), sys.argv[2])

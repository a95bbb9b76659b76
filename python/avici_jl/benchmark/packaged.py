"""Real measurements with an agreed graph, and networks whose parameters were fitted to real measurements."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from avici_jl.benchmark.cells import KeptModel, ask
from avici_jl.benchmark.measure import Effort, answered, as_many_edges, predicted, usable
from avici_jl.benchmark.methods import Data, Worker
from avici_jl.benchmark.methods.interface import Cost
from avici_jl.benchmark.report import Report, failures, methods_table
from avici_jl.errors import InputError
from avici_jl.evaluation import metrics
from avici_jl.evaluation.compare import EVALUATION_SEED
from avici_jl.plots import plot_precision_recall
from avici_jl.simulation import Dataset

_METRICS = ("auprc", "auroc", "f1", "shd", "sid")
_CUT = (
    "Scores without a threshold of their own are cut where they have as many edges as the true graph, which favours "
    "them."
)
_MODELS = ("scm-world", "scm", "rff", "linear")


def sachs(effort: Effort) -> Report:
    """Protein signalling of Sachs et al. 2005: 7466 cells, 11 proteins, 18 agreed edges."""
    folder = _package("cdt") / "data" / "resources"
    table = pd.read_csv(folder / "cyto_full_data.csv")
    graph = np.zeros((len(table.columns),) * 2, np.uint8)
    for cause, effect in pd.read_csv(folder / "cyto_full_target.csv").to_numpy():
        graph[table.columns.get_loc(cause), table.columns.get_loc(effect)] = 1
    x = table.to_numpy(np.float32)
    kinds = {"as measured": x, "logarithms": np.log(x + 1)}
    report = Report("Sachs et al. 2005: protein signalling")
    report.add(
        f"{len(x)} single cells, {len(graph)} proteins, all conditions pooled and taken as observational, since the "
        f"file has no column of conditions; the agreed graph has {graph.sum()} edges (Sachs et al., Science 308, "
        "2005). The data are those of the package cdt 0.6.0 (MIT); the authors published the measurements with their "
        "article without naming a licence, so they are read from that package and not copied here. One dataset: no "
        "standard errors, and no SID, since the agreed graph has a cycle (PIP2, PIP3, plcg). It is disputed in places, "
        "and the paper reports this dataset in its appendix E.4 only.",
        _CUT,
    )
    figure = Figure(figsize=(9.6, 4.6), layout="constrained")
    rows: list[dict[str, Any]] = []
    for axes, (said, values) in zip(figure.subplots(1, 2), kinds.items(), strict=True):
        data = Dataset(values, np.zeros(values.shape, np.uint8), graph, list(table.columns))
        found, scores = _methods(effort, effort.affordable(Cost.LOW, Cost.MEDIUM), data, said)
        rows += found
        shown = (*_MODELS, "|correlation|", "DirectLiNGAM", "R²-sort-n-regress")
        plot_precision_recall({m: [scores[m]] for m in shown if m in scores}, [graph], axes=axes)
        axes.set_title(said)
        one = pd.DataFrame(found)
        report.add(f"## {said[0].upper()}{said[1:]}", methods_table(one, _METRICS), failures(one))
    report.add(f"Chance AUPRC {metrics.chance(graph):.3f}.")
    report.add_figure("sachs", figure, "Precision and recall; in brackets the area.")
    report.results = pd.DataFrame(rows)
    return report


def semireal(effort: Effort) -> Report:
    """Gaussian networks fitted to gene expression: ecoli70 and arth150 of bnlearn, from pgmpy."""
    report = Report("Networks fitted to real gene expression")
    report.add(
        "Linear Gaussian networks that were fitted to real gene expression and are drawn from: `ecoli70` (46 genes of "
        "*E. coli*, 70 edges, Schäfer and Strimmer 2005) and `arth150` (107 genes of *Arabidopsis*, 150 edges, "
        "Opgen-Rhein and Strimmer 2007), as the package pgmpy (MIT) has them from the bnlearn repository (CC BY-SA "
        "3.0). 1000 observational rows; the graph is the same in all datasets, so the standard errors only say how "
        "much the draw of the rows matters. Graphs and noise are unlike those of training; the paper does not have "
        "this experiment.",
        _CUT,
        "Effects are linear and noise is normal, which FLOP, PC and partial correlation assume. SCORE, which needs "
        "nonlinear effects, is left out, and so is DirectLiNGAM, which needs noise that is not normal, on the larger "
        "network, where it takes longest.",
    )
    rows: list[dict[str, Any]] = []
    for name in ("ecoli70", "arth150"):
        network = json.loads((_package("pgmpy") / "utils" / "example_models" / f"{name}.json").read_text())
        count = effort.datasets[Cost.MEDIUM]
        unlike = ("SCORE",) if name == "ecoli70" else ("SCORE", "DirectLiNGAM")
        others = [method for method in effort.affordable(Cost.LOW, Cost.MEDIUM) if method not in unlike]
        found: list[dict[str, Any]] = []
        for k in range(count):
            data = _draw(network, 1000, np.random.default_rng([EVALUATION_SEED, k]))
            found += [{**row, "dataset": k} for row in _methods(effort, others, data, name)[0]]
        one = pd.DataFrame(found)
        report.add(
            f"## `{name}`", methods_table(one, _METRICS), f"Chance AUPRC {one['chance'].mean():.3f}. {failures(one)}"
        )
        rows += found
    report.results = pd.DataFrame(rows)
    return report


def _methods(
    effort: Effort, others: Sequence[str], data: Dataset, domain: str
) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """Models and baselines on one dataset; the threshold of scores is the one with as many edges as the true graph."""
    assert data.graph is not None
    rows, scores = [], {}
    for name in _MODELS:
        found = predicted(KeptModel.load(name), data)
        rows.append({"method": name, "domain": domain, **found.row(data.graph)})
        scores[name] = found.scores
    with Worker() as worker:
        for baseline in usable(others, interventional=False):
            seen, limit = Data(data.x, data.interventions, data.kind), effort.seconds[baseline.cost]
            answer = ask(worker, baseline.name, seen, seconds=limit)
            threshold = as_many_edges(answer.matrix, data.graph)
            found = answered(baseline, answer, data.graph, threshold, bootstrap=False)
            rows.append({"method": baseline.name, "domain": domain, **found.row(data.graph)})
            scores[baseline.name] = found.scores
    return rows, scores


def _draw(network: dict[str, Any], n: int, rng: np.random.Generator) -> Dataset:
    """Rows of a linear Gaussian network in bnlearn's form: coefficients and variance of each node."""
    names = sorted(network["cpds"])
    place = {name: j for j, name in enumerate(names)}
    graph = np.zeros((len(names),) * 2, np.uint8)
    x = np.zeros((n, len(names)))
    left = dict(network["cpds"])
    while left:
        for name in [m for m, cpd in left.items() if not set(cpd["parents"]) & set(left)]:
            cpd, j = left.pop(name), place[name]
            weights = cpd["coefficients"]
            x[:, j] = weights["(Intercept)"][0] + np.sqrt(cpd["variance"][0]) * rng.normal(size=n)
            for parent in cpd["parents"]:
                graph[place[parent], j] = 1
                x[:, j] += weights[parent][0] * x[:, place[parent]]
    return Dataset(x.astype(np.float32), np.zeros(x.shape, np.uint8), graph, names)


def _package(name: str) -> Path:
    """The folder of a package, which is not imported.

    Raises:
        InputError: it is not installed.
    """
    found = find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise InputError(f"This experiment reads data of the package {name}; `make benchmarks` installs it.")
    return Path(next(iter(found.submodule_search_locations)))

"""Data that nobody here made: generators of other packages, clean and with one imperfection at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from avici_jl.benchmark.cells import KeptModel, ask
from avici_jl.benchmark.generators import GENERATORS, IMPERFECTIONS, external_dataset, missing_packages
from avici_jl.benchmark.measure import Effort, answered, as_many_edges, predicted, usable
from avici_jl.benchmark.methods import Data, Worker
from avici_jl.benchmark.methods.interface import Cost
from avici_jl.benchmark.report import Report, cell, failures, table

_MODELS = ("scm-world", "scm", "rff", "linear")
_QUICK = {Cost.LOW: 10, Cost.MEDIUM: 3}
"""Datasets of a quick run for models and cheap methods, and for others."""
_ROWS = {"quick": (1000,), "full": (1000, 200)}
_BASE = "gCastle linear, Gumbel noise"
_HOW = (
    "Area under the precision-recall curve, mean ± standard error over datasets of 20 variables; all rows are "
    "observational. Columns are in random order. No model has seen data of these generators; the ranges that "
    "`scm-world` was trained on hold settings like theirs. *Best other*: the method with the highest mean of all that "
    "took less than a minute a dataset, chosen after the fact, which favours it; sort-n-regress sorts by variance and "
    "needs common units, which the models do not see, and edges that PC and FLOP leave without a direction get the "
    "true one. ECE: expected calibration error of `scm-world`."
)


def external(effort: Effort) -> Report:
    """Every generator, clean, with 1000 rows, and in a full run with 200."""
    report = Report("Generators of other packages")
    report.add(_HOW)
    names = [name for name in GENERATORS if not missing_packages(name)]
    left_out = [f"{name} ({', '.join(missing_packages(name))})" for name in GENERATORS if missing_packages(name)]
    if left_out:
        report.add(f"Not measured, since a package is missing: {'; '.join(left_out)}.")
    results = []
    models = {model: KeptModel.load(model) for model in _MODELS}
    with Worker() as worker:
        for n in _ROWS[effort.name]:
            found = [_measure(effort, models, worker, name, n, "none") for name in names]
            report.add(f"## {n} rows", _table("data", names, found))
            results += found
    report.results = pd.concat(results, ignore_index=True)
    report.add(failures(report.results))
    return report


def imperfections(effort: Effort) -> Report:
    """One imperfection at a time on the same linear models with Gumbel noise, 1000 rows."""
    report = Report("Imperfections of tables")
    report.add(
        _HOW,
        f"The same datasets ({_BASE}, 1000 rows) with one imperfection each. The other methods get missing "
        "values filled in by the variable's mean.",
    )
    names = list(IMPERFECTIONS)
    models = {model: KeptModel.load(model) for model in _MODELS}
    with Worker() as worker:
        found = [_measure(effort, models, worker, _BASE, 1000, name) for name in names]
    report.add(_table("imperfection", names, found))
    report.results = pd.concat(found, ignore_index=True)
    report.add(failures(report.results))
    return report


def _measure(
    effort: Effort, models: Mapping[str, KeptModel], worker: Worker, name: str, n: int, imperfection: str
) -> pd.DataFrame:
    """One row for each method and dataset."""
    rows: list[dict[str, Any]] = []
    others = usable(effort.affordable(Cost.LOW, Cost.MEDIUM), interventional=False)
    counts = _QUICK if effort.name == "quick" else effort.datasets
    for k in range(counts[Cost.LOW]):
        data = external_dataset(name, k, d=20, n=n, imperfection=imperfection)
        assert data.graph is not None
        where = {"generator": name, "imperfection": imperfection, "n": n, "dataset": k}
        for model in models.values():
            rows.append({"method": model.name, **where, **predicted(model, data).row(data.graph)})
        for method in others:
            if k >= counts[method.cost]:
                continue
            seen = Data(_filled(data.x), data.interventions, data.kind)
            answer = ask(worker, method.name, seen, seconds=60.0)
            threshold = as_many_edges(answer.matrix, data.graph)
            found = answered(method, answer, data.graph, threshold, bootstrap=False)
            rows.append({"method": method.name, **where, **found.row(data.graph)})
    return pd.DataFrame(rows)


def _filled(x: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(x), np.nanmean(x, axis=0), x).astype(np.float32)


def _table(heading: str, names: Sequence[str], found: Sequence[pd.DataFrame]) -> str:
    lines = []
    for name, results in zip(names, found, strict=True):
        areas = {str(method): part["auprc"].to_numpy(float) for method, part in results.groupby("method", sort=False)}
        others = {method: values for method, values in areas.items() if method not in _MODELS}
        best = max(others, key=lambda method: float(np.nanmean(others[method])))
        ece = results[results["method"] == "scm-world"]["ece"].to_numpy(float)
        models = [cell(areas[model]) for model in _MODELS]
        lines.append([name, *models, f"{cell(others[best])} ({best})", f"{results['chance'].mean():.2f}", cell(ece)])
    return table([heading, *(f"`{model}`" for model in _MODELS), "best other", "chance", "ECE"], lines)

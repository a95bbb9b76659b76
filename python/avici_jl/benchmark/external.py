"""Data that nobody here made: generators of other packages, clean and with one imperfection at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from avici_jl.benchmark.cells import KeptModel, ask
from avici_jl.benchmark.generators import GENERATORS, IMPERFECTIONS, external_dataset, missing_packages
from avici_jl.benchmark.measure import Effort, answered, as_many_edges, predicted, usable
from avici_jl.benchmark.methods import Baseline, Data, Worker
from avici_jl.benchmark.methods.interface import Cost
from avici_jl.benchmark.report import Report, cell, failures, table
from avici_jl.data.dataset import Dataset
from avici_jl.evaluation.significance import as_good_as_the_best
from avici_jl.plots.curves import COLOURS

_MODELS = ("scm-world", "scm", "rff", "linear")
_ROWS = (1000, 200)
_VARIABLES = (10, 30, 100)
_COSTS = Cost.LOW, Cost.MEDIUM
_BASE = "gCastle linear, Gumbel noise"
_IN_COMMON_UNITS = ("none", "measurement error 3 %", "measurement error 25 %", "measurement error 100 %")
_HOW = (
    "Area under the precision-recall curve, mean ± standard error over {datasets} datasets of 20 variables (the "
    "first {few} of them for {costly}); all rows are observational. Columns are in random order. No model has seen "
    "data of these generators; the ranges that `scm-world` was trained on hold settings like theirs, and results here "
    "were looked at between the stages of its training, so that this is no blind test. Bold: the best of a line, and "
    "what an unequal-variances t-test does not tell from it at level 0.05. *Best other*: the highest mean of {others} "
    "and these, chosen after the fact, which favours it. sort-n-regress sorts by variance and needs common units, "
    "which the models do not see; edges that PC and FLOP leave without a direction get the true one. ECE: expected "
    "calibration error of `scm-world`."
)

_CAPTION = "Mean AUPRC of scm-world, of scm and of the best other method."


def external(effort: Effort) -> Report:
    """Every generator, clean, with 1000 and with 200 rows."""
    report = Report("Generators of other packages")
    report.add(
        _how(effort),
        "DirectLiNGAM answers where effects are linear, which it takes them for, and SCORE where they are not.",
    )
    names = [name for name in GENERATORS if not missing_packages(name)]
    left_out = [f"{name} ({', '.join(missing_packages(name))})" for name in GENERATORS if missing_packages(name)]
    if left_out:
        report.add(f"Not measured, since a package is missing: {'; '.join(left_out)}.")
    results, panels = [], {}
    models = {model: KeptModel.load(model) for model in _MODELS}
    with Worker() as worker:
        for n in _ROWS:
            found = panels[f"{n} rows"] = [_measure(effort, models, worker, name, n=n) for name in names]
            report.add(f"## {n} rows", _table("data", names, found))
            results += found
        report.add_figure("external", _figure(names, panels), _CAPTION)
        cheap = ", ".join(method.name for method in _others(effort, (Cost.LOW,)))
        report.add(
            "## Other numbers of variables",
            f"1000 rows, {effort.datasets[Cost.MEDIUM]} datasets; the other methods are {cheap}.",
        )
        for d in _VARIABLES:
            found = [
                _measure(effort, models, worker, name, d=d, costs=(Cost.LOW,), datasets=Cost.MEDIUM) for name in names
            ]
            report.add(f"### {d} variables", _table("data", names, found))
            results += found
    report.results = pd.concat(results, ignore_index=True)
    report.add(failures(report.results))
    return report


def imperfections(effort: Effort) -> Report:
    """One imperfection at a time on the same linear models with Gumbel noise, 1000 rows."""
    report = Report("Imperfections of tables")
    report.add(
        _how(effort, linear=True),
        f"The same datasets ({_BASE}, 1000 rows) with one imperfection each. For the other methods missing "
        "values are filled in by linear regressions on all other variables (scikit-learn's IterativeImputer), which "
        "suits these data.",
    )
    names = list(IMPERFECTIONS)
    models = {model: KeptModel.load(model) for model in _MODELS}
    with Worker() as worker:
        found = [_measure(effort, models, worker, _BASE, imperfection=name) for name in names]
    report.add(_table("imperfection", names, found))
    report.add_figure("imperfections", _figure(names, {"1000 rows": found}), _CAPTION)
    told = [_told_of_units(effort, models[_MODELS[0]], name) for name in _IN_COMMON_UNITS]
    report.add(
        "## Common units",
        "Where all variables have the same units, their spreads say something of the order. "
        f"`{_MODELS[0]}` without and with `same_units=True`, which lets it see them:",
        _table_of_units([found[names.index(name)] for name in _IN_COMMON_UNITS], told),
    )
    report.results = pd.concat([*found, *told], ignore_index=True)
    report.add(failures(report.results))
    return report


def _dataset(
    name: str, number: int, *, d: int = 20, n: int = 1000, imperfection: str = "none"
) -> tuple[Dataset, np.ndarray, dict[str, Any]]:
    """A dataset, its graph, and what a row of results says of it."""
    data = external_dataset(name, number, d=d, n=n, imperfection=imperfection)
    assert data.graph is not None
    where = {"generator": name, "imperfection": imperfection, "d": d, "n": n, "dataset": number}
    return data, data.graph, where


def _told_of_units(effort: Effort, model: KeptModel, imperfection: str) -> pd.DataFrame:
    """One row for each dataset, of a model that is told of common units."""
    rows: list[dict[str, Any]] = []
    for k in range(effort.datasets[Cost.LOW]):
        data, graph, where = _dataset(_BASE, k, imperfection=imperfection)
        found = predicted(model, data, same_units=True)
        rows.append({"method": f"{model.name}, same units", **where, **found.row(graph)})
    return pd.DataFrame(rows)


def _measure(
    effort: Effort,
    models: Mapping[str, KeptModel],
    worker: Worker,
    name: str,
    *,
    d: int = 20,
    n: int = 1000,
    imperfection: str = "none",
    costs: tuple[Cost, ...] = _COSTS,
    datasets: Cost = Cost.LOW,
) -> pd.DataFrame:
    """One row for each method and dataset: of as many datasets as methods of a cost have, and fewer for slower ones."""
    rows: list[dict[str, Any]] = []
    for k in range(effort.datasets[datasets]):
        data, graph, where = _dataset(name, k, d=d, n=n, imperfection=imperfection)
        for model in models.values():
            rows.append({"method": model.name, **where, **predicted(model, data).row(graph)})
        for method in _others(effort, costs, linear="linear" in name):
            if k >= effort.datasets[method.cost]:
                continue
            seen = Data(_filled(data.x), data.interventions, data.kind)
            answer = ask(worker, method.name, seen, seconds=60.0)
            threshold = as_many_edges(answer.matrix, graph)
            found = answered(method, answer, graph, threshold, bootstrap=False)
            rows.append({"method": method.name, **where, **found.row(graph)})
    return pd.DataFrame(rows)


def _others(effort: Effort, costs: tuple[Cost, ...], linear: bool | None = None) -> list[Baseline]:
    """The other methods; for linear effects without the one that needs nonlinear ones, and the other way round."""
    unlike = {True: "SCORE", False: "DirectLiNGAM", None: ""}[linear]
    every = usable(effort.affordable(*costs), interventional=False)
    return [method for method in every if method.name != unlike]


def _how(effort: Effort, linear: bool | None = None) -> str:
    methods = _others(effort, _COSTS, linear)
    cheap = [method.name for method in methods if method.cost is Cost.LOW]
    costly = [method.name for method in methods if method.cost is not Cost.LOW]
    return _HOW.format(
        datasets=effort.datasets[Cost.LOW],
        few=effort.datasets[Cost.MEDIUM],
        others=", ".join(cheap),
        costly=", ".join(costly),
    )


def _filled(x: np.ndarray) -> np.ndarray:
    if not np.isnan(x).any():
        return x
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401  makes the next import possible
    from sklearn.impute import IterativeImputer

    return np.asarray(IterativeImputer(random_state=0).fit_transform(x), np.float32)


def _table(heading: str, names: Sequence[str], found: Sequence[pd.DataFrame]) -> str:
    lines = []
    for name, results in zip(names, found, strict=True):
        areas = _areas(results)
        best = _best_other(areas)
        ece = results[results["method"] == "scm-world"]["ece"].to_numpy(float)
        leading = as_good_as_the_best({method: areas[method] for method in (*_MODELS, best)})
        *models, other = [cell(areas[method], bold=method in leading) for method in (*_MODELS, best)]
        lines.append([name, *models, f"{other} ({best})", f"{results['chance'].mean():.2f}", cell(ece)])
    return table([heading, *(f"`{model}`" for model in _MODELS), "best other", "chance", "ECE"], lines)


def _areas(results: pd.DataFrame) -> dict[str, np.ndarray]:
    return {str(method): part["auprc"].to_numpy(float) for method, part in results.groupby("method", sort=False)}


def _best_other(areas: Mapping[str, np.ndarray]) -> str:
    others = {method: values for method, values in areas.items() if method not in _MODELS}
    return max(others, key=lambda method: float(np.nanmean(others[method])))


def _figure(names: Sequence[str], panels: Mapping[str, Sequence[pd.DataFrame]]) -> Figure:
    """Mean AUPRC by generator or imperfection, a panel for each of the results."""
    figure = Figure(figsize=(4.0 + 3.5 * len(panels), 1.0 + 0.26 * len(names)), layout="constrained")
    every = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (title, found) in zip(every, panels.items(), strict=True):
        areas = [_areas(results) for results in found]
        shown = {
            "best other": [part[_best_other(part)] for part in areas],
            **{model: [part[model] for part in areas] for model in _MODELS[1::-1]},
        }
        for colour, (method, values) in zip((COLOURS[-1], COLOURS[1], COLOURS[0]), shown.items(), strict=True):
            ours = method in _MODELS
            filled = colour if ours else "white"
            means = [float(np.nanmean(part)) for part in values]
            axes.plot(means, range(len(names)), "o", color=colour, markerfacecolor=filled, markersize=6, label=method)
        axes.set(title=title, xlim=(0, 1.03), xlabel="AUPRC", yticks=range(len(names)), yticklabels=names)
        axes.grid(axis="y", linewidth=0.5, alpha=0.4)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
    every[0].invert_yaxis()
    every[0].legend(frameon=False, fontsize=8, loc="lower left")
    return figure


def _table_of_units(found: Sequence[pd.DataFrame], told: Sequence[pd.DataFrame]) -> str:
    lines = []
    for name, without, with_units in zip(_IN_COMMON_UNITS, found, told, strict=True):
        ours, sorting = (without[without["method"] == method] for method in (_MODELS[0], "sort-n-regress"))
        columns = [part["auprc"].to_numpy(float) for part in (ours, with_units, sorting)]
        lines.append([name, *(cell(values) for values in columns), cell(with_units["ece"].to_numpy(float))])
    return table(["imperfection", "without", "with", "sort-n-regress", "ECE with"], lines)

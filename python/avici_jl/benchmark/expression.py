"""What biologists use on counts, beside the model: with and without knock-outs, regulators known and unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from avici_jl.benchmark.cells import KeptModel, ask
from avici_jl.benchmark.generators import SERGIO_PROFILES, missing_packages, sergio_dataset
from avici_jl.benchmark.measure import Effort, answered, as_many_edges, predicted, usable
from avici_jl.benchmark.methods import Data, Worker
from avici_jl.benchmark.methods.interface import Cost
from avici_jl.benchmark.report import METRICS, Report, cell, failures, rows_text, table
from avici_jl.data.dataset import Dataset
from avici_jl.evaluation import metrics
from avici_jl.evaluation.compare import Setting, labelled_data
from avici_jl.evaluation.significance import as_good_as_the_best

_METHODS = (
    "|correlation|",
    "partial correlation",
    "PIDC",
    "GENIE3",
    "GRNBoost2",
    "mean difference",
    "knock-out z-score",
)
_MODELS = ("grn-screen", "grn")
_DOMAINS = {"grn": "as in training", "grn-screen": "CRISPR screens: guides that fail, batches, depths of every kind"}
_SIZES = {"quick": (30,), "full": (30, 100, 400)}
_STEPS_PER_CELL = {10: "cells close together", 200: "cells far apart"}
"""Of the trajectories of sergio_rs: as many as in its own tests, and so many that cells are independent."""


def grn_methods(effort: Effort) -> Report:
    """GENIE3, GRNBoost2, partial correlation, PIDC, knock-out scores and the model on the same counts."""
    report = Report("Gene networks: what biologists use")
    report.add(
        "Area under the precision-recall curve on fresh simulated counts, mean ± standard error over datasets; bold is "
        "the best and what a t-test does not tell from it. *All pairs*: nothing is known. *Known regulators*: only "
        "pairs whose cause regulates anything count, as if a list of transcription factors was given; the answers are "
        "the same. Other methods see logarithms of counts per million of all cells; GENIE3 and GRNBoost2 are restated "
        "with scikit-learn, with fewer trees, and leave out cells in which the gene was set.",
    )
    results = []
    models = [KeptModel.load(name) for name in _MODELS]
    for domain, said in _DOMAINS.items():
        for d in _SIZES[effort.name]:
            for setting in (Setting(d, 1000, 0), Setting(d, 500, 500)):
                count = _count(effort, d)
                where = {"domain": domain, **setting._asdict()}
                found = pd.DataFrame(_measure(effort, models, where, labelled_data(domain, setting, count)))
                results.append(found)
                title = f"## `{domain}`, {d} genes, {rows_text(setting, 'knock-out')}"
                report.add(title, f"{said[0].upper()}{said[1:]}.", _table(found), failures(found))
    report.results = pd.concat(results, ignore_index=True)
    return report


def sergio(effort: Effort) -> Report:
    """Counts of another program: SERGIO in Rust, on modules of the network of E. coli, with its profiles of noise."""
    report = Report("Counts of sergio_rs")
    missing = missing_packages("sergio_rs")
    if missing:
        report.add(f"Not measured, since a package is missing: {', '.join(missing)}.")
        return report
    report.add(
        "Area under the precision-recall curve, mean ± standard error over datasets of sergio_rs: modules of 30 genes "
        "of the network of E. coli, 5 cell types, 500 cells without and 15 with each gene knocked out, with the "
        "technical noise of its own profiles. Zeros: the share of counts that are zero. *Known regulators*: only pairs "
        "whose cause regulates anything count. Other methods see logarithms of counts per million of all cells; "
        "GENIE3 and GRNBoost2 are restated with scikit-learn, with fewer trees, and leave out cells in which the gene "
        "was set.",
        "SERGIO draws all cells of a type from one trajectory. *Close together*, as in its own tests: ten steps for "
        "each cell, while a gene forgets its past in 125, so that a hundred cells tell as much as eight independent "
        "ones, and the three of a type and a knock-out as one. *Far apart*: 200 steps for each cell, as if every cell "
        "had a life of its own, which those of an experiment have. A knock-out takes the gene out of the network: "
        "targets of which it was the only regulator produce at a random rate of their own, instead of not at all.",
    )
    results = []
    models = [KeptModel.load(name) for name in _MODELS]
    for (steps, apart), profile in product(_STEPS_PER_CELL.items(), SERGIO_PROFILES):
        every = [sergio_dataset(k, profile, steps_per_cell=steps) for k in range(_count(effort, 30))]
        for knocked_out in (False, True):
            kept = every if knocked_out else [_observational(data) for data in every]
            where = {"profile": profile, "knocked_out": knocked_out, "steps_per_cell": steps, "d": 30}
            found = pd.DataFrame(_measure(effort, models, where, _numbered(kept)))
            results.append(found)
            zeros = np.mean([(data.x == 0).mean() for data in every])
            rows = "500 cells, 15 more for each knock-out" if knocked_out else "500 cells"
            report.add(f"## {profile}, {rows}, {apart}", f"Zeros: {zeros:.2f}.", _table(found), failures(found))
    report.results = pd.concat(results, ignore_index=True)
    return report


def _numbered(datasets: list[Dataset]) -> Iterator[tuple[int, Dataset, np.ndarray]]:
    for k, data in enumerate(datasets):
        assert data.graph is not None
        yield k, data, np.asarray(data.graph)


def _observational(data: Dataset) -> Dataset:
    rows = ~data.interventions.any(axis=1)
    return replace(data, x=data.x[rows], interventions=data.interventions[rows])


def _count(effort: Effort, d: int) -> int:
    return max(2, round(min(1.0, 30 / d) * effort.datasets[Cost.LOW]))


def _measure(
    effort: Effort,
    models: Sequence[KeptModel],
    setting: dict[str, Any],
    datasets: Iterable[tuple[int, Dataset, np.ndarray]],
) -> list[dict[str, Any]]:
    """One row for each method and dataset."""
    rows: list[dict[str, Any]] = []
    with Worker() as worker:
        for k, data, truth in datasets:
            where = {**setting, "dataset": k}
            scores = {model.name: predicted(model, data) for model in models}
            for method in usable(_METHODS, bool(data.interventions.any())):
                seconds = effort.seconds[method.cost] * max(1.0, setting["d"] / 30)
                answer = ask(worker, method.name, Data(data.x, data.interventions, data.kind), seconds=seconds)
                threshold = as_many_edges(answer.matrix, truth)
                scores[method.name] = answered(method, answer, truth, threshold, bootstrap=False)
            for name, found in scores.items():
                known = _of_regulators(found.scores, truth)
                rows.append({"method": name, **where, **found.row(truth), "auprc_known": known})
    return rows


def _of_regulators(scores: np.ndarray, truth: np.ndarray) -> float:
    """AUPRC among the pairs whose cause has any effect."""
    kept = truth.any(axis=1)
    pairs = ~np.eye(len(truth), dtype=bool)[kept]
    return float(metrics.average_precision(truth[kept][pairs], scores[kept][pairs]))


def _table(found: pd.DataFrame) -> str:
    groups = {str(name): group for name, group in found.groupby("method", sort=False)}
    columns = {"auprc": "all pairs", "auprc_known": "known regulators"}
    best = {
        column: as_good_as_the_best({name: group[column].to_numpy(float) for name, group in groups.items()})
        for column in columns
    }
    lines = []
    for name, group in groups.items():
        cells = [cell(group[column].to_numpy(float), bold=name in best[column]) for column in columns]
        seconds = group["seconds"].mean()
        digits = METRICS["f1"][1]
        f1 = cell(group["f1"].to_numpy(float), digits)
        lines.append([name, str(len(group)), *cells, f1, "" if np.isnan(seconds) else f"{seconds:.1f}"])
    chance = found.drop_duplicates("dataset")["chance"].mean()
    return table(["method", "datasets", *columns.values(), "F1", "s"], lines) + f"\n\nChance: {chance:.3f}."

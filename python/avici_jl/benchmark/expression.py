"""What biologists use on counts, beside the model: with and without knock-outs, regulators known and unknown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from avici_jl.benchmark.cells import KeptModel, ask
from avici_jl.benchmark.measure import Effort, answered, predicted, usable
from avici_jl.benchmark.methods import Data, Worker
from avici_jl.benchmark.methods.interface import Cost
from avici_jl.benchmark.report import METRICS, Report, cell, failures, rows_text, table
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
_MODEL = "grn"
_DOMAINS = {"grn": "as in training", "grn-screen": "CRISPR screens: guides that fail, batches, depths of every kind"}
_SIZES = {"quick": (30, 100), "full": (30, 100, 400)}


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
    model = KeptModel.load(_MODEL)
    for domain, said in _DOMAINS.items():
        for d in _SIZES[effort.name]:
            for setting in (Setting(d, 1000, 0), Setting(d, 500, 500)):
                found = pd.DataFrame(_measure(effort, model, domain, setting))
                results.append(found)
                title = f"## `{domain}`, {d} genes, {rows_text(setting, 'knock-out')}"
                report.add(title, f"{said[0].upper()}{said[1:]}.", _table(found), failures(found))
    report.results = pd.concat(results, ignore_index=True)
    return report


def _measure(effort: Effort, model: KeptModel, domain: str, setting: Setting) -> list[dict[str, Any]]:
    """One row for each method and dataset; methods that cost more have fewer, and large graphs have fewer."""
    share = min(1.0, 30 / setting.d)
    rows: list[dict[str, Any]] = []
    with Worker() as worker:
        methods = usable(_METHODS, setting.n_int > 0)
        for k, data, truth in labelled_data(domain, setting, max(2, round(share * effort.datasets[Cost.LOW]))):
            where = {"domain": domain, **setting._asdict(), "dataset": k}
            scores = {model.name: predicted(model, data)}
            for method in methods:
                if k >= max(1, round(share * effort.datasets[method.cost])):
                    continue
                seconds = effort.seconds[method.cost] * max(1.0, setting.d / 30)
                answer = ask(worker, method.name, Data(data.x, data.interventions, data.kind), seconds=seconds)
                threshold = float(np.sort(answer.matrix, axis=None)[-int(truth.sum())])
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

"""The table of docs/about/evidence.md: every shipped model on its own and on shifted data, beside simple scores."""

from __future__ import annotations

import numpy as np
import pandas as pd

from avici_jl.benchmark.cells import KeptModel
from avici_jl.benchmark.measure import Effort
from avici_jl.benchmark.report import Report, cell, rows_text, table
from avici_jl.evaluation.compare import compare, settings

_DOMAINS = {
    "scm-world": ("scm-world", "scm", "linear-ood", "rff-ood"),
    "scm": ("scm", "linear-ood", "rff-ood"),
    "grn-screen": ("grn-screen", "grn"),
    "grn": ("grn", "grn-paper-ood"),
    "rff": ("rff", "rff-ood"),
    "linear": ("linear", "linear-ood"),
    "grn-paper": ("grn-paper", "grn-paper-ood"),
}

_DATASETS = {"quick": 10, "full": 200}


def models(effort: Effort) -> Report:
    """AUPRC of the models beside simple scores, F1 and calibration; 30 variables, 1000 rows."""
    count = _DATASETS[effort.name]
    report = Report("The shipped models")
    lines, results = [], []
    for name, domains in _DOMAINS.items():
        model = KeptModel.load(name)
        changed = "knock-out" if model.kind == "counts" else "interventional"
        for domain in domains:
            for row in compare(model, settings([30], 1000), domain=domain, datasets=count):
                rows = rows_text(row.setting, changed)
                areas = [cell(row.auprc[m]) for m in ("mean difference", "correlation")]
                ours = cell(row.auprc["model"], bold=True)
                rest = [f"{row.chance:.2f}", f"{row.f1.mean():.2f}", f"{row.calibration.mean():.3f}"]
                acyclic = f"{100 * np.mean(row.acyclic):.0f} %"
                lines.append([f"`{name}`", f"`{domain}`", rows, ours, *areas, *rest, acyclic])
                measured = {"auprc": row.auprc["model"], "f1": row.f1, "shd": row.shd, "ece": row.calibration}
                results.append(pd.DataFrame(measured).assign(model=name, domain=domain, **row.setting._asdict()))
    report.add(
        f"Area under the precision-recall curve on fresh simulated data with 30 variables, mean ± standard error over "
        f"{count} datasets; F1 and acyclic predictions at the model's threshold for the kind of rows.",
        table(
            [
                "model",
                "data",
                "rows",
                "model's AUPRC",
                "mean difference",
                "|correlation|",
                "chance",
                "F1",
                "ECE",
                "acyclic",
            ],
            lines,
        ),
    )
    report.results = pd.concat(results, ignore_index=True)
    return report

"""Across domains: a model trained on linear mechanisms on nonlinear ones, and the other way round (Appendix E.1)."""

from __future__ import annotations

import pandas as pd

from avici_jl.benchmark.cells import KeptModel
from avici_jl.benchmark.measure import Effort, measure
from avici_jl.benchmark.report import Report, methods_table, rows_text
from avici_jl.evaluation.compare import settings

_METRICS = ("auprc", "f1", "shd", "sid")


def cross(effort: Effort) -> Report:
    """Models `linear`, `rff` and `scm` on `linear-ood` and `rff-ood`, 30 variables, 1000 rows."""
    report = Report("Linear models on nonlinear data, and the other way round")
    report.add(
        "30 variables, 1000 rows, mean ± standard error over datasets; bold is the best and what a t-test does not "
        "tell from it. The paper reports the same exchange in its appendix E.1, which is not part of its main text."
    )
    everything = []
    for domain in ("linear-ood", "rff-ood"):
        for setting in settings([30], 1000):
            found = pd.concat(
                [
                    pd.DataFrame(measure(effort, KeptModel.load(name), domain, setting, ())).assign(method=name)
                    for name in ("linear", "rff", "scm")
                ],
                ignore_index=True,
            )
            everything.append(found)
            report.add(f"## `{domain}`, {rows_text(setting)} rows", methods_table(found, _METRICS))
    report.results = pd.concat(everything, ignore_index=True)
    return report

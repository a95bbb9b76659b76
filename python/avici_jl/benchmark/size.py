"""Figure 3, bottom: accuracy over the numbers of variables and rows, in-distribution."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from avici_jl.benchmark.cells import KeptModel
from avici_jl.benchmark.measure import Effort, measure
from avici_jl.benchmark.methods.interface import Cost
from avici_jl.benchmark.report import Report, cell, table
from avici_jl.evaluation.compare import Setting
from avici_jl.plots.curves import COLOURS

_MODELS = ("linear", "rff", "grn-paper", "scm", "scm-world", "grn")
"""Each on its own domain."""
_VARIABLES = {"quick": (10, 30, 50), "full": (10, 20, 30, 50, 100)}
_ROWS = {"quick": (100, 300, 1000), "full": (50, 100, 200, 500, 1000, 2000, 5000)}


def size(effort: Effort) -> Report:
    """AUPRC of the models, half of the rows interventional."""
    count = 6 if effort.name == "quick" else 15
    some = effort._replace(datasets={cost: count for cost in Cost})
    variables, lengths = _VARIABLES[effort.name], _ROWS[effort.name]
    report = Report("Figure 3, bottom: sizes")
    report.add(
        f"AUPRC on fresh data of the domain a model was trained on, half of the rows interventional, mean ± standard "
        f"error over {count} datasets. The paper shows 15 datasets, without printed numbers, and finds the same shape: "
        "better with more rows, at a falling rate, and slowly worse with more variables."
    )
    figure = Figure(figsize=(15, 3.2), layout="constrained")
    axes = figure.subplots(1, len(_MODELS), sharey=True)
    everything = []
    for drawn, name in zip(axes, _MODELS, strict=True):
        model = KeptModel.load(name)
        lines = []
        for k, d in enumerate(variables):
            found = [
                pd.DataFrame(measure(some, model, model.domain, Setting(d, n - n // 2, n // 2), ())).assign(n=n)
                for n in lengths
            ]
            everything += found
            means = [rows["auprc"].mean() for rows in found]
            errors = [rows["auprc"].sem() for rows in found]
            drawn.errorbar(lengths, means, errors, color=COLOURS[k], marker="o", markersize=3, label=f"d = {d}")
            lines.append([str(d), *(cell(rows["auprc"].to_numpy(float)) for rows in found)])
        drawn.set(title=name, xscale="log", xlabel="rows", ylim=(0, 1.02))
        drawn.spines[["top", "right"]].set_visible(False)
        report.add(f"## `{name}` on `{model.domain}`", table(["d", *(f"n = {n}" for n in lengths)], lines))
    axes[0].set_ylabel("AUPRC")
    axes[-1].legend(frameon=False, fontsize=8, loc="lower right")
    report.add_figure("size", figure, "AUPRC over the number of rows, for several numbers of variables.")
    report.results = pd.concat(everything, ignore_index=True)
    return report

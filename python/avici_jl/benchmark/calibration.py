"""Figure 4: whether edges of each predicted probability are there as often as that, on shifted data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from avici_jl.benchmark import published
from avici_jl.benchmark.cells import KeptModel
from avici_jl.benchmark.measure import FAMILIES, Effort, by_name, measure
from avici_jl.benchmark.methods import BASELINES
from avici_jl.benchmark.methods.interface import Cost
from avici_jl.benchmark.report import Report, failures, methods_table
from avici_jl.evaluation.compare import labelled_data, settings
from avici_jl.plots import plot_calibration


def calibration(effort: Effort) -> Report:
    """Calibration curves of the models, and the expected calibration error beside bootstrapped baselines."""
    few = effort._replace(datasets={cost: min(10, count) for cost, count in effort.datasets.items()})
    names = [name for name in effort.affordable(Cost.LOW, Cost.MEDIUM) if BASELINES[name].package]
    report = Report("Figure 4: calibration on shifted data")
    report.add(
        "Expected calibration error (ECE) in ten bins of equal width, mean ± standard error over datasets; of the "
        f"baselines by the non-parametric DAG bootstrap with {effort.bootstrap} resamples (Friedman et al. 1999), "
        "where an edge without a direction counts half in both. Scores count as an edge where they are not zero. The "
        "paper's numbers are marked = if ours agree within two standard errors of the difference, ≠ if not."
    )
    figure = Figure(figsize=(11, 7.4), layout="constrained")
    axes = figure.subplots(2, 3)
    everything: list[dict[str, Any]] = []
    for column, (family, (_, name)) in enumerate(FAMILIES.items()):
        domain, model = f"{family}-ood", KeptModel.load(name)
        for row, setting in enumerate(settings([30], 1000)):
            condition = "interventional" if setting.n_int else "observational"
            drawn = axes[row, column]
            fresh = list(labelled_data(domain, setting, few.datasets[Cost.LOW]))
            p = [np.asarray(model.predict(data.x, data.interventions)) for _, data, _ in fresh]
            plot_calibration(p, [graph for _, _, graph in fresh], axes=drawn)
            drawn.set_title(f"{name} on {domain}, {condition}\n{drawn.get_title()}", fontsize=9)
            measured = by_name(measure(few, model, domain, setting, names, bootstrap=True))
            everything += measured
            rows = pd.DataFrame(measured)
            paper = {
                str(m): published.beside(
                    published.FIGURE_4_ECE,
                    condition,
                    domain,
                    "model" if m == name else str(m),
                    g["ece"].to_numpy(float),
                )
                for m, g in rows.groupby("method")
            }
            report.add(
                f"## `{domain}`, {condition}",
                methods_table(rows, ("ece", "auprc"), {"the paper's ECE": paper}),
                failures(rows),
            )
    report.results = pd.DataFrame(everything)
    report.add_figure(
        "calibration", figure, "Share of true edges against predicted probability; points by the number of pairs."
    )
    return report

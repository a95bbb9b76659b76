"""What an answer costs, and what it is worth: seconds for a dataset beside accuracy."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from avici_jl.benchmark.cells import KeptModel, ask
from avici_jl.benchmark.generators import external_dataset
from avici_jl.benchmark.measure import Effort, predicted
from avici_jl.benchmark.methods import BASELINES, Data, Worker
from avici_jl.benchmark.methods.interface import Gives, Takes
from avici_jl.benchmark.report import Report, cell, failures, table
from avici_jl.evaluation import metrics
from avici_jl.plots.curves import COLOURS

_GENERATOR = "internally standardised linear, Gumbel noise"
_MODELS = {"quick": ("scm", "scm-world", "linear"), "full": ("scm", "scm-world", "linear", "rff")}
_OTHERS = {
    "quick": (
        *("|correlation|", "partial correlation", "sort-n-regress", "R²-sort-n-regress", "PC", "FLOP", "DirectLiNGAM"),
    ),
    "full": tuple(name for name, method in BASELINES.items() if method.takes is not Takes.INTERVENTIONAL),
}
_DATASETS = {"quick": {30: 3, 100: 2, 1000: 1}, "full": {30: 10, 100: 10, 1000: 3}}
_LARGE = {"quick": ("linear",), "full": _MODELS["full"]}
"""Models that are asked about 1000 variables, in subsets."""
_SECONDS = {"quick": 60.0, "full": 3600.0}


def speed(effort: Effort) -> Report:
    """Seconds and AUPRC of models and other methods at 30, 100 and 1000 variables."""
    report = Report("Seconds and accuracy")
    report.add(
        f"Linear models that are standardised as they are drawn ({_GENERATOR}; so that no order of variances gives the "
        "causal one away), two edges per variable, 1000 observational rows. Seconds of processor time for a dataset, "
        "with one thread, the least over datasets, since the first answer of a size includes compiling; where there is "
        "one dataset it counts. AUPRC: mean ± standard error; edges that PC, GES and FLOP leave without a direction "
        f"get the true one. A method that takes longer than {_SECONDS[effort.name]:.0f} s is stopped, and left out of "
        "larger tables. Models are asked about 1000 variables in subsets.",
    )
    results = []
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    panels = figure.subplots(1, len(_DATASETS[effort.name]), sharey=True)
    late: set[str] = set()
    looks = _looks(effort)
    with Worker() as worker:
        for axes, (d, count) in zip(panels, _DATASETS[effort.name].items(), strict=True):
            found = pd.DataFrame(_measure(effort, worker, d, count, late))
            results.append(found)
            report.add(f"## {d} variables", _table(found), failures(found))
            _draw(axes, found, d, looks)
    panels[0].set_ylabel("AUPRC")
    figure.legend(*panels[0].get_legend_handles_labels(), frameon=False, fontsize=8, loc="outside right center")
    report.add_figure(
        "speed", figure, "AUPRC over seconds for a dataset; filled: models. Up and to the left is better."
    )
    report.results = pd.concat(results, ignore_index=True)
    return report


def _measure(effort: Effort, worker: Worker, d: int, count: int, late: set[str]) -> list[dict[str, Any]]:
    """One row for each method and dataset; what ran out of time is not asked again, and joins `late`."""
    rows: list[dict[str, Any]] = []
    models = [KeptModel.load(name) for name in (_MODELS if d <= 100 else _LARGE)[effort.name]]
    others = [BASELINES[name] for name in _OTHERS[effort.name] if not BASELINES[name].missing]
    for k in range(count):
        data = external_dataset(_GENERATOR, k, d=d, n=1000)
        assert data.graph is not None
        where = {"d": d, "dataset": k, "chance": metrics.chance(data.graph)}
        for model in models:
            found = predicted(model, data)
            area = metrics.auprc(found.scores, data.graph)
            rows.append({"method": model.name, **where, "auprc": area, "seconds": found.seconds, "failure": ""})
        for method in others:
            if method.name in late:
                continue
            seen = Data(data.x, data.interventions, data.kind)
            answer = ask(worker, method.name, seen, seconds=_SECONDS[effort.name])
            if answer.failure:
                late.add(method.name)
            matrix = answer.matrix
            if method.gives is Gives.CPDAG:
                matrix = metrics.favourable(matrix, data.graph).astype(float)
            area = metrics.auprc(matrix, data.graph)
            said = {"auprc": area, "seconds": answer.seconds, "failure": answer.failure}
            rows.append({"method": method.name, **where, **said})
    return rows


def _table(found: pd.DataFrame) -> str:
    lines = []
    for name, part in found.groupby("method", sort=False):
        failed = (part["failure"] != "").any()
        seconds = f"{'> ' if failed else ''}{part['seconds'].min():.3g}"
        lines.append([str(name), str(len(part)), "–" if failed else cell(part["auprc"].to_numpy(float)), seconds])
    return table(["method", "datasets", "AUPRC", "s"], lines) + f"\n\nChance: {found['chance'].mean():.3f}."


def _looks(effort: Effort) -> dict[str, dict[str, Any]]:
    """How each method is drawn, in every panel the same: models filled."""
    looks = {}
    for filled, names in ((True, _MODELS[effort.name]), (False, _OTHERS[effort.name])):
        for k, name in enumerate(names):
            colour, marker = COLOURS[k % len(COLOURS)], "osD^"[k // len(COLOURS)]
            looks[name] = {"color": colour, "marker": marker, "markerfacecolor": colour if filled else "white"}
    return looks


def _draw(axes: Any, found: pd.DataFrame, d: int, looks: dict[str, dict[str, Any]]) -> None:
    shown = found[found["failure"] == ""]
    for name, part in shown.groupby("method", sort=False):
        x, y = max(part["seconds"].min(), 1e-3), part["auprc"].mean()
        axes.plot(x, y, linestyle="", markersize=7, label=str(name), **looks[str(name)])
    axes.set(title=f"{d} variables", xscale="log", xlabel="seconds", ylim=(0, 1.05))
    axes.margins(x=0.15)
    axes.spines[["top", "right"]].set_visible(False)

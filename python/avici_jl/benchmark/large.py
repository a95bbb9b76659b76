"""Tables larger than those of training: many rows, and many variables asked about as a whole and in subsets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from avici_jl.benchmark.cells import KeptModel
from avici_jl.benchmark.measure import Effort
from avici_jl.benchmark.report import Report, cell, table
from avici_jl.evaluation.compare import Setting, labelled_data
from avici_jl.evaluation.metrics import auprc
from avici_jl.plots.curves import COLOURS

_MODELS = {"quick": ("scm-world",), "full": ("scm", "scm-world", "grn")}
"""Each on its own domain."""
_DATASETS = {"quick": 3, "full": 6}
_ROWS = (1000, 10_000, 100_000)
_FEW_VARIABLES = {"quick": (30,), "full": (30, 100)}
_VARIABLES = {"quick": (200, 400), "full": (100, 200, 400, 1000)}
_MOST_AS_A_WHOLE = 400
_WAYS = {"whole": False, "subsets": True}


def large(effort: Effort) -> Report:
    """AUPRC of the models, half of the rows interventional."""
    count = _DATASETS[effort.name]
    report = Report("Larger tables")
    report.add(
        f"AUPRC on fresh data, half of the rows interventional, mean ± standard error over {count} datasets. Of a "
        "table with more than twice the rows of training the answer is the mean over parts; of one with many variables "
        "it may be put together from subsets ([size and speed](../how-to/8-size-and-speed.md))."
    )
    figure = Figure(figsize=(10, 3.2), layout="constrained")
    by_rows, by_variables = figure.subplots(1, 2, sharey=True)
    everything = []
    for colour, name in zip(COLOURS, _MODELS[effort.name], strict=False):
        model = KeptModel.load(name)
        few = [pd.DataFrame(_measured(model, n, d, None, count)) for d in _FEW_VARIABLES[effort.name] for n in _ROWS]
        many = {
            way: [
                pd.DataFrame(_measured(model, 1000, d, subsets, count))
                for d in _VARIABLES[effort.name]
                if subsets or d <= _MOST_AS_A_WHOLE
            ]
            for way, subsets in _WAYS.items()
        }
        everything += [*few, *many["whole"], *many["subsets"]]
        report.add(f"## `{model.name}` on `{model.domain}`")
        report.add(_table(few, ["d", "n"]))
        report.add(_table([*many["whole"], *many["subsets"]], ["d", "way"]))
        report.add(_losses(many["whole"], many["subsets"]))
        _draw(by_rows, few[: len(_ROWS)], "n", colour, name)
        for way, style in (("whole", "--"), ("subsets", "-")):
            _draw(by_variables, many[way], "d", colour, f"{name}, {way}", style)
    by_rows.set(title=f"{_FEW_VARIABLES[effort.name][0]} variables", xscale="log", xlabel="rows", ylabel="AUPRC")
    by_variables.set(title="1000 rows", xscale="log", xlabel="variables", ylim=(0, 1.02))
    for axes in (by_rows, by_variables):
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8, loc="lower left")
    report.add_figure("large", figure, "AUPRC over the numbers of rows and of variables.")
    report.results = pd.concat(everything, ignore_index=True)
    return report


def _measured(model: KeptModel, n: int, d: int, subsets: bool | None, count: int) -> Iterator[dict[str, Any]]:
    for k, data, graph in labelled_data(model.domain, Setting(d, n - n // 2, n // 2), count):
        p = model.infer(data.x, data.interventions, subsets=subsets, progress=False).probabilities
        way = "subsets" if subsets else "whole"
        yield {
            "model": model.name,
            "domain": model.domain,
            "n": n,
            "d": d,
            "way": way,
            "dataset": k,
            "auprc": auprc(p, graph),
        }


def _table(found: list[pd.DataFrame], keys: list[str]) -> str:
    lines = [[*(str(rows[key].iloc[0]) for key in keys), cell(rows["auprc"].to_numpy(float))] for rows in found]
    return table([*keys, "AUPRC"], lines)


def _losses(whole: list[pd.DataFrame], subsets: list[pd.DataFrame]) -> str:
    """What subsets lose, over datasets of which the whole was asked about too."""
    differences = [
        (str(alone["d"].iloc[0]), alone["auprc"].to_numpy(float) - parts["auprc"].to_numpy(float))
        for alone, parts in zip(whole, subsets, strict=False)
    ]
    lines = [[d, f"{values.mean():+.3f}", f"{values.max():+.3f}"] for d, values in differences]
    return "What subsets lose:\n\n" + table(["d", "mean", "most"], lines)


def _draw(axes: Any, found: list[pd.DataFrame], over: str, colour: str, label: str, style: str = "-") -> None:
    places = [rows[over].iloc[0] for rows in found]
    means, errors = ([getattr(rows["auprc"], what)() for rows in found] for what in ("mean", "sem"))
    axes.errorbar(places, means, errors, color=colour, marker="o", markersize=3, linestyle=style, label=label)

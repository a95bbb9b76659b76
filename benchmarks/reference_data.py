"""The shipped models on data that the reference's own generators simulate. `make bench-reference` calls it.

The configurations of avici 1.0.7: what the paper's networks were trained on, and its examples of shifted data. Its
Watts-Strogatz graphs are called as an igraph of today expects; all else is the reference's own code.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import igraph
import numpy as np
import pandas as pd
import reference

from avici_jl.benchmark.cells import KeptModel, kept_in
from avici_jl.benchmark.report import Report, cell, rows_text, table
from avici_jl.evaluation.compare import Setting, compare_on, settings
from avici_jl.simulation import Dataset

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
DATASETS = 30
SETS = {
    "train/neurips-linear": ("linear", "scm", "scm-world"),
    "examples/lin-laplace-cauchy": ("linear", "scm", "scm-world"),
    "examples/lin-gauss-heterosked": ("linear", "scm", "scm-world"),
    "train/neurips-rff": ("rff", "scm", "scm-world"),
    "examples/rff-laplace-cauchy": ("rff", "scm", "scm-world"),
    "examples/rff-gauss-heterosked": ("rff", "scm", "scm-world"),
    "train/neurips-grn": ("grn-paper", "grn"),
    "examples/gene-ecoli": ("grn-paper", "grn"),
}


def simulated(name: str, setting: Setting, kind: str) -> Iterator[Dataset]:
    """Datasets of one configuration, each of one of its models, chosen at random."""
    parse = reference.module("avici.utils.parse")
    tree = reference.module("avici.utils.load").load_yaml(reference.PLACE / f"avici/config/{name}.yaml", abspath=True)
    models = list(parse.cartesian_dict(tree["data"]))
    found = index = 0
    while found < DATASETS:
        rng = np.random.default_rng([list(SETS).index(name), index])
        index += 1
        model = parse._parse_config_tree(models[rng.integers(len(models))])
        graph = np.asarray(model["graph"](rng, setting.d))
        if not graph.any():
            continue
        mechanism = model["mechanism"]
        if kind == "counts":  # NumPy of today makes no int of an array with one entry
            types = mechanism.cell_types
            mechanism.cell_types = lambda rng, shape, types=types: types(rng, shape=shape).item()
        data = mechanism(rng=rng, g=graph, n_observations_obs=setting.n_obs, n_observations_int=setting.n_int)
        parts = (data.x_obs, data.x_int) if setting.n_int else (data.x_obs,)
        both = np.concatenate([np.asarray(part, float) for part in parts])
        if np.isfinite(both).all():
            found += 1
            names = [f"x{j + 1}" for j in range(setting.d)]
            yield Dataset(both[..., 0], both[..., 1].astype(np.uint8), graph.astype(np.uint8), names, kind=kind)


def main() -> None:
    warnings.simplefilter("ignore")
    original: Any = igraph.Graph.Watts_Strogatz
    igraph.Graph.Watts_Strogatz = lambda dim, size, nei, p, **_: original(dim=dim, size=size, nei=nei, p=p)
    begin, lines, results = time.process_time(), [], []
    for name, models in SETS.items():
        loaded = [KeptModel.load(model) for model in models]
        for setting in settings([30], 1000):
            data = list(simulated(name, setting, loaded[0].kind))
            for model in loaded:
                row = compare_on(model, setting, data)
                rows = rows_text(setting, "knock-out" if model.kind == "counts" else "interventional")
                scores = [cell(row.auprc["model"], bold=True), cell(row.auprc["correlation"]), f"{row.chance:.2f}"]
                rest = [cell(row.f1), f"{row.calibration.mean():.3f}"]
                lines.append([f"`{name}`", rows, f"`{model.name}`", *scores, *rest])
                print("  ".join(lines[-1]), flush=True)
                measured = {"auprc": row.auprc["model"], "f1": row.f1, "ece": row.calibration}
                results.append(pd.DataFrame(measured).assign(model=model.name, data=name, **setting._asdict()))
    report = Report("Data of the reference's own generators", results=pd.concat(results, ignore_index=True))
    report.add(
        "Everything else here is measured on data of our own simulators. These datasets are simulated by avici 1.0.7, "
        "the reference implementation, from its own configurations: what the paper's networks were trained on "
        f"(`train`) and examples of shifted data. 30 variables, 1000 rows, mean ± standard error over {DATASETS} "
        "datasets; F1 at the model's threshold for the kind of rows. Compare with the table of "
        "[the shipped models](models.md).",
        table(["data", "rows", "model", "AUPRC", "|correlation|", "chance", "F1", "ECE"], lines),
    )
    report.write(OUT, "reference", "make bench-reference", time.process_time() - begin)


if __name__ == "__main__":
    with kept_in(OUT / "cells"):
        main()

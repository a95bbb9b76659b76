"""Checks on ourselves: are the data easy for the wrong reasons, and does a model do what it should?"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from avici_jl.benchmark.cells import KeptModel
from avici_jl.benchmark.measure import Effort
from avici_jl.benchmark.methods.interface import Cost, Data
from avici_jl.benchmark.report import Report, cell, table
from avici_jl.checkpoints.find import find_model, list_models
from avici_jl.checkpoints.model import load_model
from avici_jl.errors import AviciError
from avici_jl.evaluation import metrics
from avici_jl.evaluation.compare import EVALUATION_SEED, Setting, labelled_data
from avici_jl.model import Model
from avici_jl.simulation import Dataset, list_domains
from avici_jl.training.drawn import HELD_OUT_SEED


def checks(effort: Effort) -> Report:
    """Sortability of all domains; invariances of all models; seeds of training and of tests."""
    report = Report("Checks on ourselves")
    count = effort.datasets[Cost.LOW]
    report.results = pd.concat([_sortability(report, count), _invariances(report, min(count, 10))], ignore_index=True)
    _seeds(report)
    return report


def _sortability(report: Report, count: int) -> pd.DataFrame:
    if find_spec("CausalDisco") is None:
        report.add("Sortability was not measured: CausalDisco is not installed (extra `benchmarks`).")
        return pd.DataFrame()
    from CausalDisco.analytics import r2_sortability, var_sortability

    found = []
    for domain in list_domains():
        for k, data, truth in labelled_data(domain, Setting(30, 1000, 0), count):
            if np.isnan(data.x).any():
                continue
            seen = Data(data.x, data.interventions, data.kind)
            keep = seen.standardized.std(axis=0) > 0
            graph = metrics.without_cycles(truth.astype(float), truth > 0)[np.ix_(keep, keep)]
            if not graph.any():
                continue
            row = {"domain": domain, "dataset": k}
            row["varsortability"] = var_sortability(seen.natural[:, keep], graph)
            row["r2_sortability"] = r2_sortability(seen.standardized[:, keep], graph)
            found.append(row)
    results = pd.DataFrame(found)
    lines = [
        [f"`{domain}`", *(cell(group[name].to_numpy(float), 2) for name in ("varsortability", "r2_sortability"))]
        for domain, group in results.groupby("domain")
    ]
    report.add(
        "## How sortable the domains are",
        "Share of directed paths along which the variance (Reisach et al. 2021), or the share of variance that all "
        "other variables explain (R², Reisach et al. 2023), grows: 1 means that sorting gives the causal order away, "
        f"0.5 that it says nothing, 0 the reverse order. 30 variables, 1000 observational rows, {count} datasets each, "
        "mean ± standard error; counts as log counts per million. Models see standardised values, so varsortability "
        "helps sort-n-regress and not them; R²-sortability is open to everyone.",
        table(["domain", "varsortability", "R²-sortability"], lines),
    )
    return results


def _invariances(report: Report, count: int) -> pd.DataFrame:
    found: list[dict[str, Any]] = []
    for name in list_models():
        model = KeptModel.load(name)
        for k, data, graph in labelled_data(model.domain, Setting(20, 200, 200), count):
            rng = np.random.default_rng(k)
            p = np.asarray(model.predict(data.x, data.interventions))
            order, rows = rng.permutation(20), rng.permutation(400)
            moved = np.asarray(model.predict(data.x[:, order], data.interventions[:, order]))
            mixed = np.asarray(model.predict(data.x[rows], data.interventions[rows]))
            twice = np.asarray(model.predict(np.tile(data.x, (2, 1)), np.tile(data.interventions, (2, 1))))
            row = {
                "model": name,
                "dataset": k,
                "variables permuted": np.abs(moved - p[np.ix_(order, order)]).max(),
                "rows permuted": np.abs(mixed - p).max(),
                "rescaled": np.nan,
                "rows twice": np.abs(twice - p).max(),
                "auprc": metrics.auprc(p, graph),
                "auprc rows twice": metrics.auprc(twice, graph),
                "chance": metrics.chance(graph),
            }
            if model.kind == "values":
                scale, shift = rng.uniform(0.1, 10, 20), rng.normal(0, 5, 20)
                rescaled = model.predict((data.x * scale + shift).astype(np.float32), data.interventions)
                row["rescaled"] = np.abs(np.asarray(rescaled) - p).max()
            row.update(_destroyed(model, data, p, graph, rng))
            found.append(row)
    results = pd.DataFrame(found)
    exact = ("variables permuted", "rows permuted", "rescaled", "rows twice")
    accuracy = ("auprc", "auprc rows twice", "labels shuffled", "columns shuffled", "chance")
    groups = list(results.groupby("model"))
    largest = [[f"`{n}`", *("–" if g[c].isna().all() else f"{g[c].max():.1e}" for c in exact)] for n, g in groups]
    areas = [[f"`{n}`", *(cell(g[c].to_numpy(float)) for c in accuracy)] for n, g in groups]
    report.add(
        "## What models do when data change that should not matter",
        f"Largest change of a probability over {count} datasets of the training domain, 20 variables, 200 "
        "observational and 200 interventional rows. Rescaling multiplies and shifts each variable and rounds to single "
        "precision, which loses digits; counts cannot be rescaled. Rows that are there twice carry no more "
        "information, but a model cannot know and becomes surer.",
        table(["model", *exact], largest),
        "## What models do when the data say nothing",
        "AUPRC. *Labels shuffled*: the true graph is that of the same network with its variables renamed at random, "
        "which must fall to chance, the share of pairs that are edges. *Columns shuffled*: each variable's values are "
        "permuted over the rows, so that nothing depends on anything. What is left above chance is read off the "
        "distributions of single variables, which stay.",
        table(["model", "AUPRC", "rows twice", "labels shuffled", "columns shuffled", "chance"], areas),
    )
    return results


def _destroyed(
    model: Model, data: Dataset, p: np.ndarray, graph: np.ndarray, rng: np.random.Generator
) -> dict[str, float]:
    """AUPRC when names, or the values of each column, are shuffled; p is predicted from the data as they are."""
    order = rng.permutation(len(graph))
    shuffled = rng.permuted(data.x, axis=0)
    try:
        nothing = metrics.auprc(np.asarray(model.predict(shuffled, 0 * data.interventions)), graph)
    except AviciError:
        nothing = float("nan")
    return {"labels shuffled": metrics.auprc(p, graph[np.ix_(order, order)]), "columns shuffled": nothing}


def _seeds(report: Report) -> None:
    """No test dataset was ever trained on: streams of random numbers belong to seeds, and those differ.

    Raises:
        AssertionError: a shipped model was trained with a seed that tests use.
    """
    lines = []
    for name in list_models():
        seed = int(load_model(find_model(name)).config["data"]["seed"])
        assert seed < HELD_OUT_SEED < EVALUATION_SEED, f"{name} was trained with the seed {seed} of tests."
        lines.append([f"`{name}`", str(seed)])
    report.add(
        "## Seeds",
        f"A dataset is a function of domain, seed and index, with a stream of random numbers of its own. Training used "
        f"the seeds below, its held-out sets {HELD_OUT_SEED}, and everything on these pages seeds from "
        f"{EVALUATION_SEED} on; that they differ was asserted while this page was made.",
        table(["model", "seed of its training data"], lines),
    )

"""Whether `Model.load("auto")` takes the better of the models for real values, on data of every kind."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pandas as pd

from avici_jl.benchmark.cells import KeptModel
from avici_jl.benchmark.generators import GENERATORS, IMPERFECTIONS, external_dataset, missing_packages
from avici_jl.benchmark.measure import Effort
from avici_jl.benchmark.methods.interface import Cost
from avici_jl.benchmark.report import Report, cell, table
from avici_jl.data.dataset import Dataset
from avici_jl.errors import DataWarning
from avici_jl.evaluation import metrics
from avici_jl.evaluation.compare import EVALUATION_SEED
from avici_jl.evaluation.significance import mean_and_error
from avici_jl.model.auto import AUTO, CANDIDATES
from avici_jl.simulation import simulate

_BASE = "gCastle linear, Gumbel noise"
_D, _N = 20, 1000
_DOMAINS = ("scm", "linear-ood", "rff-ood", "scm-world")


def auto(effort: Effort) -> Report:
    """Each model on its own, and the one that is chosen for each table."""
    names = [candidate.name for candidate in CANDIDATES if candidate.kind == "values"]
    models = {name: KeptModel.load(name) for name in (*names, AUTO)}
    rows = []
    for data, found in _datasets(effort.datasets[Cost.LOW]):
        for name, model in models.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DataWarning)
                posterior = model.infer(found)
            assert found.graph is not None
            score = metrics.auprc(posterior.probabilities, found.graph)
            rows.append({"data": data, "method": name, "auprc": score, "chosen": posterior.model})
    report = Report("The model that is chosen")
    report.results = pd.DataFrame(rows)
    report.add(
        f"Area under the precision-recall curve, mean ± standard error over datasets of {_D} variables and {_N} rows "
        f'(200 where it says so). *auto*: `Model.load("{AUTO}")`, which chooses for each table; *takes*: how often '
        "it takes the first. *Regret*: how far it is below the better of the two, dataset by dataset.",
        _table(report.results, names),
    )
    return report


def _datasets(count: int) -> Iterator[tuple[str, Dataset]]:
    for name in GENERATORS:
        for n in (_N, 200) if not missing_packages(name) else ():
            for k in range(count):
                yield f"{name}{'' if n == _N else f', {n} rows'}", external_dataset(name, k, d=_D, n=n)
    for name in IMPERFECTIONS if not missing_packages(_BASE) else ():
        if name != "none":
            for k in range(count):
                yield f"{_BASE}, {name}", external_dataset(_BASE, k, d=_D, n=_N, imperfection=name)
    for domain in _DOMAINS:
        for n_int in (0, _N // 2):
            for k in range(count):
                data = simulate(domain, d=_D, n_obs=_N - n_int, n_int=n_int, seed=EVALUATION_SEED + 97, index=k)
                if data.graph is not None and data.graph.any():
                    yield f"`{domain}`{', half of the rows with interventions' if n_int else ''}", data


def _table(found: pd.DataFrame, names: list[str]) -> str:
    lines = []
    groups = [(str(name), part) for name, part in found.groupby("data", sort=False)]
    for name, part in [*groups, ("**all**", found)]:
        wide = {method: rows["auprc"].to_numpy(float) for method, rows in part.groupby("method", sort=False)}
        best = pd.DataFrame({method: wide[method] for method in names}).max(axis=1).to_numpy(float)
        taken = (part.loc[part["method"] == AUTO, "chosen"] == names[0]).mean()
        regret, _ = mean_and_error(best - wide[AUTO])
        lines.append([name, *(cell(wide[method]) for method in (*names, AUTO)), f"{taken:.0%}", f"{regret:.3f}"])
    return table(["data", *(f"`{name}`" for name in names), AUTO, f"takes `{names[0]}`", "regret"], lines)

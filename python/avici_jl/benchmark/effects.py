"""Whether in-silico knock-outs are right: predicted shifts beside those of knock-outs that were held out."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from avici_jl.benchmark.cells import KeptModel
from avici_jl.benchmark.measure import Effort
from avici_jl.benchmark.methods.interface import Cost
from avici_jl.benchmark.report import Report, cell, table
from avici_jl.data.inputs import read_input
from avici_jl.errors import DataWarning
from avici_jl.evaluation.compare import EVALUATION_SEED
from avici_jl.evaluation.significance import mean_and_error
from avici_jl.model import Model
from avici_jl.posterior.acyclic import is_acyclic
from avici_jl.posterior.effects import Effects
from avici_jl.posterior.mechanisms import Table, natural_scale
from avici_jl.simulation import Dataset, simulate


class _Plan(NamedTuple):
    """What is seen: `n_obs` observational rows, and `rows` in which each of `seen` variables was set."""

    model: str
    domain: str
    d: int
    n_obs: int
    seen: int
    rows: int


_PLANS = (_Plan("scm", "scm", 20, 200, 10, 10), _Plan("grn", "grn", 20, 100, 10, 10))
_HELD_OUT, _TRUTH = 5, 60
"""Variables whose knock-outs are held out, and the rows of each that its true shift is the mean of."""
_CONTROL = 500
"""Observational rows beyond those seen, so that true shifts do not hang on the same ones."""
_GRAPHS = 30
_BASE = "no change"


def effects(effort: Effort) -> Report:
    """Shifts of all variables when one is set that was never set in the rows seen; beside simple predictions."""
    report = Report("What would happen if: held-out knock-outs")
    report.add(
        "A model sees observational rows and rows in which some variables were set; then it is told that *another* "
        "variable is set, and predicts by how much each of the rest shifts (`Posterior.knockout`). Error: mean of "
        "|predicted - true shift| over variables, in standard deviations; the true shift is that of simulated rows "
        "that were held out (of real values the difference of medians, apart for positive and negative settings, since "
        "noise may have no mean). *No change* predicts 0; *marginal regression* what a regression on the one variable "
        "that is set says; *true graph*: the same simple mechanisms on the graph that was simulated, which the model "
        "does not know. Correlation: of predicted and true shifts, cut at 20 standard deviations. Mean ± standard "
        "error over datasets; differences of errors are paired.",
    )
    results = []
    for plan in _PLANS:
        model = KeptModel.load(plan.model)
        pools = _pools(plan, 4 * effort.datasets[Cost.LOW])
        found = pd.DataFrame([row for index, data in pools for row in _outcomes(model, plan, index, data)])
        found = found.assign(**plan._asdict())
        results.append(found)
        report.add(
            f"## `{plan.model}` on `{plan.domain}`",
            f"{plan.d} variables; {plan.n_obs} observational rows, and {plan.rows} of each of {plan.seen} variables "
            f"that were set; {_HELD_OUT} others are held out; {found['dataset'].nunique()} datasets.",
            _table(found),
        )
        kinds = dict(list(found.groupby("mechanism")))
        for kind, part in kinds.items() if len(kinds) > 1 else ():
            report.add(f"### Mechanisms of kind {kind}: {part['dataset'].nunique()} datasets", _table(part))
    report.results = pd.concat(results, ignore_index=True)
    return report


def _pools(plan: _Plan, count: int) -> Iterator[tuple[int, Dataset]]:
    for index in range(count):
        n_obs, n_int = plan.n_obs + _CONTROL, plan.d * _TRUTH
        data = simulate(plan.domain, d=plan.d, n_obs=n_obs, n_int=n_int, seed=EVALUATION_SEED + 78, index=index)
        if data.graph is not None and data.graph.any() and (data.interventions.sum(axis=0) >= _TRUTH).all():
            yield index, data


def _outcomes(model: Model, plan: _Plan, index: int, data: Dataset) -> list[dict[str, Any]]:
    """One row for each way to predict."""
    order = np.random.default_rng([EVALUATION_SEED, index]).permutation(plan.d)
    held_out, seen = order[:_HELD_OUT], order[_HELD_OUT : _HELD_OUT + plan.seen]
    set_rows = [np.flatnonzero(data.interventions[:, v])[: plan.rows] for v in seen]
    rows = np.concatenate([np.arange(plan.n_obs), *set_rows])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        found = model.infer(data.x[rows], data.interventions[rows])
    fitted = {"Posterior.knockout": Effects.fit(found.data, found.kind, found.sample(_GRAPHS))}
    assert data.graph is not None
    if is_acyclic(data.graph):
        fitted["true graph"] = Effects.fit(found.data, found.kind, np.stack([data.graph] * _GRAPHS))
    seen_table = fitted["Posterior.knockout"].table
    predicted: dict[str, list[np.ndarray]] = {name: [] for name in (_BASE, "marginal regression", *fitted)}
    true = []
    x, _ = natural_scale(read_input(data.x, data.interventions, kind=data.kind), data.kind)
    control = x[~data.interventions.any(axis=1)]
    spread = Table.of(control, np.zeros_like(control), robust=data.kind == "values").scale
    for v, value, shift in _truths(data, x, held_out):
        others = np.arange(plan.d) != v
        scale = spread[others]
        true.append(shift[others] / scale)
        predicted[_BASE].append(np.zeros(plan.d - 1))
        predicted["marginal regression"].append(_marginal(seen_table, v, value)[others] / scale)
        for name, each in fitted.items():
            predicted[name].append(each.shifts(v, value).mean(axis=0)[others] / scale)
    answers = []
    for name, shifts in predicted.items():
        p, t = np.concatenate(shifts), np.concatenate(true)
        related = np.corrcoef(np.clip(p, -20, 20), np.clip(t, -20, 20))[0, 1] if p.any() and t.any() else np.nan
        answers.append(
            {
                "method": name,
                "dataset": index,
                "mechanism": str(data.drawn.get("mechanism", "")).removesuffix("Mechanism"),
                "error": float(np.abs(p - t).mean()),
                "correlation": float(related),
            }
        )
    return answers


def _truths(data: Dataset, x: np.ndarray, held_out: np.ndarray) -> Iterator[tuple[int, float, np.ndarray]]:
    """Variable, the value that it was set to, and the shifts [d], all on the natural scale."""
    control = x[~data.interventions.any(axis=1)]
    middle = np.median if data.kind == "values" else np.mean
    for v in held_out:
        rows = x[data.interventions[:, v] > 0]
        groups = [rows[rows[:, v] > 0], rows[rows[:, v] <= 0]] if data.kind == "values" else [rows]
        for group in groups:
            if len(group) >= _TRUTH // 4:
                yield int(v), float(group[:, v].mean()), middle(group, axis=0) - middle(control, axis=0)


def _marginal(seen: Table, v: int, value: float) -> np.ndarray:
    """What regressions of every variable on one alone say, from the rows in which the other was not set."""
    shifts = np.zeros(seen.x.shape[1])
    for j in range(len(shifts)):
        rows = seen.usable[:, j] & ~seen.outlying[v]
        x, y = seen.x[rows, v], seen.x[rows, j]
        if rows.sum() > 2 and x.std() > 0:
            shifts[j] = np.cov(x, y)[0, 1] / x.var(ddof=1) * (value - np.median(seen.x[:, v]))
    return shifts


def _table(found: pd.DataFrame) -> str:
    error = found.pivot(index="dataset", columns="method", values="error")
    lines = []
    for name in found["method"].unique():
        values = error[name].to_numpy(float)
        gap = values - error[_BASE].to_numpy(float)
        mean, spread = mean_and_error(gap[~np.isnan(gap)])
        related = found[found["method"] == name]["correlation"].to_numpy(float)
        lines.append([name, cell(values), "" if name == _BASE else f"{mean:+.3f} ± {spread:.3f}", cell(related, 2)])
    return table(["predicted by", "error (s.d.)", "against no change", "correlation"], lines)

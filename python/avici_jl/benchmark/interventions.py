"""Whether suggested interventions tell more than others: each set of them is done in the simulator, and asked again."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from itertools import count, islice
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from avici_jl.benchmark.cells import KeptModel
from avici_jl.benchmark.measure import Effort
from avici_jl.benchmark.methods.interface import Cost
from avici_jl.benchmark.report import Report, cell, table
from avici_jl.errors import DataWarning
from avici_jl.evaluation import metrics
from avici_jl.evaluation.compare import EVALUATION_SEED
from avici_jl.evaluation.significance import mean_and_error
from avici_jl.model import Model
from avici_jl.posterior import Posterior
from avici_jl.simulation import Dataset, simulate


class _Plan(NamedTuple):
    """What can be done: `chosen` of `d` variables are set, each in `rows` rows, after `n_obs` observational ones."""

    model: str
    domain: str
    d: int
    n_obs: int
    chosen: int
    rows: int


_PLANS = (
    # Linear models with Gaussian noise that neither the order of the variances nor that of R² gives away: directions
    # that observations leave open.
    _Plan("scm-world", "scm-standardised", 20, 500, 4, 25),
    _Plan("grn", "grn", 20, 100, 4, 25),
    _Plan("scm", "scm", 20, 100, 4, 25),
)
_RANDOM = 8
"""Random choices of which the mean is taken, for each dataset."""
_BASE = "random"


def interventions(effort: Effort) -> Report:
    """A few interventions chosen by suggestion, by other rules and at random, from the same pool of simulated rows."""
    report = Report("Which interventions to do next")
    report.add(
        "A model sees observational rows; some variables are chosen to be set; the rows in which they were set are "
        "added, from the same simulated system, and it is asked again. *Suggested*: `Posterior.suggest_interventions`; "
        "*most effects*: the variables with the largest expected number of direct effects; *most uncertain*: those "
        f"whose edges, in and out, have the largest entropy; *random*: the mean of {_RANDOM} random choices; *best in "
        "hindsight*: that of these whose AUPRC, by the true graph, turns out the highest: what knowing the outcome "
        "of eight choices would win; *more observational rows*: as many rows, in which nothing was set. Mean ± "
        "standard error over datasets; differences are paired, by dataset, with random choice. Only datasets in which "
        "every variable can be set are taken.",
    )
    results = []
    for plan in _PLANS:
        model, pools = KeptModel.load(plan.model), islice(_pools(plan), 2 * effort.datasets[Cost.LOW])
        rows = [row for index, data in pools for row in _outcomes(model, plan, index, data)]
        found = pd.DataFrame(rows).assign(**plan._asdict())
        results.append(found)
        report.add(
            f"## `{plan.model}` on `{plan.domain}`",
            f"{plan.d} variables, {plan.n_obs} observational rows, then {plan.chosen} interventions of {plan.rows} "
            f"rows each; {found['dataset'].nunique()} datasets.",
            _table(found),
        )
    report.results = pd.concat(results, ignore_index=True)
    return report


def _pools(plan: _Plan) -> Iterator[tuple[int, Dataset]]:
    """Datasets with rows enough for every choice."""
    for index in count():
        n_obs, n_int = plan.n_obs + plan.chosen * plan.rows, plan.d * plan.rows
        data = simulate(plan.domain, d=plan.d, n_obs=n_obs, n_int=n_int, seed=EVALUATION_SEED + 79, index=index)
        if data.graph is not None and data.graph.any() and (data.interventions.sum(axis=0) >= plan.rows).all():
            yield index, data


def _outcomes(model: Model, plan: _Plan, index: int, data: Dataset) -> list[dict[str, Any]]:
    """One row for each way to choose."""
    assert data.graph is not None
    truth, n = data.graph, plan.n_obs
    before = _infer(model, data, np.arange(n))
    rng = np.random.default_rng([EVALUATION_SEED, index])
    chosen = {name: [rule(before, plan)] for name, rule in _RULES.items()}
    chosen[_BASE] = [rng.choice(plan.d, plan.chosen, replace=False).tolist() for _ in range(_RANDOM)]
    after = {name: [_infer(model, data, _rows(data, plan, places)) for places in sets] for name, sets in chosen.items()}
    more = np.arange(n + plan.chosen * plan.rows)
    after = {"before": [before], "more observational rows": [_infer(model, data, more)], **after}
    after["best in hindsight"] = [max(after[_BASE], key=lambda found: metrics.auprc(found.probabilities, truth))]
    return [
        {
            "method": name,
            "dataset": index,
            "auprc": np.mean([metrics.auprc(found.probabilities, truth) for found in answers]),
            "entropy": np.mean([found.entropy for found in answers]),
        }
        for name, answers in after.items()
    ]


def _suggested(found: Posterior, plan: _Plan) -> list[int]:
    table = found.suggest_interventions(plan.chosen, rows=plan.rows)
    return [found.names.index(name) for name in table["variable"]]


def _largest(score: np.ndarray, count: int) -> list[int]:
    return np.argsort(-score, kind="stable")[:count].tolist()


def _open(p: np.ndarray) -> np.ndarray:
    """Entropy of the edges in and out of each variable."""
    q = np.clip(p.astype(float), 1e-12, 1 - 1e-12)
    bits = -(q * np.log2(q) + (1 - q) * np.log2(1 - q))
    return bits.sum(axis=0) + bits.sum(axis=1)


_RULES: dict[str, Callable[[Posterior, _Plan], list[int]]] = {
    "suggested": _suggested,
    "most effects": lambda found, plan: _largest(found.probabilities.sum(axis=1), plan.chosen),
    "most uncertain": lambda found, plan: _largest(_open(found.probabilities), plan.chosen),
}


def _rows(data: Dataset, plan: _Plan, places: list[int]) -> np.ndarray:
    """The observational rows, and the first ones in which each of these variables was set."""
    added = [np.flatnonzero(data.interventions[:, place])[: plan.rows] for place in places]
    return np.concatenate([np.arange(plan.n_obs), *added])


def _infer(model: Model, data: Dataset, rows: np.ndarray) -> Posterior:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # of few rows, which is what this is about
        return model.infer(data.x[rows], data.interventions[rows])


def _table(found: pd.DataFrame) -> str:
    wide = {metric: found.pivot(index="dataset", columns="method", values=metric) for metric in ("auprc", "entropy")}
    lines = []
    for name in found["method"].unique():
        line = [name]
        for metric, digits in (("auprc", 3), ("entropy", 1)):
            values = wide[metric][name].to_numpy(float)
            line.append(cell(values, digits))
            mean, error = mean_and_error(values - wide[metric][_BASE].to_numpy(float))
            line.append("" if name == _BASE else f"{mean:+.{digits}f} ± {error:.{digits}f}")
        lines.append(line)
    return table(["chosen", "AUPRC", "against random", "entropy (bits)", "against random"], lines)

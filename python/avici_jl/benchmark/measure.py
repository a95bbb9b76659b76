"""Methods on the same fresh datasets: one row of results for each method and dataset."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from avici_jl.benchmark.cells import KeptModel, ask
from avici_jl.benchmark.methods import BASELINES, Baseline, Data, Result, Worker
from avici_jl.benchmark.methods.interface import Cost, Gives
from avici_jl.evaluation import metrics
from avici_jl.evaluation.compare import Setting, labelled_data
from avici_jl.model import Model
from avici_jl.posterior.acyclic import is_acyclic
from avici_jl.simulation import Dataset

FAMILIES = {"linear": ("linear", "scm"), "rff": ("rff", "scm"), "grn-paper": ("grn-paper", "grn")}
"""The paper's distributions: of each the model that knows it alone, and the broad one."""

TUNING_SEED = 3_000_000
"""Datasets that only thresholds of scores are chosen on; see `evaluation_data`."""
_TUNING = 5


class Effort(NamedTuple):
    """How much of an experiment is run.

    Attributes:
        name: "quick" or "full".
        datasets: datasets of each setting for models and for baselines that cost little or much.
        seconds: processor time that a baseline of each cost may take for a dataset.
        bootstrap: resamples of the DAG bootstrap.
        data: folder of real data, for the experiment that reads them.
    """

    name: str
    datasets: dict[Cost, int]
    seconds: dict[Cost, float]
    bootstrap: int
    data: Path | None = None

    def affordable(self, *costs: Cost) -> list[str]:
        """Names of the baselines of these costs; of all of them in a full run."""
        return [name for name, baseline in BASELINES.items() if self.name == "full" or baseline.cost in costs]


QUICK = Effort(
    "quick",
    {Cost.LOW: 10, Cost.MEDIUM: 5, Cost.HIGH: 2, Cost.EXTREME: 1},
    {**dict.fromkeys(Cost, 60.0), Cost.EXTREME: 600.0},
    5,
)
FULL = Effort("full", dict.fromkeys(Cost, 30), dict.fromkeys(Cost, 3600.0), 20)


@dataclass(frozen=True)
class Found:
    """An answer beside the truth.

    Attributes:
        scores: [d, d], larger is more likely an edge.
        edges: [d, d], the predicted graph.
        probabilities: whether the scores are probabilities.
        seconds: processor time; NaN if not known.
        failure: why there is no answer, or "".
    """

    scores: np.ndarray
    edges: np.ndarray
    probabilities: bool
    seconds: float = math.nan
    failure: str = ""

    def row(self, truth: np.ndarray) -> dict[str, Any]:
        """All metrics.

        Of a predicted graph with cycles the least probable edges of these stay out for the distances of interventions,
        which are NaN where the true graph has a cycle.
        """
        precision, recall, f1 = metrics.precision_recall_f1(self.edges, truth)
        distances = (math.nan, math.nan, math.nan)
        if is_acyclic(truth):
            acyclic = metrics.without_cycles(self.scores, self.edges > 0)
            distances = (
                metrics.sid(acyclic, truth),
                metrics.adjustment_distance(acyclic, truth, "ancestor"),
                metrics.adjustment_distance(acyclic, truth, "parent"),
            )
        return {
            "auprc": metrics.auprc(self.scores, truth),
            "auroc": metrics.auroc(self.scores, truth),
            "precision": precision,
            "recall": recall,
            "f1": f1,
            "shd": metrics.shd(self.edges, truth),
            **dict(zip(("sid", "ancestor_aid", "parent_aid"), distances, strict=True)),
            "ece": metrics.expected_calibration_error(self.scores, truth) if self.probabilities else math.nan,
            "acyclic": is_acyclic(self.edges > 0),
            "chance": metrics.chance(truth),
            "seconds": self.seconds,
            "failure": self.failure,
        }


def as_many_edges(scores: np.ndarray, truth: np.ndarray) -> float:
    """The threshold of scores that gives as many edges as the true graph has."""
    return float(np.sort(scores, axis=None)[-int(truth.sum())])


def predicted(model: Model, data: Dataset, *, same_units: bool = False) -> Found:
    """What a model finds, at its threshold for the kind of rows."""
    p = np.asarray(model.predict(data.x, data.interventions, same_units=same_units))
    seconds = model.seconds if isinstance(model, KeptModel) else math.nan
    return Found(p, p >= model.decision_threshold(bool(data.interventions.any())), probabilities=True, seconds=seconds)


def answered(baseline: Baseline, answer: Result, truth: np.ndarray, threshold: float, bootstrap: bool) -> Found:
    """What a baseline finds."""
    matrix = answer.matrix
    if bootstrap or baseline.gives is Gives.PROBABILITIES:
        edges = matrix >= 0.5
    elif baseline.gives is Gives.SCORES:
        edges = (matrix > 0) & (matrix >= threshold)
    elif baseline.gives is Gives.CPDAG:
        edges = metrics.favourable(matrix, truth)
        matrix = edges.astype(float)
    else:
        edges = matrix > 0
    probabilities = bootstrap or baseline.gives is Gives.PROBABILITIES
    return Found(matrix, edges, probabilities, answer.seconds, answer.failure)


def measure(
    effort: Effort,
    model: Model,
    domain: str,
    setting: Setting,
    baselines: Sequence[str],
    *,
    seed: int = 0,
    bootstrap: bool = False,
) -> list[dict[str, Any]]:
    """The model and baselines on fresh datasets.

    Baselines that do not fit the kind of rows, or whose package is missing, are left out. A failure is the empty graph.

    Args:
        effort: how many datasets, and how long a baseline may take.
        model: the model.
        domain: what is simulated.
        setting: size and rows.
        baselines: names in `BASELINES`.
        seed: chooses the datasets.
        bootstrap: edge probabilities of the baselines by the DAG bootstrap.

    Returns:
        One dictionary for each method and dataset, with the metrics of `Found.row`.
    """
    where = {"domain": domain, **setting._asdict(), "model": model.name}
    fresh = list(labelled_data(domain, setting, effort.datasets[Cost.LOW], seed))
    rows = [{"method": "model", **where, "dataset": k, **predicted(model, data).row(g)} for k, data, g in fresh]
    with Worker() as worker:
        for baseline in usable(baselines, setting.n_int > 0):

            def answer(data: Dataset, baseline: Baseline = baseline) -> Result:
                seen = Data(data.x, data.interventions, data.kind, seed)
                again = effort.bootstrap if bootstrap else 0
                limit = effort.seconds[baseline.cost]
                return ask(worker, baseline.name, seen, seconds=limit, bootstrap=again)

            threshold = 0.0
            if baseline.gives is Gives.SCORES and not bootstrap:
                tuning = labelled_data(
                    domain, setting, min(_TUNING, effort.datasets[baseline.cost]), TUNING_SEED + seed
                )
                threshold = best_score([(answer(data).matrix, g) for _, data, g in tuning])
            for k, data, g in fresh[: effort.datasets[baseline.cost]]:
                found = answered(baseline, answer(data), g, threshold, bootstrap)
                rows.append({"method": baseline.name, **where, "dataset": k, **found.row(g)})
    return rows


def by_name(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `measure` in which the model has its own name among the methods."""
    return [{**row, "method": row["model"] if row["method"] == "model" else row["method"]} for row in rows]


def usable(names: Sequence[str], interventional: bool) -> list[Baseline]:
    """The baselines that take such rows and whose package is there."""
    chosen = [BASELINES[name] for name in names]
    return [baseline for baseline in chosen if baseline.takes.fits(interventional) and not baseline.missing]


def best_score(answers: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """The threshold of scores with the best mean F1 over datasets, of 50 quantiles of the scores above 0."""
    pooled = np.concatenate([metrics.off_diagonal(scores) for scores, _ in answers])
    if not (pooled > 0).any():
        return 0.0
    candidates = np.unique(np.quantile(pooled[pooled > 0], np.linspace(0, 0.99, 50)))
    f1 = [np.mean([metrics.precision_recall_f1(s >= t, g)[2] for s, g in answers]) for t in candidates]
    return float(candidates[int(np.argmax(f1))])

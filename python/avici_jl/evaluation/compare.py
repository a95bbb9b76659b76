"""A model beside simple scores on fresh simulated data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from avici_jl.errors import AviciError, InputError, TrustError
from avici_jl.evaluation import metrics
from avici_jl.evaluation.scores import correlation, mean_difference
from avici_jl.model import Model
from avici_jl.posterior.acyclic import is_acyclic
from avici_jl.simulation import Dataset, load_domain, simulate

EVALUATION_SEED = 2**31
"""Seeds of evaluation start here; training never uses them."""


class Setting(NamedTuple):
    """One row of a comparison: the size of the datasets and their kinds of rows."""

    d: int
    n_obs: int
    n_int: int


@dataclass(frozen=True)
class Comparison:
    """Results of one setting: for each method its scores, one per dataset.

    Attributes:
        setting: the size of the datasets.
        auprc: areas under the precision-recall curve of "model", "correlation" and "mean difference".
        f1: F1 scores of the model at its threshold.
        shd: structural Hamming distances of the model at its threshold.
        calibration: expected calibration errors of the model.
        acyclic: whether the edges at the threshold form no cycle.
        predictions: the model's probabilities [d, d] and the true graph [d, d], of each dataset.
        chance: mean share of pairs that are edges, which a random order of the pairs reaches.
        signs: for "true" edges and "found" ones among them, shares of those of known sign whose sign the model says;
            NaN where there is none. Empty if the model does not say signs, or no sign is known.
    """

    setting: Setting
    auprc: dict[str, np.ndarray]
    f1: np.ndarray
    shd: np.ndarray
    calibration: np.ndarray
    acyclic: np.ndarray
    predictions: list[tuple[np.ndarray, np.ndarray]]
    chance: float
    signs: dict[str, np.ndarray] = field(default_factory=dict)


def settings(sizes: Sequence[int], n: int) -> list[Setting]:
    """For each size: n observational rows; and half observational, half interventional."""
    return [Setting(d, *rows) for d in sizes for rows in ((n, 0), (n - n // 2, n // 2))]


def evaluation_data(domain: str, setting: Setting, count: int, seed: int = 0) -> Iterator[Dataset]:
    """Fresh datasets that no training has seen."""
    for index in range(count):
        yield simulate(
            domain, d=setting.d, n_obs=setting.n_obs, n_int=setting.n_int, seed=EVALUATION_SEED + seed, index=index
        )


def simulated_domain(domain: str, model: str) -> str:
    """`domain`, which a model was trained on, if it is one that AviciSim simulates.

    Raises:
        InputError: it is a function or labelled datasets; the message says what to do.
        TrustError: it is a file's word, and runs code.
    """
    try:
        load_domain(domain)
    except TrustError:
        raise
    except AviciError:
        raise InputError(
            f"{model} was trained on {domain}, which is no simulated domain: name one by domain= (--domain), or "
            "measure on labelled datasets (avici-jl evaluate --data)."
        ) from None
    return domain


def labelled_data(
    domain: str, setting: Setting, count: int, seed: int = 0
) -> Iterator[tuple[int, Dataset, np.ndarray]]:
    """Those of `evaluation_data` whose graphs have edges: number, dataset and graph [d, d]."""
    for number, data in enumerate(evaluation_data(domain, setting, count, seed)):
        if data.graph is not None and data.graph.any():
            yield number, data, data.graph


def compare(
    model: Model,
    where: Sequence[Setting],
    *,
    domain: str | None = None,
    datasets: int = 20,
    seed: int = 0,
    done: Callable[[Comparison], None] = lambda row: None,
) -> list[Comparison]:
    """The model, |correlation| and, with interventions, the knock-out mean difference, on the same fresh datasets.

    Args:
        model: the model.
        where: the settings, see `settings`.
        domain: what is simulated; by default the domain the model was trained on.
        datasets: number of datasets of each setting.
        seed: chooses the datasets.
        done: is called with each row as it is finished.

    Raises:
        InputError: no graph of a setting's datasets has an edge; or no domain is given, and the model's is none.
    """
    rows, domain = [], domain or simulated_domain(model.domain, model.name)
    for setting in where:
        fresh = labelled_data(domain, setting, datasets, seed)
        row = compare_on(model, setting, (data for _, data, _ in fresh))
        rows.append(row)
        done(row)
    return rows


def compare_on(model: Model, setting: Setting, datasets: Iterable[Dataset]) -> Comparison:
    """The same on given datasets of one size, whose graphs are known and have edges."""
    auprc: dict[str, list[float]] = {"model": [], "correlation": [], "mean difference": []}
    f1, shd, calibration, acyclic, chance, predictions = [], [], [], [], [], []
    signs: dict[str, list[float]] = {"true": [], "found": []}
    threshold = model.decision_threshold(setting.n_int > 0)
    for data in datasets:
        assert data.graph is not None
        posterior = model.infer(data)
        p = posterior.probabilities
        edges = p >= threshold
        if posterior.increase is not None and data.signs is not None:
            signs["true"].append(metrics.sign_accuracy(posterior.increase, data.signs))
            signs["found"].append(metrics.sign_accuracy(posterior.increase, data.signs, edges))
        scores = {"model": p, "correlation": correlation(data.x, data.interventions, data.kind)}
        if setting.n_int:
            scores["mean difference"] = mean_difference(data.x, data.interventions, data.kind)
        for name, score in scores.items():
            auprc[name].append(metrics.auprc(score, data.graph))
        f1.append(metrics.precision_recall_f1(edges, data.graph)[2])
        shd.append(metrics.shd(edges, data.graph))
        calibration.append(metrics.expected_calibration_error(p, data.graph))
        acyclic.append(is_acyclic(edges))
        predictions.append((p, data.graph))
        chance.append(metrics.chance(data.graph))
    if not predictions:
        raise InputError(f"No dataset with d={setting.d} has a graph with edges, so nothing can be measured.")
    return Comparison(
        setting,
        {name: np.array(values) for name, values in auprc.items()},
        np.array(f1),
        np.array(shd),
        np.array(calibration),
        np.array(acyclic),
        predictions,
        float(np.mean(chance)),
        {name: np.array(values) for name, values in signs.items() if values},
    )


def read_labelled(folders: Sequence[Path]) -> dict[Setting, list[Dataset]]:
    """Datasets with known graphs, by their sizes.

    Args:
        folders: each a dataset (see `Dataset.save`), or a folder of such folders.

    Raises:
        InputError: one cannot be read, or its graph is not known or has no edge.
    """
    found: dict[Setting, list[Dataset]] = {}
    for folder in folders:
        inside = sorted(path.parent for path in folder.glob("*/meta.toml"))
        for place in inside if not (folder / "meta.toml").is_file() and inside else [folder]:
            data = Dataset.load(place)
            if data.graph is None or not data.graph.any():
                raise InputError(f"{place} has no graph with edges (graph.npy), so nothing can be measured on it.")
            set_rows = int(data.interventions.any(axis=1).sum())
            found.setdefault(Setting(data.x.shape[1], len(data.x) - set_rows, set_rows), []).append(data)
    return found

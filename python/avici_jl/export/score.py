"""Which pairs of a table are worth asking about, learned from simulated tables; see `avici_jl.subsets.score`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from avici_jl.checkpoints.files import CARD, write_json
from avici_jl.checkpoints.model import load_model
from avici_jl.data.standardize import features
from avici_jl.errors import AviciError
from avici_jl.evaluation.compare import EVALUATION_SEED, simulated_domain
from avici_jl.network.predictor import Predictor
from avici_jl.simulation import simulate_batch
from avici_jl.subsets.score import LEARNED_WITH, PairScore

_SEED = EVALUATION_SEED + 8_000_000
_ROWS = 1000, 250
_OTHERS = 4
"""Pairs that are no edge in either direction, for each edge; they stand for all of them."""
_RIDGE, _STEPS = 1e-4, 200
_LEAST_DEVIATION = 0.05
"""A statistic that hardly varies in these tables may do so in others, and has little weight."""


def learn_score(config: Mapping[str, Any], params: Mapping[str, Any], domain: str, tables: int) -> PairScore | None:
    """A logistic regression of edges on statistics of pairs.

    None of a network that sees no statistics, and where the domain has no tables of so many variables.

    Args:
        config: the settings of the run.
        params: nested dict of arrays.
        domain: what is simulated: tables of 160 variables and of 1000 and 250 rows in turns.
        tables: how many.
    """
    predictor, parts, rng = Predictor(config["network"], params), [], np.random.default_rng(_SEED)
    if not predictor.statistics:
        return None
    try:
        for x, u, graph in _simulated(config["data"], domain, tables):
            gaps = bool(np.isnan(x).any())
            summary = predictor.summarize(features(x, u, config["data"]["kind"], gaps=gaps, same_units=None))
            parts.append(_sample(summary.statistics, graph.astype(bool), rng))  # type: ignore[union-attr]
    except AviciError:
        return None
    statistics, edges, stands_for = (np.concatenate(part) for part in zip(*parts, strict=True))
    return _fitted(statistics, edges, stands_for, LEARNED_WITH)


def _simulated(data: Mapping[str, Any], domain: str, count: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Tables [n, d] with interventions [n, d] and graphs [d, d]; shares of interventional rows as in training."""
    rng = np.random.default_rng([_SEED, 1])
    for k in range(count):
        n = _ROWS[k % len(_ROWS)]
        n_int = round(n * float(rng.choice(data["interventional"])))
        found = simulate_batch(domain, 1, d=LEARNED_WITH, n_obs=n - n_int, n_int=n_int, seed=_SEED, first=k)
        yield tuple(part[0] for part in found)  # type: ignore[misc]


def _sample(statistics: np.ndarray, graph: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """All edges and their reverses, and some of the other pairs: statistics [m, k], edges [m], how many each is for."""
    near = graph | graph.T
    cause, effect = np.nonzero(~near & ~np.eye(len(graph), dtype=bool))
    kept = rng.choice(len(cause), min(len(cause), max(_OTHERS * int(graph.sum()), 1)), replace=False)
    at = tuple(np.concatenate(both) for both in zip(np.nonzero(near), (cause[kept], effect[kept]), strict=True))
    stands_for = np.repeat([1.0, len(cause) / len(kept)], [int(near.sum()), len(kept)])
    return statistics[at], graph[at], stands_for


def _fitted(statistics: np.ndarray, edges: np.ndarray, stands_for: np.ndarray, d: int) -> PairScore:
    """The regression with a small ridge on standardised statistics and their sizes, of tables of d variables."""
    x = np.concatenate([statistics, np.abs(statistics)], 1)
    mean, deviation = x.mean(0), x.std(0) + _LEAST_DEVIATION
    x -= mean
    x /= deviation
    weight, sign = (stands_for / stands_for.sum()).astype(np.float32), np.where(edges, -1.0, 1.0).astype(np.float32)

    def loss(coefficients: np.ndarray) -> tuple[float, np.ndarray]:
        own = coefficients[:-1].astype(np.float32)
        logits = sign * (x @ own + np.float32(coefficients[-1] - np.log(d)))  # of being wrong
        slope = weight * sign * expit(logits)
        value = float((weight * np.logaddexp(0, logits)).sum()) + _RIDGE / 2 * float(own @ own)
        return value, np.append(slope @ x + _RIDGE * own, slope.sum()).astype(float)

    found = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}).x
    own = found[:-1] / deviation
    signed, size = np.split(own.astype(np.float32), 2)
    return PairScore(signed, size, float(found[-1] - own @ mean))


def renew_score(folder: str | Path, tables: int) -> bool:
    """Learn the score again, and store it in a finished model's card; False where there is none, see `learn_score`.

    Raises:
        CheckpointError: the folder holds no finished model.
        InputError, TrustError: its domain cannot be simulated.
    """
    loaded = load_model(folder)
    domain = simulated_domain(loaded.card["domain"], "the model")
    score = learn_score(loaded.config, loaded.params, domain, tables)
    if score is not None:
        write_json(Path(folder) / CARD, {**loaded.card, "pair_score": score.table()})
    return score is not None

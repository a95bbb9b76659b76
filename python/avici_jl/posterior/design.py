"""Which variable to set or knock out next: the design of experiments whose outcome tells most about the graph.

Acyclic graphs drawn from the posterior are the hypotheses. When v is set, the variables that it has a path to respond,
and what it had from its own causes is gone. Each is seen through noise: with r_j = 1 for a response of j, and c_j = 1
if j is a cause of v, else 0, the experiment measures

    z_j = δ r_j + ε_j,     z'_j = δ c_j + ε'_j,     ε ~ N(0, 1),     δ = e √rows,

differences of means in units of their standard error, for an effect of e standard deviations. What is open about the
edges is their variance over the hypotheses, Σ p (1 - p), the quadratic entropy; what the outcome settles of it is at
least what the best linear estimate of the edges E from z explains,

    tr cov(E, z) cov(z)⁻¹ cov(z, E).

That is joint over variables, so responses that come and go together count once, and joint over interventions: the best
set of k is chosen greedily. Covariances are those of the hypotheses, so with few of them the amount is overstated, for
all candidates alike: it is good for ranking.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from avici_jl.errors import InputError
from avici_jl.posterior.acyclic import sample_acyclic
from avici_jl.posterior.edges import check_count

if TYPE_CHECKING:
    import pandas as pd

    from avici_jl.posterior.posterior import Posterior

_EFFECT = 0.6
"""Size e of a response in standard deviations."""
_MOST = 150
"""So many variables are looked at; of more, the candidates and those whose edges are the most open."""
_EDGES, _NAMED = 3, 0.1
"""The most edges that are named for an intervention, and the share that each is settled of what the first is."""


def suggestions(
    posterior: Posterior, top: int | None, candidates: Sequence[int] | None, *, rows: int, graphs: int, seed: int
) -> pd.DataFrame:
    """The table of `Posterior.suggest_interventions`.

    Raises:
        InputError: a number is out of its range.
    """
    import pandas as pd

    for number in (rows, graphs, 1 if top is None else top):
        check_count(number)
    if rows == 0 or graphs < 2:
        raise InputError(f"At least one row and two graphs are needed, got rows={rows} and graphs={graphs}.")
    known = posterior.data.interventions.sum(axis=0, dtype=int)
    wanted = list(dict.fromkeys(range(len(known)) if candidates is None else candidates))
    p = posterior.probabilities.astype(float)
    open_ = p * (1 - p)
    looked, share = np.arange(len(p)), 1.0
    if len(p) > _MOST:
        first = open_.sum(axis=0) + open_.sum(axis=1)
        if candidates is not None:
            first[wanted] += first.max()
        looked = np.sort(np.argsort(-first, kind="stable")[:_MOST])
        share = float(open_[np.ix_(looked, looked)].sum() / max(open_.sum(), 1e-12))
    sure = posterior.data.known
    drawn = sample_acyclic(
        p[np.ix_(looked, looked)], graphs, seed, None if sure is None else sure.pairs[np.ix_(looked, looked)]
    )
    # What rows that are there already have not settled, as many more settle only in part.
    precision = (_EFFECT**2 * rows * rows / (rows + known))[looked]
    places = [int(k) for k in np.searchsorted(looked, [v for v in wanted if v in set(looked.tolist())])]
    chosen = best_set(drawn, precision, places, len(places) if top is None else top)
    names = posterior.names
    variables, gains = (
        looked[np.array([step.variable for step in chosen], int)],
        share * np.array([step.settles for step in chosen]),
    )
    return pd.DataFrame(
        {
            "variable": pd.Index(names, tupleize_cols=False).take(variables),
            "settles": gains,
            "total": np.cumsum(gains),
            "rows": known[variables],
            "edges": [[(names[looked[i]], names[looked[j]]) for i, j in step.edges] for step in chosen],
        }
    )


class Step(NamedTuple):
    """One intervention of a design.

    Attributes:
        variable: its place.
        settles: the share of the edges' variance that it settles beyond those before.
        edges: places (source, target) of those of which it settles most, the first most.
    """

    variable: int
    settles: float
    edges: list[tuple[int, int]]


def responses(graphs: np.ndarray) -> np.ndarray:
    """[count, d, d] bool of acyclic graphs [count, d, d]: whether j responds when i is set, by a path from i to j."""
    reached = np.asarray(graphs, np.float32)
    reached = reached + np.eye(reached.shape[-1], dtype=np.float32)
    length = 1
    while length < reached.shape[-1]:  # each square doubles the lengths of the paths that are covered
        reached = np.minimum(reached @ reached, 1.0)
        length *= 2
    return (reached > 0) & ~np.eye(reached.shape[-1], dtype=bool)


def best_set(graphs: np.ndarray, precision: np.ndarray, candidates: Sequence[int], count: int) -> list[Step]:
    """The greedy order of the candidates.

    Args:
        graphs: [graphs, d, d], acyclic.
        precision: [d], δ² of each intervention.
        candidates: positions of variables.
        count: how many are wanted.
    """
    number, responding = len(graphs), responses(graphs)
    edges = graphs.reshape(number, -1).astype(float)
    edges = edges - edges.mean(axis=0)
    open_ = edges @ edges.T  # between hypotheses; its trace is the edges' variance times their number
    everything = max(float(np.trace(open_)), 1e-12)
    signals = {}
    for v in candidates:
        seen = np.concatenate([responding[:, v], graphs[:, :, v] > 0], axis=1)
        signal = seen[:, seen.any(axis=0)].astype(float)
        signals[v] = np.sqrt(precision[v] / number) * (signal - signal.mean(axis=0))
    left, chosen = np.eye(number), list[Step]()  # left: (1 + K)⁻¹, with K the kernel of those chosen
    while signals and len(chosen) < count:
        weighted = left @ open_ @ left
        gains = {v: _explained(signal, left, weighted) / everything for v, signal in signals.items()}
        best = max(gains, key=lambda v: gains[v])
        signal = signals.pop(best)
        seen = left @ signal
        chosen.append(Step(best, gains[best], _settled(signal, seen, edges)))
        left = left - seen @ np.linalg.solve(np.eye(signal.shape[1]) + signal.T @ seen, seen.T)
    return chosen


def _explained(signal: np.ndarray, left: np.ndarray, weighted: np.ndarray) -> float:
    """tr (1 + S'LS)⁻¹ S'WS, what a signal S settles beyond those before it (the Woodbury identity)."""
    return float(
        np.trace(np.linalg.solve(np.eye(signal.shape[1]) + signal.T @ left @ signal, signal.T @ weighted @ signal))
    )


def _settled(signal: np.ndarray, seen: np.ndarray, edges: np.ndarray) -> list[tuple[int, int]]:
    """The edges [graphs, d²] of which a signal S settles most; `seen` is LS."""
    factor = cholesky(np.eye(signal.shape[1]) + signal.T @ seen, lower=True)
    settled = (solve_triangular(factor, seen.T @ edges, lower=True) ** 2).sum(axis=0)
    d = round(np.sqrt(len(settled)))
    best = np.argsort(-settled, kind="stable")[:_EDGES]
    return [divmod(int(k), d) for k in best if settled[k] > max(_NAMED * settled[best[0]], 1e-9)]

"""Which variable to set or knock out next: the design of experiments whose outcome tells most about the graph.

Acyclic graphs drawn from the posterior are the hypotheses. When v is set, the variables that it has a path to respond,
and each response is seen through noise: with r_j = 1 for a response of j, else 0, the experiment measures

    z_j = δ r_j + ε_j,     ε_j ~ N(0, 1),     δ = e √rows,

a difference of means in units of its standard error, for an effect of e standard deviations. What the outcome tells
about the graph, I(graph; z) = H(graph) - E H(graph | z), is estimated from the covariance C of the responses over the
hypotheses,

    I ≈ ½ log₂ det(1 + δ² C),

which bounds it from above, exact for responses that are jointly normal. That is joint over variables, so responses that
come and go together count once, and joint over interventions: the best set of k is chosen greedily, which is within
1 - 1/e of the best, since this information is monotone and submodular (Krause, Singh and Guestrin 2008).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from avici_jl.errors import InputError
from avici_jl.posterior.edges import check_count

if TYPE_CHECKING:
    import pandas as pd

    from avici_jl.posterior.posterior import Posterior

_EFFECT = 0.5
"""Size e of a response in standard deviations."""


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
    places = list(dict.fromkeys(range(len(known)) if candidates is None else candidates))
    drawn = posterior.sample(graphs, seed=seed)
    # What rows that are there already have not settled, as many more settle only in part.
    precision = _EFFECT**2 * rows * rows / (rows + known)
    chosen = best_set(responses(drawn), precision, places, len(places) if top is None else top)
    labels = pd.Index(posterior.names, tupleize_cols=False)
    variables, gains = [v for v, _ in chosen], np.array([gain for _, gain in chosen])
    return pd.DataFrame(
        {
            "variable": labels.take(variables),
            "information": gains,
            "total": np.cumsum(gains),
            "rows": known[variables],
        }
    )


def responses(graphs: np.ndarray) -> np.ndarray:
    """[count, d, d] bool of acyclic graphs [count, d, d]: whether j responds when i is set, by a path from i to j."""
    reached = np.asarray(graphs, np.float32)
    reached = reached + np.eye(reached.shape[-1], dtype=np.float32)
    length = 1
    while length < reached.shape[-1]:  # each square doubles the lengths of the paths that are covered
        reached = np.minimum(reached @ reached, 1.0)
        length *= 2
    return (reached > 0) & ~np.eye(reached.shape[-1], dtype=bool)


def best_set(
    responding: np.ndarray, precision: np.ndarray, candidates: Sequence[int], count: int
) -> list[tuple[int, float]]:
    """The greedy order of the candidates, with the information in bits that each adds to those before it.

    A gain never grows as others are chosen, so a candidate is looked at again only if its last gain leads.

    Args:
        responding: [graphs, d, d], see `responses`.
        precision: [d], δ² of each intervention.
        candidates: positions of variables.
        count: how many are wanted.
    """
    graphs = len(responding)
    kernels = {}
    for v in candidates:
        centred = responding[:, v] - responding[:, v].mean(axis=0)
        kernels[v] = precision[v] / graphs * (centred @ centred.T)
    total, information = np.eye(graphs), 0.0
    gains: dict[int, float] = dict.fromkeys(candidates, np.inf)
    chosen: list[tuple[int, float]] = []
    while gains and len(chosen) < count:
        fresh: set[int] = set()
        while (best := max(gains, key=lambda v: gains[v])) not in fresh:
            gains[best] = float(0.5 / np.log(2) * np.linalg.slogdet(total + kernels[best])[1]) - information
            fresh.add(best)
        total += kernels[best]
        information += gains[best]
        chosen.append((best, max(gains.pop(best), 0.0)))
    return chosen

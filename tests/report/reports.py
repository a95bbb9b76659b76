"""Posteriors of random networks, without a network that predicts."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from avici_jl.data.inputs import read_input
from avici_jl.posterior import Posterior

CARD = {
    "domain": "linear",
    "digest": "sha256:0123456789abcdef0123456789abcdef",
    "data": {"domain": "linear", "sizes": [{"d": 10}, {"d": 50}], "rows": [150, 1000], "interventional": [0.0, 0.5]},
    "evaluation": [
        {
            "domain": "linear",
            "d": 20,
            "n_obs": 500,
            "n_int": 500,
            "datasets": 30,
            "f1": [0.9, 0.01],
            "ece": [0.02, 0.01],
        }
        | {"auprc": {"model": [0.95, 0.01], "correlation": [0.3, 0.02]}},
    ],
}


def random_posterior(d: int, n: int, names: list[str] | None = None) -> Posterior:
    """A linear system with half of the rows interventional, and probabilities that mostly fit."""
    rng = np.random.default_rng(d)
    graph = np.triu(rng.random((d, d)) < min(0.4, 2.2 / d), 1)
    weight = graph * rng.normal(size=(d, d))
    given = np.zeros((n, d), np.uint8)
    given[np.arange(n // 2), rng.integers(0, d, n // 2)] = 1
    x = np.zeros((n, d))
    for j in range(d):
        x[:, j] = x @ weight[:, j] + rng.normal(size=n)
        x[given[:, j] > 0, j] = rng.normal(loc=3.0, size=int(given[:, j].sum()))
    x[rng.random((n, d)) < 0.02] = np.nan
    p = expit(rng.normal(-4.0 - np.log10(d), 1.0, (d, d)) + graph * rng.normal(8.0, 3.0, (d, d))).astype(np.float32)
    np.fill_diagonal(p, 0.0)
    entries = [np.flatnonzero(row).tolist() or None for row in given]
    labels = [f"GENE{k}" for k in range(d)] if names is None else names
    data = read_input(x, entries, kind="values", names=labels)
    return Posterior(p, data, 0.4, "scm", "values", ("scm: the data have 2.0% missing values.",), CARD)

"""A simulator of one's own in Python.

From the shell:  avici-jl train --domain examples/training/simulator.py:simulate --workdir runs/saturating
From Python:     python examples/training/simulator.py runs/saturating
"""

from __future__ import annotations

import sys

import numpy as np

from avici_jl.training import run


def simulate(rng: np.random.Generator, d: int, n_obs: int, n_int: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One dataset: saturating effects along a random acyclic graph.

    All randomness comes from `rng`, so that a run can be repeated and continued. Observational rows come first.

    Returns:
        x [n, d], interventions [n, d] of 0 and 1, graph [d, d] with graph[i, j] == 1 where i causes j.
    """
    n, order = n_obs + n_int, rng.permutation(d)
    graph = np.zeros((d, d), int)
    graph[np.ix_(order, order)] = np.triu(rng.random((d, d)) < min(0.5, 3 / d), 1)
    weights = graph * rng.uniform(1, 3, (d, d)) * rng.choice([-1, 1], (d, d))
    interventions = np.zeros((n, d), int)
    interventions[np.arange(n_obs, n), rng.integers(d, size=n_int)] = 1
    x = rng.normal(0, rng.uniform(0.2, 1, d), (n, d))
    for j in order:  # causes before effects
        x[:, j] += np.tanh(x) @ weights[:, j]
        x[:, j] = np.where(interventions[:, j] == 1, rng.normal(0, 2, n), x[:, j])
    return x, interventions, graph


simulate.kind = "values"  # "counts" for raw counts; the default is values
simulate.acyclic = True  # whether training puts the acyclicity constraint on predictions; the default is to do so

if __name__ == "__main__":
    run(sys.argv[1], domain=simulate, preset="compact", overrides=sys.argv[2:])

"""Datasets of other people's generators, as their packages make them, and simple imperfections of tables.

Nothing here is shared with the simulators that the models were trained on.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np

from avici_jl.data.dataset import Dataset
from avici_jl.evaluation.compare import EVALUATION_SEED
from avici_jl.posterior.acyclic import causes_first

Generator = Callable[[np.random.Generator, int, int], tuple[np.ndarray, np.ndarray]]
"""(rng, d, n) -> x [n, d], graph [d, d]."""


def gcastle(method: str, sem: str, weights: tuple[float, float] = (0.5, 2.0)) -> Generator:
    """The generator of gCastle (Zhang et al. 2021): Erdős-Rényi graphs with two edges per variable.

    Args:
        method: "linear" or "nonlinear".
        sem: its `sem_type`.
        weights: range of the absolute values of linear weights.
    """

    def make(rng: np.random.Generator, d: int, n: int) -> tuple[np.ndarray, np.ndarray]:
        from castle.datasets import DAG, IIDSimulation

        with _global_seed(rng):
            weighted = DAG.erdos_renyi(n_nodes=d, n_edges=2 * d, weight_range=weights, seed=int(rng.integers(2**31)))
            made = IIDSimulation(W=weighted, n=n, method=method, sem_type=sem)
        return np.asarray(made.X), np.asarray(weighted != 0)

    return make


def cdt(mechanism: str) -> Generator:
    """The acyclic graph generator of the Causal Discovery Toolbox (Kalainathan and Goudet 2019), with its defaults."""

    def make(rng: np.random.Generator, d: int, n: int) -> tuple[np.ndarray, np.ndarray]:
        import networkx as nx
        from cdt.data import AcyclicGraphGenerator
        from cdt.data.causal_mechanisms import normal_noise

        # NumPy no longer takes the one-element arrays that this mechanism makes of a column of noise.
        flat = {"noise": lambda points: normal_noise(points)[:, 0]} if mechanism == "sigmoid_mix" else {}
        with _global_seed(rng):
            data, graph = AcyclicGraphGenerator(mechanism, npoints=n, nodes=d, **flat).generate()

        return data.to_numpy(float), nx.to_numpy_array(graph, nodelist=list(data.columns)) != 0

    return make


def standardized_linear(noise: str) -> Generator:
    """Internally standardised linear models (Ormaniec et al. 2025): every variable has unit variance before it acts."""

    def make(rng: np.random.Generator, d: int, n: int) -> tuple[np.ndarray, np.ndarray]:
        graph, x = _erdos_renyi(rng, d, 2 * d), np.zeros((n, d))
        for j in causes_first(graph):
            weights = rng.uniform(0.5, 2.0, d) * rng.choice([-1, 1], d) * graph[:, j]
            value = x @ weights + getattr(rng, noise)(size=n)
            x[:, j] = (value - value.mean()) / value.std()
        return x, graph

    return make


def _erdos_renyi(rng: np.random.Generator, d: int, edges: int) -> np.ndarray:
    place = rng.permutation(d)
    return (rng.random((d, d)) < 2 * edges / (d * (d - 1))) & (place[:, None] < place[None, :])


@contextmanager
def _global_seed(rng: np.random.Generator) -> Any:
    """These packages draw from the global generators; they get seeds of the dataset's own, and the state comes back."""
    state, python_state, level = np.random.get_state(), random.getstate(), logging.root.manager.disable
    np.random.seed(int(rng.integers(2**31)))
    random.seed(int(rng.integers(2**31)))
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        np.random.set_state(state)
        random.setstate(python_state)
        logging.disable(level)


GENERATORS: dict[str, Generator] = {
    "gCastle linear, Gaussian noise": gcastle("linear", "gauss"),
    "gCastle linear, exponential noise": gcastle("linear", "exp"),
    "gCastle linear, Gumbel noise": gcastle("linear", "gumbel"),
    "gCastle linear, uniform noise": gcastle("linear", "uniform"),
    "gCastle linear, Gumbel noise, weights a fifth": gcastle("linear", "gumbel", (0.1, 0.4)),
    "internally standardised linear, Gumbel noise": standardized_linear("gumbel"),
    "gCastle perceptron": gcastle("nonlinear", "mlp"),
    "gCastle multiple-index": gcastle("nonlinear", "mim"),
    "gCastle quadratic": gcastle("nonlinear", "quadratic"),
    "gCastle Gaussian process": gcastle("nonlinear", "gp"),
    "gCastle additive Gaussian process": gcastle("nonlinear", "gp-add"),
    "CDT linear": cdt("linear"),
    "CDT sigmoid sums": cdt("sigmoid_add"),
    "CDT sigmoid mixes": cdt("sigmoid_mix"),
    "CDT polynomial": cdt("polynomial"),
}
"""By the name in reports."""

_PACKAGES = {"gCastle": ("castle",), "CDT": ("cdt", "torch", "GPUtil")}


def missing_packages(name: str) -> list[str]:
    """The packages that a generator needs and that are not installed."""
    return [package for package in _PACKAGES.get(name.split()[0], ()) if find_spec(package) is None]


Imperfection = Callable[[np.random.Generator, np.ndarray], np.ndarray]
"""(rng, x [n, d]) -> x [n', d], NaN where missing."""


def measurement_error(share: float) -> Imperfection:
    """Gaussian noise with this share of each variable's variance."""
    return lambda rng, x: x + np.sqrt(share) * x.std(axis=0) * rng.normal(size=x.shape)


def batches(shift: float, count: int = 5) -> Imperfection:
    """`count` batches of rows, each with its own normal shift of every variable, in standard deviations."""

    def make(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
        label = rng.integers(count, size=len(x))
        return x + (shift * x.std(axis=0) * rng.normal(size=(count, x.shape[1])))[label]

    return make


def levels(count: int) -> Imperfection:
    """Each variable cut at its quantiles into `count` levels."""
    cuts = np.linspace(0, 1, count + 1)[1:-1]
    return lambda rng, x: np.stack([np.searchsorted(np.quantile(c, cuts), c) for c in x.T], axis=1).astype(float)


def missing(share: float) -> Imperfection:
    """Values missing completely at random."""
    return lambda rng, x: np.where(rng.random(x.shape) < share, np.nan, x)


def outliers(share: float, size: float = 10.0) -> Imperfection:
    """A share of the cells replaced by normal values `size` standard deviations wide."""
    return lambda rng, x: np.where(
        rng.random(x.shape) < share, x.mean(0) + size * x.std(0) * rng.normal(size=x.shape), x
    )


def repeated(times: int) -> Imperfection:
    """The first 1/times of the rows, each `times` times, so that the number of rows stays."""
    return lambda rng, x: np.repeat(x[: len(x) // times], times, axis=0)


IMPERFECTIONS: dict[str, Imperfection] = {
    "none": lambda rng, x: x,
    "measurement error 3 %": measurement_error(0.03),
    "measurement error 25 %": measurement_error(0.25),
    "measurement error 100 %": measurement_error(1.0),
    "batches 0.1 s.d.": batches(0.1),
    "batches 0.3 s.d.": batches(0.3),
    "batches 1 s.d.": batches(1.0),
    "five levels": levels(5),
    "two levels": levels(2),
    "5 % missing": missing(0.05),
    "20 % missing": missing(0.2),
    "1 % outliers": outliers(0.01),
    "rows five times": repeated(5),
}
"""By the name in reports."""


def external_dataset(name: str, number: int, *, d: int, n: int, imperfection: str = "none") -> Dataset:
    """Dataset `number` of a generator: the same table for the same arguments, columns in random order."""
    rng = np.random.default_rng([EVALUATION_SEED, sum(name.encode()), d, n, number])
    x, graph = GENERATORS[name](rng, d, n)
    x = IMPERFECTIONS[imperfection](np.random.default_rng([EVALUATION_SEED, number, 1]), x)
    order = rng.permutation(d)
    x, graph = x[:, order].astype(np.float32), graph[np.ix_(order, order)].astype(np.uint8)
    return Dataset(x, np.zeros(x.shape, np.uint8), graph, [f"x{j + 1}" for j in range(d)])

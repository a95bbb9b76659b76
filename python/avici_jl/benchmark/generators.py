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
from avici_jl.simulation import simulate

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
        graph, x = erdos_renyi(rng, d, 2 * d), np.zeros((n, d))
        for j in causes_first(graph):
            weights = rng.uniform(0.5, 2.0, d) * rng.choice([-1, 1], d) * graph[:, j]
            value = x @ weights + getattr(rng, noise)(size=n)
            x[:, j] = (value - value.mean()) / value.std()
        return x, graph

    return make


def erdos_renyi(rng: np.random.Generator, d: int, edges: int) -> np.ndarray:
    """[d, d] bool, an acyclic graph with `edges` edges in expectation."""
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

_PACKAGES = {"gCastle": ("castle",), "CDT": ("cdt", "torch", "GPUtil"), "sergio_rs": ("sergio_rs",)}


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


SERGIO_PROFILES = ("DS1", "DS6", "DS8")
"""Profiles of technical noise of sergio_rs."""


def sergio_dataset(
    number: int, profile: str, *, d: int = 30, cells: int = 500, per_knockout: int = 15, steps_per_cell: int = 10
) -> Dataset:
    """Counts of sergio_rs (SERGIO, Dibaeinia and Sinha 2020, in Rust): a module of the network of E. coli.

    Five cell types; interactions of 1 to 5 of either sign with Hill coefficient 2; master regulators that are low
    (0.5 to 2) or high (2 to 4) in a cell type. All cells of a type, in one condition, are moments of one trajectory.
    A knocked-out gene is taken out of the network: its targets lose what it produces, or, where it was their only
    regulator, produce at a random rate of their own.

    Args:
        number: of the dataset.
        profile: of technical noise, one of sergio_rs' `NoiseSetting`.
        d: genes.
        cells: cells in which nothing is knocked out; a multiple of 5.
        per_knockout: cells for each gene's knock-out; a multiple of 5.
        steps_per_cell: steps of 0.01 of a trajectory for every cell that is drawn from it, while a gene forgets its
            past in 1 / 0.8 = 125 steps. With the default a hundred cells tell as much as eight independent ones.
    """
    import sergio_rs

    types = 5
    rng = np.random.default_rng([EVALUATION_SEED, number, d])
    module = simulate("grn-ecoli", d=d, n_obs=1, seed=EVALUATION_SEED + number)
    graph = np.asarray(module.graph) * (1 - np.eye(d, dtype=np.uint8))
    strength = rng.uniform(1, 5, graph.shape) * rng.choice([-1, 1], graph.shape)

    def simulated(count: int, knocked_out: int | None) -> np.ndarray:
        # A new network each time: `ko_perturbation` changes the one that it is called on.
        network, genes = sergio_rs.GRN(), [sergio_rs.Gene(str(j), 0.8) for j in range(d)]
        for i, j in np.argwhere(graph):
            network.add_interaction(reg=genes[i], tar=genes[j], k=float(strength[i, j]), h=None, n=2)
        network.set_mrs()
        masters = sergio_rs.MrProfile.from_random(
            network, num_cell_types=types, low_range=(0.5, 2), high_range=(2, 4), seed=number
        )
        if knocked_out is not None:
            network, masters = network.ko_perturbation(gene_name=str(knocked_out), mr_profile=masters)
        seed = int(rng.integers(2**31))
        made = sergio_rs.Sim(
            network,
            num_cells=count // types,
            safety_iter=max(150, 3 * steps_per_cell),
            scale_iter=steps_per_cell,
            dt=0.01,
            noise_s=1,
            seed=seed,
        ).simulate(masters)
        x = np.zeros((count, d))
        x[:, [int(name) for name in made[made.columns[0]]]] = made.drop(made.columns[0]).to_numpy().T
        return x

    parts = [simulated(cells, None)]
    targets = [j for j in range(d) if graph[j].any() or graph[:, j].any()]
    parts += [simulated(per_knockout, j) for j in targets]
    interventions = np.zeros((cells + per_knockout * len(targets), d), np.uint8)
    for k, j in enumerate(targets):
        interventions[cells + k * per_knockout : cells + (k + 1) * per_knockout, j] = 1
    noise = getattr(sergio_rs.NoiseSetting, profile)
    # It expects genes in rows.
    counted = sergio_rs.add_technical_noise(np.concatenate(parts).T.copy(), noise, int(rng.integers(2**31))).T
    return Dataset(counted.astype(np.float32), interventions, graph.astype(np.uint8), list(module.names), "counts")

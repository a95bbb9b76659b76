"""What a baseline is: a function of data, what it can take, what it answers, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from importlib.util import find_spec

import numpy as np

from avici_jl.data.standardize import standardize


@dataclass(frozen=True)
class Data:
    """One dataset as baselines see it.

    Attributes:
        x: [n, d] observations as they were measured.
        interventions: [n, d] 0 or 1.
        kind: "values" or "counts".
        seed: for methods that draw random numbers.
    """

    x: np.ndarray
    interventions: np.ndarray
    kind: str
    seed: int = 0

    @property
    def natural(self) -> np.ndarray:
        """[n, d] float64: values as they are, counts as log counts per million (of one common scale).

        The mean of a variable takes the place of what is missing.
        """
        x = np.asarray(self.x if self.kind == "values" else standardize(self.x, self.kind), np.float64)
        missing = np.isnan(x)
        return np.where(missing, np.nanmean(x, axis=0), x) if missing.any() else x

    @property
    def standardized(self) -> np.ndarray:
        """[n, d] float64: `natural` with mean 0 and standard deviation 1 of every variable."""
        return np.asarray(standardize(self.natural, "values"), np.float64)

    def environments(self) -> list[tuple[tuple[int, ...], np.ndarray]]:
        """The targets of each set of rows that has the same ones, and the indices of these rows; () comes first."""
        patterns, which = np.unique(self.interventions > 0, axis=0, return_inverse=True)
        which = which.ravel()
        found = [(tuple(map(int, np.flatnonzero(p))), np.flatnonzero(which == k)) for k, p in enumerate(patterns)]
        return sorted(found, key=lambda pair: (len(pair[0]), pair[0]))


class Takes(Enum):
    """The rows that a baseline makes use of."""

    OBSERVATIONAL = "observational"
    INTERVENTIONAL = "interventional"
    ANY = "any"

    def fits(self, interventional: bool) -> bool:
        """Whether a dataset with or without interventional rows is of use."""
        return self is Takes.ANY or (self is Takes.INTERVENTIONAL) == interventional


class Gives(Enum):
    """What the matrix [d, d] of an answer means; row causes column."""

    SCORES = "scores"
    """Larger is more likely an edge; a threshold has to be chosen."""
    PROBABILITIES = "probabilities"
    GRAPH = "graph"
    """1 where there is an edge."""
    CPDAG = "cpdag"
    """1 in both directions where the edge is not oriented."""


class Cost(Enum):
    """Processor time for 30 variables and 1000 rows."""

    LOW = "less than a second"
    MEDIUM = "seconds"
    HIGH = "tens of seconds"
    EXTREME = "minutes or more"


@dataclass(frozen=True)
class Baseline:
    """A method for causal discovery.

    Attributes:
        name: as reports print it.
        function: from data without constant variables to a matrix [d, d].
        takes: the rows it uses.
        gives: what its matrix means.
        cost: how long it takes.
        package: that it is imported from; "" for none.
        source: where the method is from.
    """

    name: str
    function: Callable[[Data], np.ndarray]
    takes: Takes
    gives: Gives
    cost: Cost
    package: str = ""
    source: str = ""

    @property
    def missing(self) -> bool:
        """Whether its package is not installed."""
        return bool(self.package) and find_spec(self.package) is None


@dataclass(frozen=True)
class Result:
    """What a baseline found.

    Attributes:
        matrix: [d, d] float64, zero where it failed.
        seconds: processor time.
        failure: why there is no answer; "" if there is one.
    """

    matrix: np.ndarray
    seconds: float
    failure: str = ""


def solve(baseline: Baseline, data: Data, bootstrap: int = 0) -> np.ndarray:
    """The answer [d, d] of a baseline; variables that are constant get no edges.

    Args:
        baseline: the method.
        data: the dataset.
        bootstrap: if positive, edge probabilities by the non-parametric DAG bootstrap (Friedman et al. 1999) with this
            many resamples: the share of resamples, drawn within every environment, whose answer has the edge; an edge
            that is not oriented counts half in both directions.

    Raises:
        Exception: whatever the package raises.
    """
    if not bootstrap:
        return _solve_varying(baseline, data)
    rng = np.random.default_rng(data.seed)
    total = np.zeros((data.x.shape[1],) * 2)
    for _ in range(bootstrap):
        rows = np.concatenate([rng.choice(rows, len(rows)) for _, rows in data.environments()])
        found = _solve_varying(baseline, Data(data.x[rows], data.interventions[rows], data.kind, data.seed)) != 0
        total += np.where(found & found.T, 0.5, found)
    return total / bootstrap


def _solve_varying(baseline: Baseline, data: Data) -> np.ndarray:
    varies = np.flatnonzero(data.standardized.std(axis=0) > 0)
    kept = Data(data.x, data.interventions, data.kind, data.seed)
    if len(varies) < data.x.shape[1]:
        # Rows in which a constant variable was set count as rows without an intervention.
        kept = Data(data.natural[:, varies], data.interventions[:, varies], "values", data.seed)
    matrix = np.zeros((data.x.shape[1],) * 2)
    matrix[np.ix_(varies, varies)] = baseline.function(kept)
    np.fill_diagonal(matrix, 0.0)
    if not np.isfinite(matrix).all():
        raise ValueError("The answer is not finite.")
    return matrix

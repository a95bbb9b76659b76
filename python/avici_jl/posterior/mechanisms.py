"""Simple mechanisms of a given graph, fitted to a table: each variable as a sum of smooth functions of its causes.

    x_j = a_j + Σ_{i → j} f_ij(x_i) + noise,     f_ij linear plus hinges at the quartiles of x_i

by ridge regression, from the rows in which j was not set. Hinges are left out unless the mechanism is better with them
by the Bayesian information criterion. Beyond the data a linear mechanism goes on as a line, and one that bends stays
where it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from avici_jl.data.batches import remove_batches
from avici_jl.data.inputs import Input
from avici_jl.posterior.acyclic import causes_first

_KNOTS = (0.25, 0.5, 0.75)
_PENALTY = (1e-3, *(3e-2,) * len(_KNOTS))
"""Of the slope and of the hinges, for each row, on standardised variables."""
_OUTLIER = 10.0
"""Rows with a value further than this from the median, in robust standard deviations, are left out of a fit."""


def natural_scale(data: Input, kind: str) -> tuple[np.ndarray, float]:
    """The table [n, d] on the scale on which effects are told, NaN where missing, and the size of a cell.

    Values stay as they are, less what batches differ by. Counts become log2(1 + count · size / counts of the cell); the
    size is the median number of counts of a cell.
    """
    x = data.x if data.batch is None else remove_batches(data.x, data.interventions, data.batch, kind)
    if kind != "counts":
        return x, 1.0
    library = np.nansum(x, axis=1, keepdims=True)
    size = float(np.median(library[library > 0]))
    return np.log2(1.0 + x * (size / np.where(library > 0, library, np.inf))), size


@dataclass(frozen=True)
class Table:
    """Variables on their natural scale, and the functions of them that mechanisms are made of.

    Attributes:
        x: [n, d], the mean of a variable where a value is missing.
        interventions: [n, d] bool, where a variable was set.
        usable: [n, d] bool, where a variable was neither set nor missing, and is no outlier.
        outlying: [d, n] bool, where it is an outlier that was not set.
        centre, scale: [d], median and standard deviation, a robust one of values.
        low, high: [d], between which 99 % of the values are.
        knots: [d, 3], of the standardised variables; infinite where a variable has too few values to bend at.
    """

    x: np.ndarray
    interventions: np.ndarray
    usable: np.ndarray
    outlying: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    low: np.ndarray
    high: np.ndarray
    knots: np.ndarray

    @staticmethod
    def of(x: np.ndarray, interventions: np.ndarray, *, robust: bool = True) -> Table:
        """From [n, d] values, NaN where missing, and [n, d] of 0 and 1; `robust` where tails may be heavy."""
        low, *knots, high = np.nanquantile(x, [0.005, *_KNOTS, 0.995], axis=0)
        centre, scale = np.nanmedian(x, axis=0), np.nanstd(x, axis=0)
        if robust:
            middle = (knots[-1] - knots[0]) / 1.349
            scale = np.where(middle > 0, np.minimum(middle, scale), scale)
        scale = np.where(scale > 0, scale, 1.0)
        bends = ((np.stack(knots) - centre) / scale).T
        bends[(np.diff(bends, axis=1) < 1e-9).any(axis=1)] = np.inf
        was_set, outlying = interventions > 0, np.abs(x - centre) > _OUTLIER * scale
        usable = ~np.isnan(x) & ~outlying & ~was_set
        filled = np.where(np.isnan(x), np.nanmean(x, axis=0), x)
        return Table(filled, was_set, usable, (outlying & ~was_set).T, centre, scale, low, high, bends)

    def functions(self, of: int, x: np.ndarray) -> np.ndarray:
        """[..., 4], the variable `of` at the values x [...], standardised, and its hinges."""
        z = (x - self.centre[of]) / self.scale[of]
        return np.stack([z, *(np.maximum(z - knot, 0.0) for knot in self.knots[of])], axis=-1)


@dataclass(frozen=True)
class Mechanisms:
    """The mechanisms of one acyclic graph.

    Attributes:
        graph: [d, d] bool.
        order: the variables, causes before effects.
        coefficients: of each variable [causes, 4], for its causes in the order of the table.
        bends: [d] bool, whether the mechanism of a variable has hinges.
    """

    graph: np.ndarray
    order: list[int]
    coefficients: list[np.ndarray]
    bends: np.ndarray

    @staticmethod
    def fit(table: Table, graph: np.ndarray, weights: np.ndarray, values: np.ndarray) -> Mechanisms:
        """Fit all variables of a graph.

        Args:
            table: the data.
            graph: [d, d], without a cycle.
            weights: [n], of the rows.
            values: [d, 4, n], `Table.functions` of every variable.
        """
        graph = np.asarray(graph, bool)
        found, bends = [], np.zeros(len(graph), bool)
        for j, causes in enumerate(np.flatnonzero(column) for column in graph.T):
            fitted = np.zeros((len(causes), len(_PENALTY)))
            w = weights * table.usable[:, j] * ~table.outlying[causes].any(axis=0)
            total = w.sum()
            if len(causes) and total > 0:
                f = values[causes].reshape(-1, len(w))
                y = (table.x[:, j] - table.centre[j]) / table.scale[j]
                weighted = f * w
                f_mean, y_mean = weighted.sum(axis=1) / total, (w @ y) / total
                gram = weighted @ f.T - total * np.outer(f_mean, f_mean)
                moment = weighted @ y - total * f_mean * y_mean
                variance = max((w @ y**2) / total - y_mean**2, 1e-12)
                penalty = np.tile(_PENALTY, len(causes)) * total
                every = np.arange(len(f))
                slopes, criteria = [], []
                for used in (every[:: len(_PENALTY)], every):
                    inside = gram[np.ix_(used, used)]
                    slope = np.linalg.solve(inside + np.diag(penalty[used]), moment[used])
                    left = variance - (2 * slope @ moment[used] - slope @ inside @ slope) / total
                    criteria.append(total * np.log(max(left, 1e-12)) + len(used) * np.log(total))
                    slopes.append(np.zeros(len(f)))
                    slopes[-1][used] = slope
                bends[j] = criteria[1] < criteria[0]
                fitted = slopes[int(bends[j])].reshape(fitted.shape) * table.scale[j]
            found.append(fitted)
        return Mechanisms(graph, causes_first(graph), found, bends)

    def shift(self, table: Table, rows: np.ndarray, variable: int, value: np.ndarray) -> np.ndarray:
        """What every variable moves by in each row when one is set: [rows, d].

        Noise stays as it was in the row (the counterfactual), and so does what an intervention has set.

        Args:
            table: the data.
            rows: which rows.
            variable: what is set.
            value: [rows] or one number.
        """
        before = table.x[rows]
        after = before.copy()
        after[:, variable] = value
        moved = {variable}
        for j in self.order:
            causes = np.flatnonzero(self.graph[:, j])
            if j == variable or moved.isdisjoint(causes):
                continue
            change = np.zeros(len(rows))
            for i, coefficients in zip(causes.tolist(), self.coefficients[j], strict=True):
                if i in moved:
                    ends = after[:, i], before[:, i]
                    if self.bends[j]:
                        ends = tuple(np.clip(x, table.low[i], table.high[i]) for x in ends)
                    change += (table.functions(i, ends[0]) - table.functions(i, ends[1])) @ coefficients
            after[:, j] += np.where(table.interventions[rows, j], 0.0, change)
            moved.add(j)
        return after - before

    def descendants(self, of: int) -> np.ndarray:
        """[d] bool, what a variable has a directed path to; not itself."""
        reached = self.graph[of].copy()
        for j in self.order:
            if reached[j]:
                reached |= self.graph[j]
        return reached

"""What would happen if: shifts of all variables when one is set, averaged over graphs and over draws of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from avici_jl.data.inputs import Input
from avici_jl.errors import InputError
from avici_jl.posterior.mechanisms import Mechanisms, Table, natural_scale
from avici_jl.posterior.stability import row_sampler

if TYPE_CHECKING:
    import pandas as pd

    from avici_jl.posterior.posterior import Posterior

_ROWS = 1000
"""Shifts are averaged over at most this many rows."""


class Effect(NamedTuple):
    """The total effect of one variable on another.

    Attributes:
        mean: by how much the one moves for each unit by which the other is raised, on average over graphs and rows.
        low, high: ends of the central interval over graphs and draws of the rows.
        probability: that there is any effect: the share of graphs with a directed path.
    """

    mean: float
    low: float
    high: float
    probability: float


@dataclass(frozen=True, eq=False)
class Effects:
    """Mechanisms fitted to one table for many acyclic graphs, each to another draw of the rows (the bootstrap).

    Attributes:
        table: the data on their natural scale.
        size: counts of a cell on that scale; see `natural_scale`.
        draws: the mechanisms of each graph.
    """

    table: Table
    size: float
    draws: Sequence[Mechanisms]

    @staticmethod
    def fit(data: Input, kind: str, graphs: np.ndarray, seed: int = 0) -> Effects:
        """Fit the mechanisms of graphs [count, d, d], which have no cycle."""
        rng = np.random.default_rng(seed)
        x, size = natural_scale(data, kind)
        table = Table.of(x, data.interventions, robust=kind != "counts")
        n, d = x.shape
        values = np.stack([table.functions(j, table.x[:, j]).T for j in range(d)])
        draw = row_sampler(data)
        weights = (np.bincount(draw(rng), minlength=n).astype(float) for _ in graphs)
        return Effects(
            table, size, [Mechanisms.fit(table, graph, w, values) for graph, w in zip(graphs, weights, strict=True)]
        )

    @cached_property
    def rows(self) -> np.ndarray:
        """The rows that shifts are averaged over: those without an intervention; all, where there are none."""
        free = np.flatnonzero(~self.table.interventions.any(axis=1))
        rows = free if len(free) else np.arange(len(self.table.x))
        return rows[np.linspace(0, len(rows) - 1, min(len(rows), _ROWS)).astype(int)]

    def shifts(self, variable: int, value: float) -> np.ndarray:
        """Mean shifts [graphs, d] when a variable is set to a value on the natural scale."""
        rows = self._ordinary(variable)
        return np.stack([draw.shift(self.table, rows, variable, np.array(value)).mean(axis=0) for draw in self.draws])

    def slopes(self, variable: int) -> np.ndarray:
        """Mean total effects [graphs, d] per unit of the variable, around the values that it has."""
        rows, step = self._ordinary(variable), self.table.scale[variable] / 2
        x = self.table.x[rows, variable]
        ends = [
            [draw.shift(self.table, rows, variable, x + sign * step).mean(axis=0) for draw in self.draws]
            for sign in (-1, 1)
        ]
        return np.subtract(ends[1], ends[0]) / (2 * step)

    def reached(self, variable: int) -> np.ndarray:
        """[d], the share of graphs in which there is a directed path from a variable."""
        return np.mean([draw.descendants(variable) for draw in self.draws], axis=0)

    def _ordinary(self, variable: int) -> np.ndarray:
        """The rows in which the variable is usable, if there are any: one far outlier would decide the mean."""
        usable = self.rows[self.table.usable[self.rows, variable]]
        return usable if len(usable) else self.rows


def interval(draws: np.ndarray, level: float) -> np.ndarray:
    """Lower and upper end [2, ...] of the central interval of draws [count, ...].

    Raises:
        InputError: the level is no share between 0 and 1.
    """
    if not 0 < level < 1:
        raise InputError(f"level must be a share between 0 and 1, got {level!r}.")
    return np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)


def effect_table(posterior: Posterior, edges: pd.DataFrame, fitted: Effects, level: float) -> pd.DataFrame:
    """The table of `Posterior.effects`, of the edges of `Posterior.edges`.

    Raises:
        InputError: the level is no share.
    """
    place = {name: k for k, name in enumerate(posterior.names)}
    found = np.zeros((len(edges), 4))
    for source in edges["source"].unique():
        at = np.flatnonzero(edges["source"] == source)
        on = [place[name] for name in edges["target"].iloc[at]]
        slopes = fitted.slopes(place[source])[:, on]
        found[at] = np.column_stack([slopes.mean(axis=0), *interval(slopes, level), fitted.reached(place[source])[on]])
    columns = dict(zip(("effect", "low", "high", "path"), found.T, strict=True))
    return edges[["source", "target", "probability"]].assign(**columns)


def knockout_table(
    posterior: Posterior, variable: int, value: float | None, fitted: Effects, level: float
) -> pd.DataFrame:
    """The table of `Posterior.knockout`.

    Raises:
        InputError: the level is no share, or the value is missing or unfit.
    """
    import pandas as pd

    if posterior.kind == "counts":
        value = 0.0 if value is None else value
        if not value >= 0:
            raise InputError(f"value is a count, 0 for a knock-out; got {value!r}.")
        level_set = float(np.log2(1.0 + value))
    elif value is None:
        low, middle, high = np.nanquantile(posterior.data.x[:, variable], [0.05, 0.5, 0.95])
        raise InputError(
            f"What is {posterior.names[variable]!r} set to? Only counts are knocked out to 0 unasked. Give value=; "
            f"nine in ten of the table are between {low:.3g} and {high:.3g}, and the median is {middle:.3g}."
        )
    else:
        level_set = float(value)
    if not np.isfinite(level_set):
        raise InputError(f"value must be a finite number, got {value!r}.")
    shifts = fitted.shifts(variable, level_set)
    low, high = interval(shifts, level)
    table = pd.DataFrame(
        {
            "variable": pd.Index(posterior.names, tupleize_cols=False),
            "shift": shifts.mean(axis=0),
            "low": low,
            "high": high,
            "probability": fitted.reached(variable),
        }
    )
    table = table.drop(index=variable)
    largest = table["shift"].abs().sort_values(ascending=False, kind="stable")
    return table.loc[largest.index].reset_index(drop=True)

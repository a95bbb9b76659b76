"""How unlike those of training a table is: its characteristics beside quantiles of many tables of the domain.

A model's card holds, under "typical", the quantiles of each characteristic over simulated tables of what it was trained
on, and those of the smallest tail probability of a table; see `summarize`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from avici_jl.data.batches import remove_batches
from avici_jl.data.characteristics import characteristics
from avici_jl.data.inputs import Input

_LEVELS = np.r_[0.0, 0.0025, 0.005, 0.01, 0.02, np.linspace(0.05, 0.95, 19), 0.98, 0.99, 0.995, 0.9975, 1.0]
OVERALL = np.r_[0.0, 0.005, 0.01, 0.02, 0.03, 0.05, np.linspace(0.1, 1.0, 10)]
_UNUSUAL = 0.02
"""Share of the tables of training that are called unusual."""

_HIGH, _BOTH = "high", "both"
_SIDES: dict[str, tuple[str, float]] = {
    "gaps": (_HIGH, 0.002),
    "repeated rows": (_HIGH, 0.02),
    "few values": (_HIGH, 0.02),
    "ties": (_HIGH, 0.02),
    "piled up": (_HIGH, 0.01),
    "far out": (_HIGH, 0.001),
    "isolated": (_HIGH, 0.1),
    "step": (_HIGH, 0.03),
    "tails": (_BOTH, 0.05),
    "skewness": (_HIGH, 0.02),
    "skewness of the rest": (_HIGH, 0.02),
    "tails of the rest": (_BOTH, 0.05),
    "order of rows": (_HIGH, 0.03),
    "groups": (_HIGH, 0.01),
    "level of rows": (_HIGH, 0.02),
    "dependence": (_BOTH, 0.02),
    "copies": (_HIGH, 0.2),
    "interventional": (_BOTH, 0.05),
    "effect": (_BOTH, 0.1),
    "spread": (_BOTH, 0.1),
    "zeros": (_BOTH, 0.01),
    "depth": (_BOTH, 0.1),
    "depth of rows": (_BOTH, 0.05),
}
"""Which side of a characteristic is unusual, and a difference that matters: what is nearer to training counts as in it.

Numbers of rows and variables are compared with the model's settings instead; see `avici_jl.data.shift`.
"""


_WEIGHTS = {"step": 20.0, "groups": 10.0}
"""How many times as often as another a characteristic may make a table unusual, at the same rate over all of them.

Weighted tests (Genovese, Roeder and Wasserman 2006): batches, and errors in single cells where training had heavy
tails, show in nothing else, and a few clean tables have such groups and steps, too.
"""


@dataclass(frozen=True)
class Reason:
    """One characteristic of a table beside those of training.

    Attributes:
        name: of the characteristic, see `characteristics`.
        value: of this table.
        low, high: between which 98 % of the tables of training lie.
        probability: share of the tables of training that are as far out; extrapolated beyond them.
    """

    name: str
    value: float
    low: float
    high: float
    probability: float


@dataclass(frozen=True)
class Shift:
    """How unlike those of training a table is.

    Attributes:
        probability: share of the tables of training that are as unusual in what they are most unusual in; it is small
            for a table unlike them.
        reasons: all characteristics, the most unusual first.
        unusual: names of those that make the table unusual; none if 2 % or more of the tables of training are as
            unusual. Steps in the tails and groups of rows count more than the rest.
    """

    probability: float
    reasons: tuple[Reason, ...]
    unusual: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, which JSON holds."""
        return asdict(self)

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Shift:
        """What `to_dict` gave."""
        reasons = tuple(Reason(**reason) for reason in values["reasons"])
        return Shift(float(values["probability"]), reasons, tuple(values["unusual"]))


def summarize(tables: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """What is typical, for a model's card.

    The smallest tail probability of a table is taken by the quantiles of the other half of the tables, so that it is
    that of a new one.

    Args:
        tables: the characteristics of tables of the domain.
    """
    half = len(tables) // 2
    halves = (tables[:half], tables[half:])
    least = [
        _least(_reasons(table, known, _LEVELS, _WEIGHTS), _WEIGHTS)
        for part, known in zip(halves, map(_quantiles, reversed(halves)), strict=True)
        for table in part
    ]
    return {
        "tables": len(tables),
        "levels": [round(float(level), 4) for level in _LEVELS],
        "weights": _WEIGHTS,
        "characteristics": _quantiles(tables),
        "least": [_short(value) for value in np.asarray(np.quantile(least, OVERALL))],
    }


def compare(found: Input, kind: str, typical: Mapping[str, Any]) -> Shift:
    """How unlike those of training a table is, without what its batches differ by.

    Args:
        found: the table.
        kind: "values" or "counts".
        typical: what `summarize` gave.
    """
    levels, weights = np.asarray(typical["levels"]), typical.get("weights", {})
    reasons = _reasons(described(found, kind), typical["characteristics"], levels, weights)
    least, known = _least(reasons, weights), np.asarray(typical["least"])
    if least < known[0]:  # beyond all tables of training: in proportion
        overall = float(OVERALL[1] * least / max(known[0], 1e-300))
    else:
        overall = float(np.interp(np.log(least), np.log(known), OVERALL))
    limit = np.interp(_UNUSUAL, OVERALL, known)
    overall = min(max(overall, 0.0), 1.0)
    return Shift(overall, tuple(reasons), tuple(r.name for r in reasons if _weighted(r, weights) < limit))


def likeness(table: Mapping[str, float], typical: Mapping[str, Any]) -> float:
    """Logarithm of the probability of a table among those of training, to tell which of two models it suits.

    Characteristics are taken as independent (naive Bayes); of each it is the share of the tables of training that are
    within what matters of this one, and at least half a table.

    Args:
        table: its characteristics.
        typical: what `summarize` gave.
    """
    levels = np.asarray(typical["levels"])
    total, least = 0.0, 0.5 / typical["tables"]
    for name, known in typical["characteristics"].items():
        value, matters = table.get(name, np.nan), _SIDES[name][1]
        if np.isfinite(value):
            low, high = np.interp([value - matters, value + matters], known, levels, left=0.0, right=1.0)
            total += float(np.log(max(high - low, least)))
    return total


def described(found: Input, kind: str) -> dict[str, float]:
    """The characteristics of a table without what its batches differ by."""
    x, given = found.x, found.interventions
    return characteristics(x if found.batch is None else remove_batches(x, given, found.batch, kind), given, kind)


def _quantiles(tables: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    found = {}
    for name in _SIDES:
        values = np.array([table[name] for table in tables if name in table], float)
        values = values[np.isfinite(values)]
        if len(values) >= 20:
            found[name] = [_short(value) for value in np.quantile(values, _LEVELS)]
    return found


def _reasons(
    table: Mapping[str, float],
    quantiles: Mapping[str, Sequence[float]],
    levels: np.ndarray,
    weights: Mapping[str, float],
) -> list[Reason]:
    """Each characteristic that is known of both, the most unusual first."""
    reasons = []
    for name, known in quantiles.items():
        value = table.get(name, np.nan)
        if np.isfinite(value):
            low, high = (float(np.interp(level, levels, known)) for level in (0.01, 0.99))
            reasons.append(Reason(name, _short(value), low, high, _tail(name, value, np.asarray(known), levels)))
    return sorted(reasons, key=lambda reason: _weighted(reason, weights))


def _tail(name: str, value: float, known: np.ndarray, levels: np.ndarray) -> float:
    """Share of the tables of training that are as far out on this side; beyond all of them it falls exponentially."""
    side, matters = _SIDES[name]
    upper = _above(value - matters, known, matters, levels)
    if side == _HIGH:
        return upper
    return min(1.0, 2 * min(upper, _above(-value - matters, -known[::-1], matters, 1 - levels[::-1])))


def _above(value: float, known: np.ndarray, matters: float, levels: np.ndarray) -> float:
    """Share of values from this one on, of numbers with these quantiles."""
    if value <= known[0]:
        return 1.0
    if value <= known[-1]:
        return float(max(1 - np.interp(value, known, levels), 1 - levels[-2]))
    scale = max((known[-1] - known[-5]) / 4, matters)
    return float((1 - levels[-2]) * np.exp(-min((value - known[-1]) / scale, 500.0)))


def _least(reasons: Sequence[Reason], weights: Mapping[str, float]) -> float:
    return max(min((_weighted(reason, weights) for reason in reasons), default=1.0), 1e-250)


def _weighted(reason: Reason, weights: Mapping[str, float]) -> float:
    return reason.probability / weights.get(reason.name, 1.0)


def _short(value: float) -> float:
    return float(f"{value:.4g}")

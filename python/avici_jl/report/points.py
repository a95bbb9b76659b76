"""The data behind the edges, made small enough for a page: rows that represent the table, values as bytes."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from avici_jl.data.inputs import Input
from avici_jl.report.support import shown_values

_CELLS, _ROWS = 400_000, 1000
"""The most values and rows that a page holds."""

_GAP = 255
"""The byte of a missing value; the others are equal steps between a variable's `low` and `high`."""


def points(data: Input, kind: str, importance: np.ndarray) -> dict[str, Any]:
    """Some rows of a table, with which variables were set in them.

    Args:
        data: the table.
        kind: "values" or "counts".
        importance: [d] of which variables the rows with an intervention matter most.

    Returns:
        `values`, bytes [rows, d] as base64; `low` and `high` [d]; `set`, for each row the positions of the variables
        that were set; `of`, the number of rows of the table.
    """
    n, d = data.x.shape
    chosen = representative(data.interventions, min(_ROWS, max(50, _CELLS // d)), importance)
    x = shown_values(data.x, kind)
    low, high = _ranges(x)
    width = np.where(high > low, high - low, 1.0)
    scaled = np.clip((x[chosen] - low) / width, 0.0, 1.0) * (_GAP - 1)
    steps = np.where(np.isnan(scaled), _GAP, np.nan_to_num(scaled).round()).astype(np.uint8)
    return {
        "values": base64.b64encode(steps.tobytes()).decode(),
        "low": _short(low),
        "high": _short(high),
        "set": [np.flatnonzero(row).tolist() for row in data.interventions[chosen]],
        "of": n,
    }


def representative(interventions: np.ndarray, most: int, importance: np.ndarray) -> np.ndarray:
    """Positions of at most `most` rows: of every set of targets its share, but no fewer than are needed to see it.

    Where there is no room for all, the targets that matter most come first.
    """
    n = len(interventions)
    if n <= most:
        return np.arange(n)
    rng = np.random.default_rng(0)
    known: dict[bytes, int] = {}
    which = np.array([known.setdefault(row.tobytes(), len(known)) for row in interventions])
    sizes = np.bincount(which)
    kinds = interventions[np.unique(which, return_index=True)[1]]
    free: np.ndarray = np.all(kinds == 0, axis=1)
    matter = np.array([importance[row > 0].max(initial=0.0) for row in kinds])
    matter[free] = np.inf
    left, taken = most, []
    for place, kind in enumerate(np.argsort(-matter, kind="stable")):
        share = max(round(most * sizes[kind] / n), most // 3 if free[kind] else 20)
        # Of the rest of the room, so that later ones get some of it.
        count = min(share, sizes[kind], left)
        taken.append(rng.choice(np.flatnonzero(which == kind), size=count, replace=False))
        left -= count
        if left <= 0 or place == len(kinds) - 1:
            break
    return np.sort(np.concatenate(taken))


def _ranges(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is shown of each variable: all of it, or, with few values far out, the rest with some room around."""
    low, high = np.nanmin(x, axis=0), np.nanmax(x, axis=0)
    inner = np.nanquantile(x, [0.005, 0.995], axis=0)
    room = 0.5 * (inner[1] - inner[0])
    return np.maximum(low, inner[0] - room), np.minimum(high, inner[1] + room)


def _short(numbers: np.ndarray) -> list[float]:
    return [float(f"{number:.6g}") for number in numbers]

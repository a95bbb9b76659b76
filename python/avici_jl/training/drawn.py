"""Single datasets that a source has: what is asked of each, and which seeds are held out."""

from __future__ import annotations

from typing import Any

import numpy as np

from avici_jl.data.dataset import Datasets
from avici_jl.errors import InputError

HELD_OUT_SEED = 2**30
"""Seeds from here on are never used by training; evaluation has its own, from 2**31 on."""


def stacked(made: list[Datasets]) -> Datasets:
    """Single datasets as one of `count`."""
    return Datasets(*(None if part[0] is None else np.stack(part) for part in zip(*made, strict=True)))  # type: ignore[arg-type]


def checked(found: Any, name: str, shape: tuple[int, int] | None = None, missing: bool = True) -> Datasets:
    """One dataset (x, interventions, graph, perhaps signs) as arrays of finite numbers whose shapes fit together."""
    try:
        x, interventions, graph, *more = found
        (signs,) = more or (None,)
    except (TypeError, ValueError):
        raise InputError(f"{name}: (x, interventions, graph) is expected, got {type(found).__name__}.") from None
    x, graph = _numbers(x, f"{name}: x"), _numbers(graph, f"{name}: graph")
    given = np.zeros(x.shape, np.uint8) if interventions is None else interventions
    interventions = _numbers(given, f"{name}: interventions")
    expected = shape or x.shape
    if x.ndim != 2 or x.shape != expected or interventions.shape != x.shape or graph.shape != (expected[1],) * 2:
        raise InputError(
            f"{name}: x and interventions must be [n, d]{f' = {shape}' if shape else ''} and graph [d, d]; "
            f"got {x.shape}, {interventions.shape} and {graph.shape}."
        )
    with np.errstate(over="ignore"):
        rounded = x.astype(np.float32)
    _all_finite(rounded, x, f"{name}: x", missing)
    _all_finite(interventions, interventions, f"{name}: interventions", False)
    _all_finite(graph, graph, f"{name}: graph", False)
    edges = (graph != 0).astype(np.uint8)
    signs = np.zeros(graph.shape) if signs is None else _numbers(signs, f"{name}: signs")
    if signs.shape != graph.shape or not np.isin(signs, (-1, 0, 1)).all():
        raise InputError(f"{name}: signs must be [d, d] of -1, 0 and 1, with 0 where a sign is not known.")
    return Datasets(rounded, (interventions != 0).astype(np.uint8), edges, signs=(signs * edges).astype(np.int8))


def _numbers(array: Any, what: str) -> np.ndarray:
    try:
        found = np.asarray(array)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} is no array of numbers: {error}") from None
    if found.dtype.kind not in "biuf":
        first = f", as {found.flat[0]!r}" if found.size else ""
        raise InputError(f"{what} must hold real numbers, got {found.dtype.name}{first}.")
    return found


def _all_finite(array: np.ndarray, given: np.ndarray, what: str, missing: bool) -> None:
    wrong = np.isinf(array) if missing else ~np.isfinite(array)
    if wrong.any():
        place = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise InputError(f"{what}{list(place)} is {given[place]!s}; finite numbers are expected (32 bits).")

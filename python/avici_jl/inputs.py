"""Everything that a user may pass in, as checked arrays; or an error that says what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from avici_jl.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Input:
    """A checked table of observations.

    Attributes:
        x: [n, d] float32.
        interventions: [n, d] uint8, 1 where a variable was set or knocked out.
        names: of the variables.
        labelled: whether the names are the user's own.
    """

    x: np.ndarray
    interventions: np.ndarray
    names: list[str]
    labelled: bool


def read_input(x: Any, interventions: Any = None, *, kind: str, names: Sequence[str] | None = None) -> Input:
    """Check a table and its interventions. The caller's objects are never changed.

    Args:
        x: [n, d] observations: array, nested lists, pandas DataFrame, AnnData (its `X`), or a `Dataset`, which brings
            its interventions along.
        interventions: None; a mask [n, d] of 0 and 1 (array or DataFrame); or one entry per row: None for an
            observational row, the name or index of the variable that was set, or a collection of these.
        kind: "values" or "counts".
        names: of the variables, where `x` has none.

    Raises:
        InputError: something does not fit; the message says what was wrong, what was expected and what to do.
    """
    from avici_jl.simulation.dataset import Dataset

    if isinstance(x, Dataset):
        interventions = x.interventions if interventions is None else interventions
        names = x.names if names is None else names
        x = x.x
    table, found = _read_table(x)
    if names is not None:
        found = [str(name) for name in names]
    n, d = table.shape
    labels = found if found is not None else [f"x{j + 1}" for j in range(d)]
    if len(labels) != d:
        raise InputError(f"{len(labels)} names were given for {d} variables; give one name per column of X.")
    _check_unique(labels)
    if n < 2 or d < 2:
        raise InputError(f"X has {n} rows and {d} columns. At least 2 observations (rows) of 2 variables are needed.")
    _check_finite(table, labels)
    if kind == "counts":
        _check_counts(table, labels)
    mask = _read_interventions(interventions, n, labels)
    return Input(table.astype(np.float32), mask, labels, found is not None)


def _read_table(x: Any) -> tuple[np.ndarray, list[str] | None]:
    """A table as float64 [n, d], and its own names of columns."""
    names: list[str] | None = None
    if hasattr(x, "var_names") and hasattr(x, "X"):  # AnnData
        names, x = [str(name) for name in x.var_names], x.X
    elif hasattr(x, "columns") and hasattr(x, "dtypes"):  # DataFrame
        text = [str(name) for name, dtype in zip(x.columns, x.dtypes, strict=True) if not _is_number(dtype)]
        if text:
            raise InputError(
                f"These columns of X do not hold numbers: {_listed(text)}. Drop them, or make them the index."
            )
        names, x = [str(name) for name in x.columns], x.to_numpy()
    if hasattr(x, "toarray"):  # scipy.sparse
        x = x.toarray()
    try:
        table = np.array(x, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"X cannot be read as a table of numbers: {error}.") from None
    if table.ndim != 2:
        raise InputError(f"X must have two dimensions, observations × variables; it has shape {table.shape}.")
    return table, names


def _is_number(dtype: Any) -> bool:
    return getattr(dtype, "kind", "O") in "biuf"


def _check_unique(names: Sequence[str]) -> None:
    seen: set[str] = set()
    double = sorted({name for name in names if name in seen or seen.add(name)})  # type: ignore[func-returns-value]
    if double:
        raise InputError(f"Names of variables must differ; these occur more than once: {_listed(double)}.")


def _check_finite(table: np.ndarray, names: Sequence[str]) -> None:
    wrong = np.argwhere(~np.isfinite(table))
    if len(wrong):
        row, column = wrong[0]
        value = "missing (NaN)" if np.isnan(table[row, column]) else "infinite"
        raise InputError(
            f"X has {len(wrong)} missing or infinite values; the first is {value}, in row {row}, column "
            f"{names[column]!r}. Drop these rows, or fill the values in."
        )


def _check_counts(table: np.ndarray, names: Sequence[str]) -> None:
    for wrong, what in ((table < 0, "negative values"), (table != np.floor(table), "values that are not integers")):
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            raise InputError(
                f"This model takes raw counts (0, 1, 2, …), and X has {what}; the first is {table[row, column]:g}, in "
                f"row {row}, column {names[column]!r}. Pass counts that are not normalised or log-transformed (in "
                f"AnnData often layers['counts']), or use a model for real values such as \"rff\"."
            )
    if not table.any():
        raise InputError("X has only zeros. Pass the raw counts, observations × genes.")


def _read_interventions(interventions: Any, n: int, names: Sequence[str]) -> np.ndarray:
    d = len(names)
    if interventions is None:
        return np.zeros((n, d), np.uint8)
    if hasattr(interventions, "columns"):
        return _read_mask_frame(interventions, n, names)
    if _is_mask(interventions):
        return _check_mask(np.asarray(interventions), n, d)
    return _read_targets(interventions, n, names)


def _is_mask(interventions: Any) -> bool:
    if isinstance(interventions, np.ndarray):
        return interventions.ndim != 1
    try:
        array = np.asarray(interventions)
    except ValueError:  # rows of different lengths
        return False
    return array.ndim == 2 and array.dtype.kind in "biuf"


def _read_mask_frame(frame: pd.DataFrame, n: int, names: Sequence[str]) -> np.ndarray:
    columns = [str(name) for name in frame.columns]
    if sorted(columns) != sorted(names):
        odd = sorted(set(columns) ^ set(names))
        raise InputError(f"The columns of interventions and X must have the same names; these differ: {_listed(odd)}.")
    position = {name: k for k, name in enumerate(columns)}
    return _check_mask(frame.to_numpy()[:, [position[name] for name in names]], n, len(names))


def _check_mask(mask: np.ndarray, n: int, d: int) -> np.ndarray:
    if mask.shape != (n, d):
        raise InputError(
            f"The mask of interventions must have the shape of X, ({n}, {d}); it has shape {mask.shape}. "
            "Alternatively pass one target per row: a name, an index, or None."
        )
    try:
        valid = bool(np.isin(mask, (0, 1)).all())
    except TypeError:
        valid = False
    if not valid:
        raise InputError("The mask of interventions must hold only 0 and 1: 1 where a variable was set or knocked out.")
    return mask.astype(np.uint8)


def _read_targets(targets: Any, n: int, names: Sequence[str]) -> np.ndarray:
    """One entry per row: None (or NaN), a name, an index, or a collection of names and indices."""
    if isinstance(targets, str):
        raise InputError("interventions must have one entry per row of X; a single name was given.")
    entries = list(targets)
    if len(entries) != n:
        raise InputError(f"interventions must have one entry per row of X: {n}, got {len(entries)}.")
    position = {name: j for j, name in enumerate(names)}
    mask = np.zeros((n, len(names)), np.uint8)
    for row, entry in enumerate(entries):
        for target in _targets_of(entry):
            mask[row, _index_of(target, row, position)] = 1
    return mask


def _targets_of(entry: Any) -> Iterable[Any]:
    if entry is None or (isinstance(entry, float) and np.isnan(entry)):
        return ()
    if isinstance(entry, str) or np.isscalar(entry):
        return (entry,)
    return tuple(entry)


def _index_of(target: Any, row: int, position: dict[str, int]) -> int:
    d = len(position)
    if isinstance(target, str):
        if target in position:
            return position[target]
        near = difflib.get_close_matches(target, position, n=3)
        hint = f" Did you mean {_listed(near)}?" if near else ""
        raise InputError(
            f"interventions: row {row} names {target!r}, which is no column of X.{hint} Use None for rows without."
        )
    if isinstance(target, (int, np.integer)) and not isinstance(target, bool):
        if 0 <= target < d:
            return int(target)
        raise InputError(f"interventions: row {row} has index {target}; the variables have the indices 0 to {d - 1}.")
    if isinstance(target, float) and target.is_integer():
        return _index_of(int(target), row, position)
    raise InputError(f"interventions: row {row} has {target!r}; a name, an index from 0 on, or None is expected.")


def _listed(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more

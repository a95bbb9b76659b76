"""Which variables were set or knocked out in which row: every form that a user may have, as a mask."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from avici_jl.data.words import MISSING_WORDS, listed, name_of, nearest
from avici_jl.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def column_or_entries(interventions: Any, x: Any) -> tuple[Any, Any]:
    """The name of a column as its entries, and X without it; labels of rows are brought into the order of those of X.

    Raises:
        InputError: there is no such column, or the labels of the rows differ.
    """
    if isinstance(interventions, str):
        if hasattr(x, "obs") and hasattr(x, "var_names"):
            return _column(x.obs, interventions, "obs of the AnnData", x.var_names).to_numpy(), x
        if hasattr(x, "columns") and hasattr(x, "drop"):
            column = _column(x, interventions, "X", x.columns)
            return column.to_numpy(), x.loc[:, [label != column.name for label in x.columns]]
        raise InputError(
            f"interventions={interventions!r} names a column, which needs a DataFrame or an AnnData as X; "
            "otherwise interventions must have one entry per row of X."
        )
    return _in_order_of(interventions, _labels_of(x)), x


def read_interventions(
    interventions: Any, n: int, names: Sequence[str], control: str | Collection[str] | None
) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """The mask [n, d] uint8 of a mask, or of one entry per row, and notes; see `avici_jl.data.inputs.read_input`.

    Raises:
        InputError: it does not fit the table.
    """
    mask = None
    if interventions is None:
        mask = np.zeros((n, len(names)), np.uint8)
    elif hasattr(interventions, "columns"):
        mask = _read_mask_frame(interventions, n, names)
    elif _is_mask(interventions, len(names)):
        mask = _check_mask(np.asarray(interventions), n, len(names))
    if mask is None:
        return _read_targets(interventions, n, names, control)
    if control is not None:
        raise InputError("control= names the label of rows without an intervention; it needs one label per row.")
    return mask, []


def _column(frame: pd.DataFrame, name: str, where: str, variables: Iterable[Any]) -> pd.Series:
    called = [k for k, label in enumerate(frame.columns) if _is_called(label, name)]
    if not called:
        columns = [str(column) for column in frame.columns]
        raise InputError(
            f"interventions={name!r} names no column of {where}.{nearest(name, columns)} It has {listed(columns)}."
        )
    if len(called) > 1:
        raise InputError(f"{where} has more than one column {name!r}.")
    found, known = frame.iloc[:, called[0]], {str(variable) for variable in variables}
    numbers = getattr(found.dtype, "kind", "O") in "biufc"
    if numbers and not {f"{value:.17g}" for value in found.dropna().unique()} <= known:
        raise InputError(
            f"The column {name!r} of {where} holds numbers; a column of interventions holds, for each row, the name of "
            "the variable that was set, or nothing. A mask of 0 and 1 has the shape of X."
        )
    return found


def _is_called(label: Any, name: str) -> bool:
    """Whether a label is this name, apart from blanks around it; of a MultiIndex, the first part with nothing below."""
    if isinstance(label, tuple):
        return _is_called(label[0], name) and not any(str(part).strip() for part in label[1:])
    return isinstance(label, str) and (label == name or label.strip() == name)


def _labels_of(x: Any) -> Any:
    if hasattr(x, "obs_names"):
        return x.obs_names
    return getattr(x, "index", None) if hasattr(x, "columns") else None


def _in_order_of(interventions: Any, labels: Any) -> Any:
    """A Series or DataFrame whose index holds the labels of X in another order, in that order."""
    index = getattr(interventions, "index", None)
    if labels is None or index is None or callable(index) or len(index) != len(labels):
        return interventions
    if index.equals(labels):
        return interventions
    same = index.is_unique and set(index) == set(labels)
    if _numbered(index) or _numbered(labels):
        if same:
            raise InputError(
                "The rows of interventions and of X have the same labels in another order, and those of one are "
                "numbered from 0 on. Give both the same index, or pass interventions.to_numpy() to go by position."
            )
        return interventions
    if same:
        return interventions.loc[labels]
    odd = [str(label) for label in index if label not in set(labels)]
    raise InputError(
        f"The rows of interventions and of X have different labels; these are only in interventions: {listed(odd)}. "
        "Give both the same index, or pass interventions.to_numpy() to go by position."
    )


def _numbered(index: Any) -> bool:
    return type(index).__name__ == "RangeIndex"


def _is_mask(interventions: Any, d: int) -> bool:
    if isinstance(interventions, np.ndarray):
        return interventions.ndim != 1
    try:
        array = np.asarray(interventions)
    except ValueError:  # rows of different lengths
        return False
    return array.ndim == 2 and array.dtype.kind in "biuf" and (array.shape[1] > 1 or d == 1)  # else one index per row


def _read_mask_frame(frame: pd.DataFrame, n: int, names: Sequence[str]) -> np.ndarray:
    columns = [name if (name := name_of(label)) in names else name.strip() for label in frame.columns]
    if sorted(columns) != sorted(names):
        odd = sorted(set(columns) ^ set(names)) or sorted({name for name in columns if columns.count(name) > 1})
        raise InputError(f"The columns of interventions and X must have the same names; these differ: {listed(odd)}.")
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


def _read_targets(
    targets: Any, n: int, names: Sequence[str], control: str | Collection[str] | None
) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """One entry per row: None (or NaN), a name, an index, or a collection of names and indices."""
    try:
        entries = list(targets)
    except TypeError:
        raise InputError(
            f"interventions must have one entry per row of X; a {type(targets).__name__} was given."
        ) from None
    if len(entries) != n:
        raise InputError(f"interventions must have one entry per row of X: {n}, got {len(entries)}.")
    labels = _labels(control)
    position = {name: j for j, name in enumerate(names)}
    gaps = [row for row, entry in enumerate(entries) if _is_gap(entry)]
    meant, notes = _name_read_as_missing(gaps, names, labels) if gaps else (None, [])
    for row in gaps:
        entries[row] = meant
    mask = np.zeros((n, len(names)), np.uint8)
    unknown: dict[str, list[int]] = {}
    seen = set()
    for row, entry in enumerate(entries):
        for target in _targets_of(entry, position):
            if isinstance(target, str):
                target = target if target in position or target in labels else target.strip()
            if isinstance(target, str) and target in labels:
                seen.add(target)
            elif isinstance(target, str) and target not in position:
                unknown.setdefault(target, []).append(row)
            else:
                mask[row, _index_of(target, row, position)] = 1
    if unknown:
        _refuse(unknown, names)
    never = [label for label in labels if label not in seen]
    if never:
        raise InputError(f"control: no row has the label {listed(never)}. Rows without an entry need no label.")
    return mask, notes


def _name_read_as_missing(
    gaps: Sequence[int], names: Sequence[str], control: Sequence[str]
) -> tuple[str | None, list[tuple[str, str]]]:
    """What missing entries mean: of a name such as "nan" or "NA" pandas may have made them."""
    words = [name for name in (*names, *control) if name in MISSING_WORDS]
    if not words:
        return None, []
    rows = f"{len(gaps)} rows have a missing entry in interventions, the first is row {gaps[0]}"
    way = "Read the labels with avici_jl.read_table, or pandas.read_csv(path, keep_default_na=False)"
    if len(words) > 1 or not control:
        raise InputError(
            f"{rows}, and {listed(words)} is a name here that pandas reads as missing: they may mean it, or no "
            f"intervention. {way}; or put None for rows without an intervention."
        )
    note = f"{rows}; they are taken to mean {words[0]!r}, a name that pandas reads as missing. {way}, to be sure."
    return words[0], [("names read as missing", note)] if words[0] in names else []


def _labels(control: str | Collection[str] | None) -> list[str]:
    if control is None:
        return []
    return [control] if isinstance(control, str) else [str(label) for label in control]


def _is_gap(entry: Any) -> bool:
    return type(entry).__name__ in ("NAType", "NaTType") or (isinstance(entry, float | np.floating) and np.isnan(entry))


def _targets_of(entry: Any, position: Collection[str]) -> Iterable[Any]:
    if entry is None or _is_gap(entry):
        return ()
    if isinstance(entry, tuple) and name_of(entry) in position:  # a label of a MultiIndex
        return (name_of(entry),)
    if isinstance(entry, str) or np.ndim(entry) == 0 and not isinstance(entry, set | frozenset):
        return (entry,)
    return tuple(entry)


def _refuse(unknown: dict[str, list[int]], names: Sequence[str]) -> None:
    """Say which labels are no variables, how many rows they have, and what they may mean."""
    first = next(iter(unknown))
    rows = sum(len(found) for found in unknown.values())
    more = "" if rows == 1 else f" In all, {rows} rows name what is no column: {listed(list(unknown))}."
    parts = [first.replace(sign, " ").split() for sign in "+,;|&_"]
    several = any(len(part) > 1 and set(part) & set(names) for part in parts)
    split = " A label that means several variables has to be split into a list of names." if several else ""
    raise InputError(
        f"interventions: row {unknown[first][0]} names {first!r}, which is no column of X.{nearest(first, names)}{more}"
        f"{split} Use None for rows without, or name their label by control=; leave out rows whose target is not in X."
    )


def _index_of(target: Any, row: int, position: dict[str, int]) -> int:
    d = len(position)
    if isinstance(target, str):
        return position[target]
    if isinstance(target, (int, np.integer)) and not isinstance(target, bool):
        named = position.get(str(target), int(target))
        if named != target and 0 <= target < d:
            raise InputError(
                f"interventions: row {row} has the number {target}, which is the name of one column and the position "
                f"of another; name the columns by text, as in {str(target)!r}."
            )
        if 0 <= named < d:
            return named
        raise InputError(f"interventions: row {row} has index {target}; the variables have the indices 0 to {d - 1}.")
    if isinstance(target, float) and target.is_integer():
        return _index_of(int(target), row, position)
    if not isinstance(target, bool | float) and str(target) in position:  # a date, say
        return position[str(target)]
    raise InputError(f"interventions: row {row} has {target!r}; a name, an index from 0 on, or None is expected.")

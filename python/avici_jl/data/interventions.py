"""Which variables were set or knocked out in which row: every form that a user may have, as a mask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from avici_jl.data.columns import split_row_labels
from avici_jl.data.targets import LabelRules, read_targets
from avici_jl.data.words import listed, name_of, nearest
from avici_jl.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def column_or_entries(interventions: Any, x: Any, argument: str = "interventions") -> tuple[Any, Any]:
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
            f"{argument}={interventions!r} names a column, which needs a DataFrame or an AnnData as X; "
            f"otherwise {argument} must have one entry per row of X."
        )
    return _in_order_of(interventions, _labels_of(x)), x


def read_interventions(
    interventions: Any, n: int, names: Sequence[str], rules: LabelRules
) -> tuple[np.ndarray, np.ndarray, list[tuple[str, str]]]:
    """Which variables were set; see `avici_jl.data.inputs.read_input`.

    Args:
        interventions: nothing, a mask, or one entry per row.
        n: number of rows.
        names: of the variables.
        rules: what the labels of rows mean.

    Returns:
        The mask [n, d] uint8, which rows can be used [n] bool, and notes.

    Raises:
        InputError: it does not fit the table.
    """
    mask = None
    if hasattr(interventions, "columns"):
        interventions, _ = split_row_labels(interventions)
        if interventions.shape[1] == 1:  # one column names the target of each row
            interventions = interventions.iloc[:, 0]
    if interventions is None:
        mask = np.zeros((n, len(names)), np.uint8)
    elif hasattr(interventions, "columns"):
        mask = _read_mask_frame(interventions, n, names)
    elif _is_mask(interventions, len(names)):
        mask = _check_mask(np.asarray(interventions), n, len(names))
    if mask is None:
        return read_targets(interventions, n, names, rules)
    if rules.given():
        raise InputError(f"{rules.given()[0]}= says what labels of rows mean; it needs one label per row.")
    return mask, np.ones(n, bool), []


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

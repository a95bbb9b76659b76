"""Everything that a user may pass in, as checked arrays; or an error that says what to do."""

from __future__ import annotations

import os
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from avici_jl.data.batches import read_batch
from avici_jl.data.cells import read_cells
from avici_jl.data.columns import array_of, numbers_of, split_row_labels
from avici_jl.data.interventions import column_or_entries, read_interventions
from avici_jl.data.knowledge import Knowledge, Known
from avici_jl.data.orientation import looks_transposed
from avici_jl.data.targets import LabelRules
from avici_jl.data.words import listed, name_of
from avici_jl.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

LARGEST = 1e30
"""Larger values are refused: their squares would leave the range of numbers."""


@dataclass(frozen=True, eq=False)
class Input:
    """A checked table of observations.

    Attributes:
        x: [n, d] float64; NaN where a value is missing.
        interventions: [n, d] uint8, 1 where a variable was set or knocked out.
        names: of the variables, as text.
        columns: of the table, as the user labelled them: text, numbers, or a MultiIndex; None where it has no labels.
        notes: how the table was understood where that is not plain: a short name of the reason, and a sentence.
        rows: [n] which rows of the table that was given these are, by position; None where that is not known.
        batch: [n], number of each row's batch; None where batches were not given.
        same_units: whether the variables' spreads may be compared.
        known: what is known of the graph; None if nothing is.
    """

    x: np.ndarray
    interventions: np.ndarray
    names: list[str]
    columns: pd.Index | None = None
    notes: tuple[tuple[str, str], ...] = ()
    rows: np.ndarray | None = None
    batch: np.ndarray | None = None
    same_units: bool = False
    known: Known | None = None

    @cached_property
    def fingerprint(self) -> int:
        """A number that differs between datasets."""
        arrays = (self.x, self.interventions)
        return hash((*(zlib.crc32(np.ascontiguousarray(array).data) for array in arrays), self.x.shape, *self.names))

    @property
    def labels(self) -> list[Any]:
        """The user's own labels of the variables, or their names where there are none."""
        return self.names if self.columns is None else list(self.columns)


class InputOptions(TypedDict, total=False):
    """What `read_input` can be told about a table, and with it every method of a `Model` that predicts."""

    names: Sequence[Any] | None
    layer: str | None
    raw: bool
    gene_symbols: str | None
    control: str | Collection[str] | None
    separator: str | None
    guides: Any
    unmeasured: str
    batch: Any
    same_units: bool
    prior: Any
    regulators: Collection[Any] | None


def read_input(
    x: Any,
    interventions: Any = None,
    *,
    kind: str,
    names: Sequence[Any] | None = None,
    layer: str | None = None,
    raw: bool = False,
    gene_symbols: str | None = None,
    control: str | Collection[str] | None = None,
    separator: str | None = None,
    guides: Any = None,
    unmeasured: str = "refuse",
    batch: Any = None,
    same_units: bool = False,
    prior: Any = None,
    regulators: Collection[Any] | None = None,
) -> Input:
    """Check a table and its interventions. The caller's objects are never changed.

    Args:
        x: [n, d] observations: array, nested lists, DataFrame, AnnData, or a `Dataset`, which brings its interventions
            along.
        interventions: None; a mask [n, d] of 0 and 1 (array or DataFrame); one entry per row: None for an
            observational row, the name or index of the variable that was set, or a collection of these; or the name
            of the column that holds these entries, in `obs` of an AnnData or in the DataFrame.
        kind: "values" or "counts".
        names: of the variables, where `x` has none.
        layer: of an AnnData, instead of its `X`.
        raw: take the `.raw` of an AnnData, instead of its `X`.
        gene_symbols: column of an AnnData's `var` that names the variables, instead of its index.
        control: label, or labels, of rows without an intervention.
        separator: what stands between the targets in one label, as "+" in "GATA1+KLF1"; the parts "ctrl" and "control"
            are none.
        guides: what belongs to the guides that the labels name: a dict from guides to genes, a table of these two
            columns, its file, or a pattern such as "{gene}_{number}".
        unmeasured: "refuse", or "drop" rows whose target is no variable of the table.
        batch: one label per row, or the name of the column that holds them, in `obs` of an AnnData or in the DataFrame.
        same_units: whether all variables are measured in the same units, so that their spreads may be compared.
        prior: what is known of the graph: a `Knowledge`, a dict of its fields, or the path of a TOML file with these.
        regulators: the only variables that can be causes: this field of `prior` alone.

    Raises:
        InputError: something does not fit; the message says what was wrong, what was expected and what to do.
    """
    from avici_jl.data.dataset import Dataset

    if isinstance(x, Dataset):
        interventions = x.interventions if interventions is None else interventions
        names = x.names if names is None else names
        x = x.x
    elif isinstance(x, str | os.PathLike):
        raise InputError(f"X is the path {str(x)!r}; read the file first, as in avici_jl.read_table({str(x)!r}).")
    elif hasattr(x, "to_pandas"):  # another library's table
        x = x.to_pandas()
    rules = LabelRules(control, separator, guides, unmeasured)
    chosen = {"layer": layer, "raw": raw or None, "gene_symbols": gene_symbols}
    given = [f"{name}={value!r}" for name, value in chosen.items() if value is not None]
    if given and not _is_anndata(x):
        raise InputError(f"{given[0]} chooses a part of an AnnData; X is a {type(x).__name__}.")
    notes: list[tuple[str, str]] = []
    if _is_frame(x):
        x, interventions, unnamed = _without_row_labels(x, interventions)
        notes += [("row labels", _ROW_LABELS.format(listed(unnamed)))] if unnamed else []
    interventions, x = column_or_entries(interventions, x)
    batch, x = column_or_entries(batch, x, "batch")
    table, columns, rows = _read_table(x, layer, raw, gene_symbols)
    if names is not None:
        import pandas as pd

        columns = pd.Index(names) if columns is not None else None
        labels = [str(name) for name in names]
    n, d = table.shape
    if names is None:
        columns, trimmed = _without_blanks(columns)
        notes += [("blanks", f"Blanks around names of variables were left out: {listed(trimmed)}.")] if trimmed else []
        labels = [f"x{j + 1}" for j in range(d)] if columns is None else [name_of(label) for label in columns]
    if len(labels) != d:
        raise InputError(f"{len(labels)} names were given for {d} variables; give one name per column of X.")
    _check_unique(labels)
    mask, usable, more = read_interventions(interventions, n, labels, rules)
    transposed = looks_transposed(table, columns, rows)
    notes += [*more, ("transposed", transposed)] if transposed else more
    table, mask = (table, mask) if usable.all() else (table[usable], mask[usable])
    n = len(table)
    if n < 2 or d < 2:
        way = " The columns of a file that another sign separates are read with sep= (--sep)." if d == 1 else ""
        raise InputError(
            f"X has {n} rows and {d} columns. At least 2 observations (rows) of 2 variables are needed.{way}"
        )
    _check_finite(table, labels)
    _check_missing(table, labels)
    if kind == "counts":
        _check_counts(table, labels, _layers(x))
    batches = None if batch is None else read_batch(batch, len(usable))[usable]
    found = Input(table, mask, labels, columns, tuple(notes), np.flatnonzero(usable), batches, bool(same_units))
    if prior is None and regulators is None:
        return found
    knowledge = Knowledge() if prior is None else Knowledge.read(prior)
    if regulators is not None:
        if knowledge.regulators is not None:
            raise InputError("The regulators are given twice, in prior and as regulators=; give them once.")
        knowledge = replace(knowledge, regulators=regulators)
    return replace(found, known=knowledge.of(found.labels, labels, positions=columns is None))


_ROW_LABELS = "The first column of X, {}, has no name of its own: it is taken as the labels of the rows, no variable."


def _without_row_labels(x: pd.DataFrame, interventions: Any) -> tuple[pd.DataFrame, Any, list[str]]:
    """X and a mask without their unnamed first columns; where both have them, as the index, which orders the rows."""
    rest, unnamed = split_row_labels(x)
    ordered = not hasattr(interventions, "loc")  # by position, or a column of X
    if _is_frame(interventions):
        mask, also = split_row_labels(interventions)
        ordered = len(also) == len(unnamed)
        interventions = (
            mask.set_index([interventions.iloc[:, k] for k in range(len(also))]) if ordered and also else mask
        )
    if ordered and unnamed:
        rest = rest.set_index([x.iloc[:, k] for k in range(len(unnamed))])
    return rest, interventions, unnamed


def _without_blanks(columns: pd.Index | None) -> tuple[pd.Index | None, list[str]]:
    """Labels without blanks around them, and those that had some."""
    if columns is None or columns.nlevels > 1:
        return columns, []
    trimmed = [label for label in columns if isinstance(label, str) and label != label.strip()]
    found = columns.map(lambda label: label.strip() if isinstance(label, str) else label) if trimmed else columns
    return found, trimmed


def _is_frame(x: Any) -> bool:
    return hasattr(x, "columns") and hasattr(x, "dtypes")


def _is_anndata(x: Any) -> bool:
    return hasattr(x, "var_names") and hasattr(x, "X")


def _layers(x: Any) -> list[str]:
    return list(x.layers) if _is_anndata(x) and hasattr(x, "layers") else []


def _read_table(
    x: Any, layer: str | None, raw: bool, gene_symbols: str | None
) -> tuple[np.ndarray, pd.Index | None, pd.Index | None]:
    """A table as float64 [n, d], a copy, and its own labels of columns and rows."""
    columns = rows = None
    if _is_anndata(x):
        x, columns, rows = read_cells(x, layer, raw, gene_symbols)
    elif _is_frame(x):
        columns, rows, x = x.columns, x.index, numbers_of(x)
    if hasattr(x, "toarray"):  # scipy.sparse
        x = x.toarray()
    table = array_of(x)
    if table.ndim != 2:
        raise InputError(f"X must have two dimensions, observations × variables; it has shape {table.shape}.")
    return table, columns, rows


def _check_unique(names: Sequence[str]) -> None:
    seen: set[str] = set()
    double = sorted({name for name in names if name in seen or seen.add(name)})  # type: ignore[func-returns-value]
    if double:
        raise InputError(f"Names of variables must differ; these occur more than once: {listed(double)}.")


def _check_finite(table: np.ndarray, names: Sequence[str]) -> None:
    wrong = np.isinf(table)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        rows, columns = int(wrong.any(axis=1).sum()), [names[int(j)] for j in np.flatnonzero(wrong.any(axis=0))]
        raise InputError(
            f"X has {int(wrong.sum())} infinite values, in {rows} of {len(table)} rows; the first is in row {row}, "
            f"column {names[column]!r}. They are in the columns {listed(columns)}. Drop these rows or columns, or mark "
            "the values as missing (NaN)."
        )
    large = np.abs(table) > LARGEST
    if large.any():
        row, column = np.argwhere(large)[0]
        raise InputError(
            f"X has values beyond ±{LARGEST:g}; the first is {table[row, column]:g}, in row {row}, column "
            f"{names[column]!r}. Drop these rows, or use other units."
        )


def _check_missing(table: np.ndarray, names: Sequence[str]) -> None:
    few = (~np.isnan(table)).sum(axis=0) < 2
    if few.any():
        columns = [names[int(j)] for j in np.flatnonzero(few)]
        raise InputError(
            f"X has fewer than two values that are not missing in the columns {listed(columns)}; drop them."
        )


def _check_counts(table: np.ndarray, names: Sequence[str], layers: Sequence[str]) -> None:
    hint = f"with layer= one of {listed(layers)}" if layers else "in AnnData often layer='counts'"
    for wrong, what in (
        (table < 0, "negative values"),
        ((table != np.floor(table)) & ~np.isnan(table), "values that are not integers"),
    ):
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            scores = np.abs(np.nanmean(table, axis=0)).max() < 1e-3
            looks = " They look standardised (every variable has mean 0)." if scores else ""
            raise InputError(
                f"This model takes raw counts (0, 1, 2, …), and X has {what}; the first is {table[row, column]:g}, in "
                f"row {row}, column {names[column]!r}.{looks} Pass counts that are not normalised or log-transformed "
                f'({hint}), or use a model for real values such as "scm".'
            )
    if not np.nan_to_num(table).any():
        raise InputError("X has only zeros. Pass the raw counts, observations × genes.")

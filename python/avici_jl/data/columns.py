"""Columns of a table: which are labels of rows, which hold numbers, and what a column that does not is likely to be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from avici_jl.data.words import MISSING_WORDS, listed
from avici_jl.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

KINDS = {"c": "complex numbers", "M": "dates", "m": "durations"}
"""What cannot be read as numbers, by the letter that numpy has for it."""

_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?")
_THOUSANDS_COMMA = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?")
_POINTS_AND_COMMA = re.compile(r"[-+]?\d{1,3}([.\s'\u2019]\d{3})+(,\d*)?")


def split_row_labels(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """A table without its unnamed first columns, which are labels of rows, and how they are called.

    An index that was written to a file without a name comes back as a first column `Unnamed: 0`, or as one with an
    empty name.
    """
    count = 0
    while count < frame.shape[1] - 1 and _is_unnamed(frame.columns[count], count):
        count += 1
    return (frame.iloc[:, count:], [str(name) for name in frame.columns[:count]]) if count else (frame, [])


def _is_unnamed(label: Any, position: int) -> bool:
    if isinstance(label, tuple):
        return all(_is_unnamed(part, position) or re.fullmatch(r"Unnamed: \d+_level_\d+", str(part)) for part in label)
    name = "" if label is None else str(label).strip()
    return name in ("", f"Unnamed: {position}", f"__index_level_{position}__")


def numbers_of(frame: pd.DataFrame) -> np.ndarray:
    """The table as float64 [n, d], missing entries as NaN.

    Raises:
        InputError: a column does not hold numbers; the message names row, column and value, and says what the column
            seems to be.
    """
    text = [k for k, dtype in enumerate(frame.dtypes) if not _holds_numbers(frame.iloc[:, k], dtype)]
    if text:
        _refuse(frame, text)
    return frame.to_numpy(dtype=np.float64, na_value=np.nan)


def _holds_numbers(column: pd.Series, dtype: Any) -> bool:
    from pandas.api.types import infer_dtype

    kind = getattr(dtype, "kind", "O")
    numbers = ("integer", "floating", "mixed-integer-float", "decimal", "boolean", "empty")
    return kind in "biuf" or (kind == "O" and infer_dtype(column, skipna=True) in numbers)


def _refuse(frame: pd.DataFrame, text: Sequence[int]) -> None:
    """Say where the first entry is that is no number, and what its column seems to be."""
    names = [str(frame.columns[k]) for k in text]
    column = frame.iloc[:, text[0]]
    start = f"These columns of X do not hold numbers: {listed(names)}."
    if getattr(column.dtype, "kind", "O") in "mMc":
        raise InputError(
            f"{start} {names[0]!r} holds {KINDS[column.dtype.kind]}; drop it, or make it the index (on the command "
            "line: --row-names COLUMN)."
        )
    given = column[column.notna()].astype(str).str.strip()
    wrong = _not_numbers(given)
    row = int(np.flatnonzero(column.notna())[wrong[0] if len(wrong) else 0])
    where = f" Row {row}{_label(column.index, row)} of column {names[0]!r} has {column.iloc[row]!r}."
    raise InputError(start + where + _advice(given, wrong, names[0]))


def _not_numbers(entries: pd.Series) -> np.ndarray:
    """Positions of the entries that are no numbers, of text."""
    import pandas as pd

    found = pd.to_numeric(entries.where(~entries.isin(list(MISSING_WORDS)), "0"), errors="coerce")
    return np.flatnonzero(found.isna())


def _advice(entries: pd.Series, wrong: np.ndarray, name: str) -> str:
    """What to do about a column, by what its entries look like."""
    odd = entries.iloc[wrong]
    if not len(odd):
        return (
            f" They look like numbers stored as text: convert them, as in X[{name!r}] = pandas.to_numeric(X[{name!r}])."
        )
    formats = {
        "decimal=',' (on the command line: --decimal ,)": _DECIMAL_COMMA,
        "thousands=',' (--thousands ,)": _THOUSANDS_COMMA,
        "decimal=',' and the sign between thousands, as thousands='.' (--decimal , --thousands .)": _POINTS_AND_COMMA,
    }
    fit = [option for option, pattern in formats.items() if odd.str.fullmatch(pattern).all()]
    if fit:
        return (
            f" They look like numbers in another notation: read the file with {', or '.join(fit)}, which "
            "avici_jl.read_table and pandas.read_csv take."
        )
    if list(wrong) == [0]:
        return (
            " Everything below it is a number, so the first row seems to hold units or a second header: take it out of "
            "the file, or read the file with pandas.read_csv(path, skiprows=[1])."
        )
    if len(odd) <= len(entries) / 2:
        return (
            f" {len(odd)} of its {len(entries)} entries are no numbers: {listed(list(odd.unique()), 4)}. Mend these "
            "entries, or leave out their rows."
        )
    different = list(entries.unique())
    if len(different) == len(entries):
        return (
            f" It has another text in every row, as labels of rows do: make it the index, as in X.set_index({name!r}), "
            f"or read the file with row_names={name!r} (on the command line: --row-names). Otherwise drop it."
        )
    return (
        f" It holds categories: {listed(different, 4)}. If they say which variable was set in each row, name the "
        f"column by interventions={name!r} (on the command line: --targets); otherwise drop it, make it the index "
        "(--row-names), or code categories that have an order as numbers."
    )


def _label(index: pd.Index, row: int) -> str:
    return "" if index.nlevels > 1 or index.dtype.kind in "iuf" else f" ({index[row]!r})"

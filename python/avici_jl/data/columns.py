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

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_DECIMAL = r"[-+]?\d*,\d+([eE][-+]?\d+)?"
_NOTATIONS = {
    "decimal=',' (on the command line: --decimal ,)": re.compile(_DECIMAL),
    "thousands=',' (on the command line: --thousands ,)": re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?"),
    "decimal=',', thousands='.' (on the command line: --decimal , --thousands .)": re.compile(
        rf"{_DECIMAL}|[-+]?\d{{1,3}}(\.\d{{3}})+(,\d*)?"
    ),
    "decimal=',', thousands=' ' (on the command line: --decimal , --thousands ' ')": re.compile(
        rf"{_DECIMAL}|[-+]?\d{{1,3}}([ \u00a0]\d{{3}})+(,\d*)?"
    ),
}
"""Options that read numbers in other notations, and what these look like; the plainest first."""


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


def array_of(x: Any) -> np.ndarray:
    """Anything like an array as a float64 copy; text, complex numbers and dates are refused, masked values missing."""
    if isinstance(x, np.ma.MaskedArray):
        x = np.ma.filled(x.astype(np.float64), np.nan)
    try:
        array = np.asarray(x)
        text = array.dtype.kind in "USMmVc" or (
            array.dtype.kind == "O" and any(isinstance(entry, str | bytes) for entry in array.flat)
        )
        if text:
            kinds = {**KINDS, "V": "records; pass a DataFrame instead"}
            kind = kinds.get(array.dtype.kind) or "text" + _first_text(array)
            raise InputError(f"X must hold real numbers; it holds {kind}.")
        return np.array(array, dtype=np.float64)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(f"X cannot be read as a table of numbers: {error}.") from None


def _first_text(array: np.ndarray) -> str:
    """Where the first entry is that is text, and what to do if all of them are numbers."""
    if array.ndim != 2:
        return ""
    entries = {place: entry for place, entry in np.ndenumerate(array) if isinstance(entry, str | bytes)}
    (row, column), entry = next(iter(entries.items()))
    shown = entry.decode(errors="replace") if isinstance(entry, bytes) else str(entry)
    hint = "; numbers stored as text are converted by X.astype(float)" if all(map(_is_number, entries.values())) else ""
    return f", {shown!r} in row {row}, column {column}{hint}"


def _is_number(entry: str | bytes) -> bool:
    try:
        float(entry)
    except ValueError:
        return False
    return True


def _holds_numbers(column: pd.Series, dtype: Any) -> bool:
    from pandas.api.types import infer_dtype

    kind = getattr(dtype, "kind", "O")
    numbers = ("integer", "floating", "mixed-integer-float", "decimal", "boolean", "empty")
    return kind in "biuf" or (kind == "O" and infer_dtype(column, skipna=True) in numbers)


def _refuse(frame: pd.DataFrame, text: Sequence[int]) -> None:
    """Say where the first entry is that is no number, and what its column seems to be."""
    start = f"These columns of X do not hold numbers: {listed([str(frame.columns[k]) for k in text])}."
    for k in (*text, text[0]):  # the first with an entry that cannot be a number
        name, column = str(frame.columns[k]), frame.iloc[:, k]
        if getattr(column.dtype, "kind", "O") in "mMc":
            raise InputError(
                f"{start} {name!r} holds {KINDS[column.dtype.kind]}; drop it, or make it the index (on the command "
                "line: --row-names COLUMN)."
            )
        given = column[column.notna()].astype(str).str.strip()
        wrong = _not_numbers(given)
        if len(wrong):
            break
    row = int(np.flatnonzero(column.notna())[wrong[0] if len(wrong) else 0])
    where = f" Row {row}{_label(column.index, row)} of column {name!r} has {column.iloc[row]!r}."
    notation = _notation(frame.iloc[:, list(text)])
    raise InputError(start + where + (notation or _advice(given, wrong, name)))


def _not_numbers(entries: pd.Series) -> np.ndarray:
    """Positions of the entries that are no numbers, of text."""
    import pandas as pd

    found = pd.to_numeric(entries.where(~entries.isin(list(MISSING_WORDS)), "0"), errors="coerce")
    return np.flatnonzero(found.isna())


def _notation(columns: pd.DataFrame) -> str:
    """How to read numbers in another notation, if that is what all entries look like; of all columns together."""
    entries = [entry.strip() for entry in columns.to_numpy().ravel() if isinstance(entry, str)]
    odd = [entry for entry in entries if not (entry in MISSING_WORDS or _NUMBER.fullmatch(entry))]
    fit = [option for option, pattern in _NOTATIONS.items() if odd and all(map(pattern.fullmatch, odd))]
    if not fit:
        return ""
    options = " or ".join(fit[:2])
    return f" The numbers are in another notation: read the file with {options}; pandas.read_csv takes the same."


def _advice(entries: pd.Series, wrong: np.ndarray, name: str) -> str:
    """What to do about a column, by what its entries look like."""
    odd = entries.iloc[wrong]
    if not len(odd):
        return (
            f" They look like numbers stored as text: convert them, as in X[{name!r}] = pandas.to_numeric(X[{name!r}])."
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

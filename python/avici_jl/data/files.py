"""Tables in files: observations, interventions, known edges."""

from __future__ import annotations

import sys
from collections.abc import Collection
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from avici_jl.data import cells
from avici_jl.data.columns import split_row_labels
from avici_jl.data.text import read_text, read_workbook
from avici_jl.data.words import listed, nearest
from avici_jl.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
_COLUMNAR = {".parquet": "read_parquet", ".pq": "read_parquet", ".feather": "read_feather"}

_OTHERS = {
    ".h5": "read a file of 10x Genomics with scanpy.read_10x_h5, or give the folder with matrix.mtx",
    ".mtx": "give the folder of 10x Genomics that holds it, with barcodes.tsv and features.tsv",
    ".npy": "read it with numpy.load, or write a table with the names of the variables",
    ".npz": "read it with numpy.load, or write a table with the names of the variables",
    ".rds": "write it in R as a table with write.csv, or as .h5ad",
    ".rdata": "write it in R as a table with write.csv, or as .h5ad",
}
"""Files of other kinds, and what to do with them."""


def read_table(
    path: str | Path,
    row_names: str | None = None,
    *,
    sep: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    transpose: bool = False,
    labels: str | Collection[str] = (),
) -> Any:
    """Observations from a file: what `Model.predict` takes.

    - text with a header, also compressed (`.gz`, `.bz2`, `.xz`, `.zip`): a DataFrame. `-` is the standard input.
    - `.parquet`, `.feather`: a DataFrame; needs the extra `parquet`.
    - `.xlsx`: a DataFrame; needs the extra `excel`.
    - `.h5ad`, `.zarr`, `.loom`, and a folder of 10x Genomics (`matrix.mtx`, `barcodes.tsv`, `features.tsv`): an
      AnnData; needs the extras `anndata`, `zarr`, `loom`.
    - a folder that `Dataset.save` has written: a `Dataset`.

    An unnamed first column holds the names of the rows. Between numbers, `NA`, `nan` and the like are missing values;
    in a column of labels they are labels like any other, and only a blank entry is none.

    Args:
        path: the file or folder.
        row_names: column of a table that holds the names of the rows.
        sep: what separates the columns of a text; by default the comma, tab, semicolon or bar that is most frequent in
            its first line.
        decimal: the decimal sign of a text or workbook; by default a point.
        thousands: the sign between thousands; by default there is none.
        encoding: of a text; by default UTF-8.
        sheet: of a workbook that has several.
        transpose: rows of the file are variables, columns are observations.
        labels: column, or columns, that hold labels even if these look like numbers.

    Raises:
        InputError: the file cannot be read; the message says why.
    """
    text = {"sep": sep, "encoding": encoding}
    numbers = {"decimal": decimal, "thousands": thousands}
    kept = [labels] if isinstance(labels, str) else list(labels)
    table = _read(str(path), text, numbers, {"sheet": sheet}, kept)
    if hasattr(table, "columns"):
        table = _with_row_names(table, str(path), row_names)
    elif row_names is not None:
        raise InputError(f"row_names={row_names!r} names a column of a table; {path} is none.")
    return _transposed(table, str(path)) if transpose else table


def read_entries(path: str | Path, encoding: str | None = None) -> Any:
    """Interventions from a file: a mask with named columns, or a Series of a single column with one target per row.

    In a file of text with one column a blank line is a row without an intervention.

    Raises:
        InputError: the file cannot be read.
    """
    table = _read(str(path), {"encoding": encoding}, {}, {}, [], entries=True)
    if not hasattr(table, "columns"):
        raise InputError(f"{path} holds no table of interventions.")
    table = _with_row_names(table, str(path), None)
    return _positions(table.iloc[:, 0]) if table.shape[1] == 1 else table


def read_edges(path: str | Path, names: list[str], encoding: str | None = None) -> np.ndarray:
    """A table of edges, whose first two columns are the names of cause and effect, as a graph [d, d].

    Raises:
        InputError: the file cannot be read, or names something else.
    """
    table = read_table(path, encoding=encoding)
    if getattr(table, "ndim", 0) != 2 or table.shape[1] < 2:
        raise InputError(f"{path} must have two columns: the names of cause and effect.")
    graph = np.zeros((len(names), len(names)), np.uint8)
    position = {name: k for k, name in enumerate(names)}
    for row in table.iloc[:, :2].astype(str).itertuples(index=False):
        cause, effect = (entry if entry in position else entry.strip() for entry in row)
        for name in (cause, effect):
            if name not in position:
                hint = nearest(name, names)
                raise InputError(f"{path} names {name!r}, which is no variable of the data.{hint}")
        if cause == effect:
            raise InputError(f"{path} has an edge from {cause!r} to itself.")
        graph[position[cause], position[effect]] = 1
    return graph


def _read(
    path: str,
    text: dict[str, Any],
    numbers: dict[str, Any],
    sheets: dict[str, Any],
    labels: Collection[str],
    entries: bool = False,
) -> Any:
    """A file of any kind; options that its kind does not have are refused."""
    file = Path(path)
    if path == "-":
        _refuse(sheets, "a workbook", "the standard input")
        source = BytesIO(sys.stdin.buffer.read())
        return read_text(source, "the standard input", labels=labels, entries=entries, **text, **numbers)
    if not file.exists():
        raise InputError(f"There is no file {path}.")
    kind = file.suffix.lower()
    if kind in _OTHERS:
        raise InputError(f"{path} is not read as it is: {_OTHERS[kind]}.")
    if kind in _WORKBOOKS:
        _refuse(text, "a text", path)
        return read_workbook(file, labels=labels, entries=entries, **{"sheet": None, **sheets}, **_both(numbers))
    _refuse(sheets, "a workbook", path)
    read = cells.reader_of(file)
    if read is None and kind not in _COLUMNAR and not file.is_dir():
        return read_text(file, path, labels=labels, entries=entries, **text, **numbers)
    _refuse({**text, **numbers}, "a text", path)
    if read is not None:
        return read(file)
    return _read_columnar(file, kind) if kind in _COLUMNAR else _read_dataset(file)


def _both(numbers: dict[str, Any]) -> dict[str, Any]:
    return {"decimal": None, "thousands": None, **numbers}


def _refuse(options: dict[str, Any], kind: str, path: str) -> None:
    given = [f"{name}={value!r}" for name, value in options.items() if value is not None]
    if given:
        raise InputError(f"{', '.join(given)}: says how {kind} is to be read, and {path} is none.")


def _read_dataset(folder: Path) -> Any:
    from avici_jl.data.dataset import Dataset

    return Dataset.load(folder)


def _read_columnar(path: Path, kind: str) -> pd.DataFrame:
    import pandas as pd

    name = "Parquet" if kind != ".feather" else "Feather"
    try:
        return getattr(pd, _COLUMNAR[kind])(path)
    except ImportError:
        raise InputError(f"For {path} install what reads {name}: pip install 'avici-jl[parquet]'.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as {name}: {str(error).splitlines()[0]}") from None


def _with_row_names(table: pd.DataFrame, path: str, row_names: str | None) -> pd.DataFrame:
    """The table with the names of its rows as index: a named column, or the first columns if they have no name."""
    if row_names is None:
        rest, unnamed = split_row_labels(table)
        if not unnamed:
            return table
        rest.index = table.iloc[:, 0] if len(unnamed) == 1 else rest.index
        return rest.rename_axis(index=None)
    if row_names not in table.columns:
        columns = [str(name) for name in table.columns]
        raise InputError(f"{path} has no column {row_names!r}.{nearest(row_names, columns)}")
    return table.set_index(row_names)


def _transposed(table: Any, path: str) -> Any:
    if hasattr(table, "columns"):
        if type(table.index).__name__ == "RangeIndex":
            raise InputError(
                f"The rows of {path} have no names, and transposed they are the variables: say which column names them "
                f"by row_names= (--row-names), one of {listed([str(name) for name in table.columns], 3)}."
            )
        return table.T.infer_objects().rename_axis(index=None, columns=None)
    if hasattr(table, "var_names"):
        return table.T
    raise InputError(f"{path} holds a dataset, which cannot be transposed.")


def _positions(column: pd.Series) -> pd.Series:
    """Labels of rows, as integers if all of them are written as such."""
    given = column[column.notna()].astype(str)
    if len(given) and given.str.fullmatch("0|[1-9][0-9]*").all():
        return column.map(lambda entry: None if entry is None else int(entry)).astype(object)
    return column

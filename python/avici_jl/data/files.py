"""Tables in files: observations, interventions, known edges."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from avici_jl.data.interventions import listed, nearest
from avici_jl.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = ",\t;|"


def read_table(path: str | Path, row_names: str | None = None) -> Any:
    """Observations from a file: what `Model.predict` takes.

    - text with a header (`.csv`, `.tsv`, `.txt`, also `.gz`): a DataFrame. The separator (comma, tab, semicolon or bar)
      is found in the first line; an unnamed first column holds the names of the rows.
    - `.parquet`: a DataFrame; needs pyarrow.
    - `.h5ad`: an AnnData; needs anndata.
    - a folder that `Dataset.save` has written: a `Dataset`.

    Args:
        path: the file or folder.
        row_names: column of a table that holds the names of the rows.

    Raises:
        InputError: the file cannot be read; the message says why.
    """
    table = _read(Path(path))
    if row_names is None or not hasattr(table, "columns"):
        return table
    if row_names not in table.columns:
        columns = [str(name) for name in table.columns]
        raise InputError(f"{path} has no column {row_names!r}.{nearest(row_names, columns)}")
    return table.set_index(row_names)


def read_entries(path: str | Path) -> Any:
    """Interventions from a file: a mask with named columns, or a Series of a single column with one target per row.

    In a file of text with one column a blank line is a row without an intervention.

    Raises:
        InputError: the file cannot be read.
    """
    table = _read(Path(path), blank_lines=True)
    if not hasattr(table, "columns"):
        raise InputError(f"{path} holds no table of interventions.")
    return table.iloc[:, 0] if table.shape[1] == 1 else table


def read_edges(path: str | Path, names: list[str]) -> np.ndarray:
    """A table of edges, whose first two columns are the names of cause and effect, as a graph [d, d].

    Raises:
        InputError: the file cannot be read, or names something else.
    """
    table = read_table(path)
    if getattr(table, "ndim", 0) != 2 or table.shape[1] < 2:
        raise InputError(f"{path} must have two columns: the names of cause and effect.")
    graph = np.zeros((len(names), len(names)), np.uint8)
    position = {name: k for k, name in enumerate(names)}
    for cause, effect in table.iloc[:, :2].astype(str).itertuples(index=False):
        for name in (cause, effect):
            if name not in position:
                hint = nearest(name, names)
                raise InputError(f"{path} names {name!r}, which is no variable of the data.{hint}")
        if cause == effect:
            raise InputError(f"{path} has an edge from {cause!r} to itself.")
        graph[position[cause], position[effect]] = 1
    return graph


def _read(path: Path, *, blank_lines: bool = False) -> Any:
    """What `read_table` says; blank lines of a text with one column are rows on request."""
    if path.is_dir():
        from avici_jl.data.dataset import Dataset

        return Dataset.load(path)
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    if path.suffix == ".h5ad":
        return _read_h5ad(path)
    if path.suffix in (".parquet", ".pq"):
        return _read_parquet(path)
    return _read_text(path, blank_lines)


def _read_text(path: Path, blank_lines: bool) -> pd.DataFrame:
    import pandas as pd

    try:
        with (
            gzip.open(path, "rt", encoding="utf-8-sig")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8-sig") as file
        ):
            first = file.readline()
        if not first.strip():
            raise InputError(f"{path} is empty, or its first line is; the names of the variables are expected there.")
        separator = max(_SEPARATORS, key=first.count)
        header = next(csv.reader([first], delimiter=separator))
        _check_header(header, path)
        skip = not (blank_lines and len(header) == 1)
        table = pd.read_csv(path, sep=separator, encoding="utf-8-sig", skip_blank_lines=skip)
    except (OSError, EOFError, ValueError) as error:  # ParserError and UnicodeDecodeError are ValueErrors
        if isinstance(error, InputError):
            raise
        reason = " ".join(str(error).split())
        raise InputError(f"{path} cannot be read as a table with a header: {reason}") from None
    if str(table.columns[0]).startswith("Unnamed:"):
        table = table.set_index(table.columns[0])
    return table


def _check_header(header: list[str], path: Path) -> None:
    """Refuse what pandas would mend in silence."""
    if all(_is_number(name) for name in header):
        raise InputError(f"{path} has numbers in its first line; the names of the variables are expected there.")
    double = [name for name, count in Counter(header).items() if count > 1]
    if double:
        raise InputError(f"{path} names columns more than once: {listed(double)}.")
    if any(not name.strip() for name in header[1:]):
        raise InputError(f"{path} has a column without a name, which only the first column, names of rows, may be.")


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except ImportError:
        raise InputError(f"For {path} install what reads Parquet: pip install pyarrow.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}") from None


def _read_h5ad(path: Path) -> Any:
    try:
        import anndata
    except ImportError:
        raise InputError(f"For {path} install AnnData: pip install anndata.") from None
    try:
        return anndata.read_h5ad(path)
    except Exception as error:  # h5py's and anndata's own
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path} cannot be read as an AnnData: {reason}") from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

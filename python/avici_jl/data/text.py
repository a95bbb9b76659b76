"""Tables in text and in workbooks, read by pandas: separators, notations of numbers, encodings, gaps and labels."""

from __future__ import annotations

import csv
import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avici_jl.data.words import MISSING_WORDS, listed
from avici_jl.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = ",\t;|"
_WRITTEN = {"\\t": "\t", "tab": "\t"}
"""Separators as they may be typed in a shell."""


def read_text(
    source: Path | BytesIO,
    name: str,
    *,
    sep: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    encoding: str | None = None,
    labels: Collection[str] = (),
    entries: bool = False,
) -> pd.DataFrame:
    """A text with a header, compressed or not. The arguments are those of `avici_jl.read_table`.

    Args:
        source: a file, whose ending says how it is compressed, or bytes.
        name: for messages.
        sep: what separates the columns; found by itself if None.
        decimal: sign of decimals.
        thousands: sign between thousands.
        encoding: of the text; UTF-8 by default.
        labels: names of columns that hold labels, and stay text.
        entries: a single column holds labels, and a blank line is a row without one.

    Raises:
        InputError: it cannot be read as a table.
    """
    import pandas as pd

    def read(**options: Any) -> pd.DataFrame:
        if isinstance(source, BytesIO):
            source.seek(0)
        engine = _engine(options["sep"])
        whole = {"low_memory": False} if engine == "c" else {}
        return pd.read_csv(
            source, encoding=encoding or "utf-8-sig", keep_default_na=False, engine=engine, **whole, **options
        )

    whole = {"header": None, "nrows": 1, "dtype": str, "skip_blank_lines": False}
    try:
        first = str(read(sep="\x1f", quoting=csv.QUOTE_NONE, **whole).iloc[0, 0])
        if not first.strip():
            raise InputError(f"The first line of {name} is empty; the names of the variables are expected there.")
        separator = max(_SEPARATORS, key=first.count) if sep is None else _WRITTEN.get(sep, sep)
        if separator == (decimal or "."):
            raise InputError(
                f"decimal={decimal!r} is also what separates the columns of {name}; give sep= (--sep) too."
            )
        spaced = {"skipinitialspace": f'{separator} "' in first}
        header = list(read(sep=separator, **spaced, **whole).iloc[0])
        check_header(header, name)
        numbers = {"decimal": decimal or ".", "thousands": thousands}
        single = entries and len(header) == 1
        table = with_gaps(
            lambda **more: read(sep=separator, skip_blank_lines=not single, **spaced, **numbers, **more),
            label_columns(header, labels, entries),
        )
    except InputError:
        raise
    except pd.errors.EmptyDataError:
        raise InputError(f"{name} is empty; a table with a header is expected.") from None
    except UnicodeError as error:
        raise InputError(
            f"{name} is not text in {encoding or 'UTF-8'} ({error}); say which it is by encoding= (on the command "
            "line: --encoding), often 'latin-1', 'cp1252' or 'utf-16'."
        ) from None
    except LookupError as error:
        raise InputError(f"{name} cannot be read with encoding={encoding!r}: {error}.") from None
    except ImportError as error:
        raise InputError(f"{name} cannot be read: {' '.join(str(error).split())}") from None
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, lzma.LZMAError, zlib.error) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{name} cannot be read as a table with a header: {reason}") from None
    _check_index(table, name)
    return table


def read_workbook(
    path: Path, *, sheet: str | None, decimal: str | None, thousands: str | None, labels: Collection[str], entries: bool
) -> pd.DataFrame:
    """A sheet of a workbook (.xlsx). The arguments are those of `avici_jl.read_table`.

    Raises:
        InputError: it cannot be read as a table, or has several sheets and none was chosen.
    """
    import pandas as pd

    try:
        with pd.ExcelFile(path) as book:
            sheets = [str(name) for name in book.sheet_names]
            if sheet is None and len(sheets) > 1:
                raise InputError(f"{path} has the sheets {listed(sheets)}; choose one by sheet= (--sheet).")
            if sheet is not None and sheet not in sheets:
                raise InputError(f"{path} has no sheet {sheet!r}; it has {listed(sheets)}.")
            chosen: dict[str, Any] = {"sheet_name": sheet or sheets[0], "keep_default_na": False}
            first = book.parse(header=None, nrows=1, dtype=str, **chosen)
            if first.empty:
                raise InputError(f"The sheet {chosen['sheet_name']!r} of {path} is empty.")
            header = ["" if pd.isna(name) else str(name) for name in first.iloc[0]]
            check_header(header, str(path))
            numbers = {"decimal": decimal or ".", "thousands": thousands}
            return with_gaps(
                lambda **more: book.parse(**chosen, **numbers, **more), label_columns(header, labels, entries)
            )
    except InputError:
        raise
    except ImportError:
        raise InputError(f"For {path} install what reads workbooks: pip install 'avici-jl[excel]'.") from None
    except Exception as error:  # openpyxl's, and those of what reads its XML
        raise InputError(f"{path} cannot be read as a workbook: {' '.join(str(error).split())}") from None


def with_gaps(read: Callable[..., pd.DataFrame], labels: Collection[str]) -> pd.DataFrame:
    """A table in which `NA` and the like are gaps between numbers, but labels between labels; a blank is None there.

    Args:
        read: a reader of pandas, called with options of its own.
        labels: columns that hold labels, even if they look like numbers.
    """
    from pandas.api.types import is_numeric_dtype

    dtype = dict.fromkeys(labels, str)
    table = read(na_values=["", *MISSING_WORDS], dtype=dtype)
    gaps = table.isna()
    text = [
        k
        for k, column in enumerate(table.columns)
        if column in dtype or not is_numeric_dtype(table[column].dtype) or gaps[column].all()
    ]
    again = table
    if any(gaps.iloc[:, k].any() for k in text):  # perhaps a label such as "nan"
        part = {"usecols": text} if type(table.index).__name__ == "RangeIndex" else {}
        again = read(na_values=[""], dtype=dtype, **part)
    for column in table.columns[text]:
        if not is_numeric_dtype(again[column].dtype):
            table[column] = again[column].astype(object).where(again[column].notna(), None)
    return table


def label_columns(header: Sequence[str], labels: Collection[str], entries: bool) -> list[str]:
    """Columns of labels, by their names in the file; a single column of entries is one."""
    named = [name for name in header if name.strip()]
    if entries and len(named) == 1:
        return named
    return [name for name in named if name in labels or name.strip() in labels]


def check_header(header: list[str], name: str) -> None:
    """Refuse what pandas would mend in silence."""
    if all(_is_number(column) for column in header):
        raise InputError(f"{name} has numbers in its first line; the names of the variables are expected there.")
    double = [column for column, count in Counter(header).items() if count > 1]
    if double:
        raise InputError(f"{name} names columns more than once: {listed(double)}.")
    if any(not column.strip() for column in header[1:]):
        raise InputError(f"{name} has a column without a name, which only the first column, names of rows, may be.")


def _check_index(table: pd.DataFrame, name: str) -> None:
    """Rows with more entries than the header: pandas takes the first of them as labels, which only one may be."""
    index = table.index
    if type(index).__name__ != "RangeIndex" and (index.nlevels > 1 or not index.is_unique):
        raise InputError(
            f"The rows of {name} have {index.nlevels} more entries than its header has names. If a comma is the "
            "decimal sign and separates columns too, the file cannot be read; otherwise give sep= (--sep), or mend the "
            "header."
        )


def _engine(separator: str) -> str:
    return "c" if len(separator) == 1 or separator == r"\s+" else "python"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

"""Whether a table may be transposed: variables in rows, observations in columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

_RUNNING = re.compile(r"(.*?)(\d+)")
_BARCODE = re.compile(r"[ACGTN]{8,}([-_.].*)?")
_ENOUGH = 1000
"""Labels that are looked at."""


def looks_transposed(x: np.ndarray, columns: Sequence[Any] | None, rows: Sequence[Any] | None) -> str | None:
    """What suggests that a table is transposed, as a sentence that asks; None where nothing does.

    Labels tell: columns that are barcodes of cells, or numbered while the rows have names. So do levels: in a table
    with fewer rows than columns, rows that differ much in their mean while the columns do not.

    Args:
        x: [n, d] the table.
        columns: their labels, or None.
        rows: their labels, or None.
    """
    n, d = x.shape
    reason = None
    if columns is not None and _barcodes(columns):
        reason = f"columns named as cells are, {_some(columns)}"
    elif n < d and columns is not None and rows is not None and _running(columns) and not _are_observations(rows):
        reason = f"rows with names, {_some(rows)}, and columns with numbers, {_some(columns)}"
    elif n < d and _levels_in_rows(x):
        reason = "rows that differ much in level, and columns that do not"
    if reason is None:
        return None
    return (
        f"X has {n} rows, {d} columns and {reason}: transposed? Observations belong in rows, variables in columns. To "
        "turn it, pass X.T, or read the file with read_table(path, transpose=True) (on the command line: --transpose)."
    )


def _running(labels: Sequence[Any]) -> bool:
    """Whether labels are numbers, or one prefix and numbers."""
    found = [_RUNNING.fullmatch(str(label)) for label in labels[:_ENOUGH]]
    return all(found) and len({match[1] for match in found if match}) == 1


def _are_observations(labels: Sequence[Any]) -> bool:
    return _running(labels) or _barcodes(labels)


def _barcodes(labels: Sequence[Any]) -> bool:
    return len(labels) > 0 and all(_BARCODE.fullmatch(str(label)) for label in labels[:_ENOUGH])


def _levels_in_rows(x: np.ndarray) -> bool:
    """Whether the means of the rows explain most of the variance, and those of the columns almost nothing."""
    total = x.var()
    if not np.isfinite(total) or total == 0 or np.ptp(x.mean(axis=0)) < 1e-6 * np.sqrt(total):  # or centred by column
        return False
    return bool(x.mean(axis=1).var() / total > 0.5 and x.mean(axis=0).var() / total < 0.1)


def _some(labels: Sequence[Any]) -> str:
    return ", ".join(repr(str(label)) for label in labels[:2]) + (", …" if len(labels) > 2 else "")

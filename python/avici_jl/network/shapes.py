"""The sizes that are compiled: a table is filled up to the next one, so that new sizes rarely compile anything new."""

from __future__ import annotations

import numpy as np

FEW_ROWS = (256, 1024)
"""Smaller numbers of rows cost little beside what compiling for another one takes."""


def usual_rows(n: int) -> int:
    """The next number of rows that is compiled, at least n: 256, 1024, and powers of two from there on."""
    return next((rows for rows in FEW_ROWS if n <= rows), _next(n, 1))


def usual_variables(d: int) -> int:
    """The next number of variables that is compiled, at least d.

    They are 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 160, …: above 64 four to a doubling, because time grows with the
    square and cube of this number.
    """
    return _next(d, 2 if d <= 64 else 4)


def fill_up(seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Entries [n, d, channels] with zeros behind them up to usual sizes, and [2] int32, the sizes n and d."""
    n, d, _ = seen.shape
    more = [(0, usual_rows(n) - n), (0, usual_variables(d) - d), (0, 0)]
    return np.pad(seen, more), np.array([n, d], np.int32)


def _next(size: int, parts: int) -> int:
    """The next of multiples of 8 of which there are at most `parts` between a power of two and its double."""
    step = max(8, 2 ** max(0, (size - 1).bit_length() - 1) // parts)
    return -(-size // step) * step

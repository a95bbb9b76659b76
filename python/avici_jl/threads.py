"""How many threads the linear algebra of a CPU gets."""

from __future__ import annotations

from contextlib import AbstractContextManager

from threadpoolctl import ThreadpoolController

_SMALL = 500


def blas_threads(d: int) -> AbstractContextManager[object]:
    """While open, LAPACK and BLAS take one thread where matrices are small, at most 500 variables wide.

    On several threads, small matrices take many times longer where others use the cores too.
    """
    return ThreadpoolController().limit(limits=1 if d <= _SMALL else None, user_api="blas")

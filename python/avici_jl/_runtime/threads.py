"""How many threads the linear algebra of a CPU gets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from threadpoolctl import threadpool_limits

_SMALL = 500

_lock = Lock()
_open = 0
_limit: threadpool_limits | None = None


@contextmanager
def blas_threads(d: int) -> Iterator[None]:
    """While open, LAPACK and BLAS take one thread where matrices are small, at most 500 variables wide.

    On several threads, small matrices take many times longer where others use the cores too.
    """
    if d > _SMALL:
        yield
        return
    global _open, _limit
    with _lock:  # the limit is that of the whole process: the last who needs it takes it away
        if _open == 0:
            _limit = threadpool_limits(limits=1, user_api="blas")
        _open += 1
    try:
        yield
    finally:
        with _lock:
            _open -= 1
            if _open == 0 and _limit is not None:
                _limit.restore_original_limits()

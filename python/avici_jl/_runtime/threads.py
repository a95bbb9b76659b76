"""How many threads a CPU gets: few for linear algebra on small matrices, enough for XLA."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext

from threadpoolctl import threadpool_limits

from avici_jl._runtime.scope import Shared

_SMALL = 500
_POOL = 16

_one_thread = Shared(lambda: threadpool_limits(limits=1, user_api="blas"))


def blas_threads(d: int) -> AbstractContextManager[None]:
    """While open, LAPACK and BLAS take one thread where matrices are small, at most 500 variables wide.

    On several threads, small matrices take many times longer where others use the cores too. The limit is that of the
    whole process, and is taken back when the last prediction at the time ends.
    """
    return nullcontext() if d > _SMALL else _one_thread()


def start_jax() -> None:
    """Start JAX's devices, with at least 16 threads in XLA's pool on a CPU, unless they run already.

    jaxlib's batched LAPACK kernels wait inside a thread of the pool for work that they put into the same pool; when
    there are as many of them at a time as threads, they wait forever. XLA reads the size from `NPROC` once, when it
    starts; the environment is left as it was.
    """
    import jax

    before = os.environ.get("NPROC")
    if before is None:
        os.environ["NPROC"] = str(max(_POOL, os.cpu_count() or 1))
    try:
        jax.devices()
    finally:
        if before is None:
            os.environ.pop("NPROC", None)

"""Threads of the linear algebra."""

import os
import subprocess
import sys

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from avici_jl._runtime.threads import blas_threads


def limits() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_overlapping_uses_leave_the_number_as_it_was() -> None:
    np.ones((2, 2)) @ np.ones((2, 2))
    with threadpool_limits(limits=2, user_api="blas"):
        one, other = blas_threads(10), blas_threads(10)
        one.__enter__()
        other.__enter__()
        assert limits() == {1}
        one.__exit__(None, None, None)
        assert limits() == {1}
        other.__exit__(None, None, None)
        assert limits() == {2}
        with blas_threads(1000):
            assert limits() == {2}


def test_a_pool_of_one_thread_that_the_host_has_started_is_enough() -> None:
    """Batched LAPACK kernels wait in XLA's pool for work in the same pool: a prediction must call none."""
    code = """
import jax
jax.devices()  # before the package
import numpy as np
from avici_jl.network.predictor import _summarize
x = np.random.default_rng(0).normal(size=(64, 8, 2)).astype(np.float32)
x[..., 1] = np.arange(64)[:, None] % 16 == np.arange(8)
groups = {"statistics": ["interventional", "smooth", "invariance"], "clip": 4.0}
found = jax.jit(lambda x: _summarize(groups, x, jax.numpy.array([60, 8])))(x)
print(bool(np.isfinite(np.asarray(found[0])).all()))
"""
    environment = {**os.environ, "NPROC": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300)
    assert done.stdout == "True\n", done.stderr

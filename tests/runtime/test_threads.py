"""Threads of the linear algebra."""

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

"""Ranks are those of SciPy, and predicting does not load its statistics."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import rankdata

from avici_jl.data.ranks import ranks


@pytest.mark.parametrize("shape", [(50,), (50, 3), (1, 2)])
def test_ranks_are_those_of_scipy(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).integers(0, 9, shape).astype(float)
    np.testing.assert_array_equal(ranks(x), rankdata(x, axis=0))
    x[0] = np.nan
    np.testing.assert_array_equal(ranks(x), rankdata(x, axis=0, nan_policy="omit"))


def test_a_model_is_imported_without_the_statistics_of_scipy() -> None:
    code = "import sys, avici_jl.model; sys.exit('scipy.stats' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)

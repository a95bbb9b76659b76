"""The estimator under scikit-learn's own checks, all of which it passes."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from avici_jl import CausalGraph

# The names of tests hold it, and must be the same in all processes of a run.
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", os.getpid())
FOLDER = Path(tempfile.gettempdir()) / f"avici-jl-estimator-{RUN}"


@pytest.fixture(scope="module", autouse=True)
def model() -> Iterator[None]:
    from tiny_models import save  # starts JAX

    save(FOLDER)
    yield
    shutil.rmtree(FOLDER)


@parametrize_with_checks([CausalGraph(str(FOLDER))])
@pytest.mark.filterwarnings("ignore::avici_jl.DataWarning")
def test_scikit_learn_s_own_checks(estimator: Any, check: Any) -> None:
    check(estimator)

"""Data of CauScale's setting: every variable is set, functions do what their names say, numbers belong to a dataset."""

from __future__ import annotations

import numpy as np
import pytest

from avici_jl.benchmark.causcale import MECHANISMS, causcale_dataset
from avici_jl.posterior.acyclic import is_acyclic


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_variable_is_set_in_an_equal_share_of_the_rows(mechanism: str) -> None:
    made, again, other = (causcale_dataset(mechanism, k, d=9, edges=18, n=200) for k in (0, 0, 1))
    np.testing.assert_array_equal(made.x, again.x)
    assert made.x.shape == (200, 9) and (made.x != other.x).any()
    assert made.graph is not None and is_acyclic(made.graph) and made.graph.any()
    assert (made.interventions.sum(axis=1) == 0).sum() == 20 and np.ptp(made.interventions.sum(axis=0)) == 0
    assert np.abs(made.x[made.interventions > 0]).max() <= 1
    roots = ~made.graph.any(axis=0)
    assert np.abs(made.x[:, roots]).max() <= 1 < np.abs(made.x[:, ~roots]).max()


def test_with_more_variables_than_rows_every_row_is_interventional() -> None:
    assert causcale_dataset("linear", 0, d=30, edges=30, n=25).interventions.sum(axis=1).tolist() == [1] * 25


def test_functions_are_those_of_their_names() -> None:
    rng = np.random.default_rng(0)
    causes, none = rng.uniform(-3, 3, (50, 2)), np.zeros(50)
    linear = MECHANISMS["linear"](rng, 2)
    np.testing.assert_allclose(linear(causes, none) + linear(-causes, none), 0, atol=1e-12)
    for name, bound in (("sigmoid", np.inf), ("polynomial", 2.0)):
        function = MECHANISMS[name](rng, 2)
        assert np.abs(function(causes, none)).max() <= bound
        alone = [function(np.where([k == 0, k == 1], causes, 0), none) for k in range(2)]
        both = sum(alone) - function(np.zeros_like(causes), none)
        np.testing.assert_allclose(function(causes, none), both, atol=1e-12)  # causes add up
        np.testing.assert_allclose(function(causes, none + 1) - function(causes, none), 1)
    neural = MECHANISMS["neural"](rng, 2)
    assert np.ptp(neural(causes, none + 1) - neural(causes, none)) > 0.01  # the noise is inside

"""Data of other packages and simple imperfections: reproducible, and as their names say."""

from __future__ import annotations

import numpy as np
import pytest

from avici_jl.benchmark.generators import (
    GENERATORS,
    IMPERFECTIONS,
    external_dataset,
    missing_packages,
    sergio_dataset,
)
from avici_jl.posterior.acyclic import is_acyclic

STANDARDIZED = "internally standardised linear, Gumbel noise"
AVAILABLE = [name for name in GENERATORS if not missing_packages(name)]


@pytest.mark.parametrize("name", AVAILABLE)
def test_a_dataset_belongs_to_its_number_and_leaves_the_global_generators_alone(name: str) -> None:
    np.random.seed(7)
    before = np.random.get_state()[1].copy()
    one, again, other = (external_dataset(name, number, d=6, n=40) for number in (0, 0, 1))
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    np.testing.assert_array_equal(one.x, again.x)
    assert one.x.shape == (40, 6) and (one.x != other.x).any()
    assert one.graph is not None and is_acyclic(one.graph)


def test_standardised_models_have_unit_variances() -> None:
    x = external_dataset(STANDARDIZED, 0, d=10, n=500).x
    np.testing.assert_allclose(x.std(axis=0), 1.0, rtol=1e-4)


def test_imperfections_do_what_their_names_say() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(3.0, 2.0, (2000, 4))
    made = {name: imperfection(np.random.default_rng(1), x) for name, imperfection in IMPERFECTIONS.items()}
    np.testing.assert_array_equal(made["none"], x)
    np.testing.assert_allclose(made["measurement error 25 %"].var(axis=0) / x.var(axis=0), 1.25, rtol=0.1)
    assert [len(np.unique(made[name][:, 0])) for name in ("five levels", "two levels")] == [5, 2]
    assert np.isnan(made["20 % missing"]).mean() == pytest.approx(0.2, abs=0.02)
    assert (made["1 % outliers"] != x).mean() == pytest.approx(0.01, abs=0.005)
    assert len(np.unique(made["rows five times"], axis=0)) == 400 and len(made["rows five times"]) == 2000
    assert made["batches 1 s.d."].std() > 1.1 * x.std()


@pytest.mark.skipif(bool(missing_packages("sergio_rs")), reason="needs sergio_rs")
def test_counts_of_sergio_belong_to_their_number_and_their_knock_outs_are_at_zero() -> None:
    one, again = (sergio_dataset(3, "DS6", d=10, cells=50, per_knockout=5) for _ in range(2))
    np.testing.assert_array_equal(one.x, again.x)
    assert one.graph is not None and one.x.shape[1] == 10 and (one.x.sum(axis=0) > 0).all()
    assert one.interventions[:50].sum() == 0 and (one.interventions[50:].sum(axis=1) == 1).all()
    known = one.interventions[50:].argmax(axis=1)
    assert np.median(one.x[50:][np.arange(len(known)), known]) == 0


@pytest.mark.skipif(bool(missing_packages("sergio_rs")), reason="needs sergio_rs")
def test_cells_that_are_far_apart_differ_more() -> None:
    def unlike(steps: int) -> float:
        data = sergio_dataset(3, "DS6", d=10, cells=10, per_knockout=100, steps_per_cell=steps)
        of_types = np.log1p(data.x[10:]).reshape(-1, 5, 20, 10)  # [knocked out, type, cell, gene]
        return float(of_types.var(axis=2).mean())

    assert unlike(200) > 1.1 * unlike(1)  # twenty steps of one trajectory are nearly one moment of it

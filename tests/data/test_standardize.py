"""Standardisation, by hand and in both libraries."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from avici_jl.data.standardize import standardize


def example(kind: str, shape: tuple[int, ...] = (3, 20, 4)) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.poisson(3.0, shape).astype(np.float32) if kind == "counts" else rng.normal(5, 3, shape)


@pytest.mark.parametrize("kind", ["values", "counts"])
def test_numpy_and_jax_agree_and_datasets_do_not_mix(kind: str) -> None:
    x = example(kind)
    ours = standardize(x, kind)
    assert ours.dtype == np.float32 and isinstance(ours, np.ndarray)
    np.testing.assert_allclose(standardize(jnp.asarray(x), kind), ours, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(standardize(x[1], kind), ours[1], rtol=1e-5, atol=1e-6)


def test_values_are_z_scores_and_constants_are_zero() -> None:
    x = example("values")
    x[..., 2] = 7.0
    z = standardize(x, "values")
    np.testing.assert_allclose(z.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(z.std(axis=1)[:, [0, 1, 3]], 1, rtol=1e-4)
    assert (z[..., 2] == 0).all()


def test_counts_by_hand() -> None:
    x = np.array([[1, 3, 0], [2, 2, 4], [0, 0, 8]])
    level = np.log2(np.array([0.25e6, 0.75e6, 0.25e6, 0.25e6, 0.5e6, 1e6]))
    scaled = (level - level.min()) / level.std()
    expected = [[scaled[0], scaled[1], 0], [scaled[2], scaled[3], scaled[4]], [0, 0, scaled[5]]]
    np.testing.assert_allclose(standardize(x, "counts"), expected, rtol=1e-4)


def test_depth_of_a_cell_does_not_matter() -> None:
    x = example("counts", (20, 4)) + 1
    np.testing.assert_allclose(
        standardize(x * np.arange(1, 21)[:, None], "counts"), standardize(x, "counts"), rtol=1e-3
    )


@pytest.mark.parametrize("x", [np.zeros((4, 3)), np.ones((4, 3)), np.diag([5, 0, 2])])
def test_degenerate_counts_stay_finite(x: np.ndarray) -> None:
    for array in (x, jnp.asarray(x)):
        z = np.asarray(standardize(array, "counts"))
        assert np.isfinite(z).all() and (z[x == 0] == 0).all()

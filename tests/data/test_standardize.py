"""Standardisation, by hand and in both libraries."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from avici_jl.data.standardize import features, log_spread, standardize


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


@pytest.mark.parametrize("kind", ["values", "counts"])
def test_what_is_missing_stays_so_and_does_not_count(kind: str) -> None:
    x = example(kind, (40, 4))
    gaps = x.copy()
    gaps[::5, 1] = np.nan
    for array in (gaps, jnp.asarray(gaps)):
        z = np.asarray(standardize(array, kind))
        np.testing.assert_array_equal(np.isnan(z), np.isnan(gaps))
    if kind == "values":
        expected = (gaps[:, 1] - np.nanmean(gaps[:, 1])) / np.nanstd(gaps[:, 1])
        np.testing.assert_allclose(z[:, 1], expected, atol=1e-5)


def test_a_gene_that_is_not_counted_in_a_cell_leaves_the_others_as_they_would_be() -> None:
    x = np.arange(1, 11)[:, None] * np.array([[1.0, 2.0, 4.0, 8.0]])  # cells of other depths, with the same shares
    gaps = x.copy()
    gaps[3, 2] = np.nan
    z, full = standardize(gaps, "counts"), standardize(x, "counts")
    np.testing.assert_allclose(z[3, [0, 1, 3]] / z[4, 3], full[3, [0, 1, 3]] / full[4, 3], atol=0.02)


def test_channels_say_what_is_missing_and_how_spread_variables_are() -> None:
    x = example("values", (2, 20, 4))
    u = np.zeros_like(x)
    assert features(x, u, "values").shape == (2, 20, 4, 2)
    x[0, 3, 1] = np.nan
    seen = features(x, u, "values", gaps=True)
    assert seen.shape[-1] == 3 and seen[0, 3, 1].tolist() == [0, 0, 0] and seen[..., 2].sum() == x.size - 1
    for array in (x, jnp.asarray(x)):
        spread = np.asarray(features(array, u, "values", gaps=True, same_units=np.array([True, False])))[..., 3]
        assert (spread[1] == 0).all() and (spread[0] == spread[0, 0]).all()
        np.testing.assert_allclose(spread[0, 0].mean(), 0, atol=1e-6)
    doubled = log_spread(x * np.array([1, 1, 1, 2.0]), u) - log_spread(x, u)
    np.testing.assert_allclose(doubled[..., 3] - doubled[..., 0], np.log(2), atol=1e-5)

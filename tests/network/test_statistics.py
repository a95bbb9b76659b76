"""Pair statistics against independent computations, and what they are there to see."""

from __future__ import annotations

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm, rankdata
from sklearn.linear_model import LinearRegression, Ridge

from avici_jl.errors import ConfigError
from avici_jl.network.statistics import GROUPS, count_statistics, pair_statistics
from avici_jl.network.statistics.columns import Columns
from avici_jl.network.statistics.conditional import conditional
from avici_jl.network.statistics.invariance import invariance
from avici_jl.network.statistics.marginals import normal_scores
from avici_jl.network.statistics.regression import interventional, residual, smooth


def standard(x: np.ndarray) -> np.ndarray:
    return ((x - x.mean(-2, keepdims=True)) / x.std(-2, keepdims=True)).astype(np.float32)


def chain(n: int = 4000) -> np.ndarray:
    """[1, n, 4]: 0 → 1 → 2, and 3, which is independent; then 0 → 1 ← 3 would be another graph."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 4))
    x[:, 1] += x[:, 0]
    x[:, 2] += x[:, 1]
    return standard(x)[None]


def test_normal_scores_are_those_of_average_ranks_and_see_only_the_order() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_cauchy((1, 50, 3)).astype(np.float32)
    x[0, :20, 1] = 0.0  # ties
    found = np.asarray(normal_scores(jnp.asarray(x)))[0]
    np.testing.assert_allclose(found, norm.ppf((rankdata(x[0], axis=0) - 0.5) / 50), atol=1e-5)
    np.testing.assert_array_equal(normal_scores(jnp.arctan(x)), found[None])


def test_statistics_of_ranks_ignore_increasing_transformations() -> None:
    x = np.stack([chain(200), np.zeros((1, 200, 4), np.float32)], -1)
    bent = np.stack([np.sinh(2 * x[..., 0]), x[..., 1]], -1)
    groups = [f"{group}@ranks" for group in GROUPS]
    np.testing.assert_allclose(pair_statistics(bent, groups), pair_statistics(x, groups), atol=1e-4)
    with pytest.raises(ConfigError, match="basic@rank.*@ranks"):
        count_statistics(["basic@rank"])


def test_conditioning_closes_a_chain_and_opens_a_collider() -> None:
    z = jnp.asarray(chain())
    one, two, _, _, opened, _, closed, *_ = (
        np.asarray(part)[0] for part in conditional(Columns(z, z, jnp.zeros_like(z)))
    )
    correlation = np.corrcoef(np.asarray(z)[0].T)

    def given(i: int, j: int, k: int) -> float:
        precision = np.linalg.inv(correlation[np.ix_([i, j, k], [i, j, k])])
        return -precision[0, 1] / np.sqrt(precision[0, 0] * precision[1, 1])

    for i, j in ((0, 1), (0, 2), (1, 2), (2, 3)):
        weakest = min((given(i, j, k) for k in range(4) if k not in (i, j)), key=abs)
        assert one[i, j] == pytest.approx(weakest, abs=1e-4)
    full = np.linalg.inv(correlation)
    assert two[0, 2] == pytest.approx(-full[0, 2] / np.sqrt(full[0, 0] * full[2, 2]), abs=1e-4)
    assert abs(one[0, 2]) < 0.05 < 0.4 < one[0, 1]  # 1 separates 0 and 2
    assert closed[0, 1] < -0.5  # given 1, 0 no longer depends on 2

    rng = np.random.default_rng(1)
    x = rng.normal(size=(4000, 3))
    x[:, 2] += x[:, 0] + x[:, 1]
    z = jnp.asarray(standard(x))[None]
    _, _, _, _, opened, _, closed, *_ = (np.asarray(part)[0] for part in conditional(Columns(z, z, jnp.zeros_like(z))))
    assert opened[0, 2] > 0.5 and closed[0, 2] > -0.05  # given 2, 0 depends on 1


def test_copies_of_a_variable_do_not_make_the_order_of_variables_matter() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(300, 6))
    x[:, [1, 4]] += np.array([1, 3]) * x[:, [3, 5]]
    x[:, [3, 5]] = x[:, [0]] + np.array([0.03, 0.02]) * x[:, [3, 5]]
    z, order = standard(x)[None], np.array([4, 5, 1, 3, 0, 2])
    found, moved = (
        np.stack([np.asarray(part)[0] for part in conditional(Columns(z, z, jnp.zeros(z.shape)))])
        for z in (jnp.asarray(z), jnp.asarray(z[..., order]))
    )
    np.testing.assert_allclose(moved, found[:, order][:, :, order], atol=1e-4)


def test_smooth_regressions_explain_what_ridge_regressions_do() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(2000, 3))
    x[:, 2] = np.sin(2 * standard(x)[:, 0]) + 0.5 * x[:, 1] + 0.3 * rng.normal(size=2000)
    z = standard(x).astype(float)
    explained, _, _, _, _, _, added, _ = (
        np.asarray(part)[0]
        for part in smooth(Columns(jnp.asarray(z)[None], jnp.asarray(z)[None], jnp.zeros((1, *z.shape))))
    )
    functions = [z, np.minimum(z**2, 9), np.clip(z**3 - 3 * z, -9, 9), np.sin(2 * z)]
    correlation = np.corrcoef(np.concatenate(functions, axis=1).T)

    def left_over(j: int, causes: list[int], ridge: float) -> float:
        """Variance of z_j that the functions of the causes leave over."""
        of_causes = [i + 3 * k for i in causes for k in range(4)]
        own = correlation[j, of_causes]
        solved = np.linalg.solve(correlation[np.ix_(of_causes, of_causes)] + ridge * np.eye(len(own)), own)
        return 1 - own @ solved + (ridge if len(causes) > 1 else 0.0)

    for i, j, k in ((0, 1, 2), (0, 2, 1), (1, 2, 0), (2, 0, 1)):
        assert explained[i, j] == pytest.approx(1 - left_over(j, [i], 0.02), abs=0.01)
        less, more = left_over(j, [k], 0.05) + 0.05, left_over(j, [i, k], 0.05)
        assert np.expm1(3 * added[i, j]) / 10 == pytest.approx((less - more) / less, abs=0.02)
    assert added[0, 1] < added[0, 2] and explained[0, 1] < 0.01


def test_residuals_are_those_of_the_regressions_on_all_others() -> None:
    z = chain()
    found = np.asarray(residual(Columns(jnp.asarray(z), jnp.asarray(z), jnp.zeros(z.shape)))[0])[0]
    left = np.stack([z[0, :, j] - _fit(np.delete(z[0], j, 1), z[0, :, j]) for j in range(4)])
    np.testing.assert_allclose(found, np.corrcoef(left), atol=0.005)


def _fit(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return Ridge(alpha=0.02 * len(x)).fit(x, y).predict(x)


def test_interventions_on_effects_break_regressions_and_those_on_causes_do_not() -> None:
    rng = np.random.default_rng(5)
    n, times = 6000, 300
    u = np.zeros((n, 3))
    x = np.zeros((n, 3))
    noise = rng.normal(size=(n, 3)) * [1.0, 0.6, 1.0]
    for j in range(3):  # 0 → 1 → 2
        u[j * times : (j + 1) * times, j] = 1
        x[:, j] = np.where(u[:, j] == 1, rng.uniform(-3, 3, n), 2 * x[:, j - 1] + noise[:, j] if j else noise[:, j])
    z = standard(x).astype(float)
    parts = [np.asarray(part)[0] for part in invariance(Columns(*(jnp.asarray(a)[None] for a in (z, z, u))))]
    partial, coefficient, precision, spread, shift, every = (parts[k] for k in (0, 4, 6, 8, 10, 12))

    for j in range(3):
        free = z[u[:, j] == 0]
        others = np.delete(np.arange(3), j)
        fit = LinearRegression().fit(free[:, others], free[:, j])
        left = free[:, j] - fit.predict(free[:, others])
        np.testing.assert_allclose(np.arctanh(coefficient[others, j]), _scaled(fit.coef_, free, others, j), atol=0.1)
        assert precision[j, others[0]] == pytest.approx(np.log(free[:, j].var() / left.var()) / 4, abs=0.05)
        for i in others:
            scaled = np.arctanh(coefficient[i, j]) * np.exp(2 * (precision[j, i] - precision[i, j]))
            assert partial[i, j] == pytest.approx(scaled, abs=0.01)
            here = free[u[u[:, j] == 0][:, i] == 1]
            missed = np.clip((here[:, j] - fit.predict(here[:, others])) / left.std(), -10, 10)
            expected = np.log((times * (missed**2).mean() + 2) / (times + 2))
            assert spread[i, j] == pytest.approx(np.tanh(expected / 2), abs=0.05)
            assert shift[i, j] == pytest.approx(np.tanh(missed.mean() * np.sqrt(times) / 3), abs=0.05)
    assert spread[1, 0] > 0.5 and spread[2, 1] > 0.5  # of effects
    assert abs(spread[0, 1]) < 0.2 and abs(spread[1, 2]) < 0.2  # of causes
    np.testing.assert_allclose(every, every.T, atol=1e-4)


def _scaled(coefficient: np.ndarray, rows: np.ndarray, others: np.ndarray, j: int) -> np.ndarray:
    return coefficient * rows[:, others].std(axis=0) / rows[:, j].std()


def test_heavy_tails_travel_from_cause_to_effect() -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_cauchy((2000, 2))
    x[:, 1] += x[:, 0]
    seen = np.stack([standard(x), np.zeros_like(x)], -1)[None].astype(np.float32)
    forward = np.asarray(pair_statistics(jnp.asarray(seen), ["tails"], 8.0))[0, ..., 0]
    assert forward[0, 1] > forward[1, 0] + 0.1


@pytest.mark.parametrize(("group", "rounding"), [(conditional, 1e-4), (interventional, 1e-4), (invariance, 5e-4)])
def test_blocks_of_variables_do_not_change_the_result(
    group: object, rounding: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(4)
    z = jnp.asarray(standard(rng.normal(size=(2, 30, 7)) @ rng.normal(size=(7, 7))))
    u = jnp.asarray(rng.random((2, 30, 7)) < 0.1, jnp.float32)
    whole = jnp.stack(group(Columns(z, z, u)))  # type: ignore[operator]
    for name in ("algebra", "columns"):
        monkeypatch.setattr(sys.modules[f"avici_jl.network.statistics.{name}"], "variables_at_once", lambda *_, **__: 3)
    np.testing.assert_allclose(jnp.stack(group(Columns(z, z, u))), whole, atol=rounding)  # type: ignore[operator]


def test_variables_that_were_never_intervened_on_share_what_the_others_have_of_their_own() -> None:
    rng = np.random.default_rng(6)
    z = jnp.asarray(standard(rng.normal(size=(2, 60, 5)) @ rng.normal(size=(5, 5))))
    u = np.zeros((2, 60, 5), np.float32)
    u[0, :10, 1] = u[1, 5:20, 3] = 1.0
    some = Columns(z, z, jnp.asarray(u)).regressions
    u[:, :, [0, 2, 4]] = np.nextafter(np.float32(0), np.float32(1))  # as good as never, but counted as intervened on
    every = Columns(z, z, jnp.asarray(u)).regressions
    for name, a, b in zip(some._fields, some, every, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5, err_msg=name)
    precise = np.linalg.inv(np.corrcoef(np.asarray(z[0, 10:], float).T) + 1e-3 * np.eye(5))
    np.testing.assert_allclose(some.precise[0, :, 1], precise[1], rtol=0.01)


def test_a_small_ridge_leaves_the_result_independent_of_the_order_of_rows() -> None:
    """Single precision would leave errors of some thousandths here."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(400, 20))
    for j in range(1, 20):
        x[:, j] = x[:, j - 1] + 0.05 * x[:, j]
    seen = np.stack([standard(x), np.zeros_like(x)], -1)[None].astype(np.float32)
    groups = ["interventional", "invariance", "invariance@ranks"]
    found, turned = (np.asarray(pair_statistics(jnp.asarray(rows), groups, 4.0)) for rows in (seen, seen[:, ::-1]))
    np.testing.assert_allclose(found, turned, atol=2e-4)


def test_no_product_is_rounded_on_accelerators() -> None:
    """By default a GPU rounds the factors of a product to 10 bits and a TPU to 8; what asks for all has HIGHEST."""
    x = jnp.zeros((1, 9, 4, 2))
    groups = [name + marginal for name in GROUPS for marginal in ("", "@ranks")]
    text = jax.jit(lambda x: pair_statistics(x, groups, 4.0)).lower(x).as_text()
    products = [line for line in text.splitlines() if "dot_general" in line]
    assert len(products) > 20
    assert all("[HIGHEST, HIGHEST]" in line for line in products)


def test_all_groups_are_finite_where_the_data_are_degenerate() -> None:
    constant = np.zeros((1, 3, 4, 2), np.float32)
    every = constant.copy()
    every[..., 1] = 1.0
    tied = np.stack([chain(3).round(), np.zeros((1, 3, 4), np.float32)], -1)
    for x in (constant, every, tied):
        for group in GROUPS:
            for name in (group, f"{group}@ranks"):
                assert bool(jnp.isfinite(pair_statistics(jnp.asarray(x), [name], 4.0)).all()), name

"""Pair statistics against independent computations, and what they are there to see."""

from __future__ import annotations

import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm, rankdata
from sklearn.linear_model import LinearRegression, Ridge

from avici_jl.data.standardize import features
from avici_jl.errors import ConfigError
from avici_jl.network.statistics import GROUPS, count_statistics, pair_statistics
from avici_jl.network.statistics.algebra import gram_self, inverse
from avici_jl.network.statistics.bins import bins
from avici_jl.network.statistics.columns import Columns, Given
from avici_jl.network.statistics.conditional import conditional
from avici_jl.network.statistics.evidence import evidence
from avici_jl.network.statistics.gaps import fill, gaps
from avici_jl.network.statistics.invariance import invariance
from avici_jl.network.statistics.levels import kinds, levels
from avici_jl.network.statistics.marginals import normal_scores
from avici_jl.network.statistics.order import negentropy, order
from avici_jl.network.statistics.regression import _quadratic, _times, interventional, residual, smooth


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
    groups = [f"{group}@ranks" for group in GROUPS if group != "levels"]  # which looks at the steps between values
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


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve variables are as many as need what spares work."""
    places = ("separation", "others", "order", "algebra")
    separation, others, order_, algebra = (sys.modules[f"avici_jl.network.statistics.{name}"] for name in places)
    for module in (separation, others, order_):
        monkeypatch.setattr(module, "MANY", 4)
    monkeypatch.setattr(separation, "_STRONGEST", 11)
    monkeypatch.setattr(others, "_SOME", 3)
    monkeypatch.setattr(algebra, "_WHOLE", 8)
    monkeypatch.setattr(algebra, "_LEAF", 3)


SPARED = ["conditional", "interventional", "order", "smooth", "kernel", "residual", "levels"]


def table_of_twelve() -> np.ndarray:
    """[1, 80, 12, 2], a chain with interventions on five of its variables."""
    rng = np.random.default_rng(7)
    x = rng.gumbel(size=(1, 80, 12)).cumsum(-1)
    u = np.zeros_like(x)
    u[0, np.arange(40), rng.integers(0, 5, 40)] = 1
    return np.stack([standard(np.where(u > 0, rng.normal(size=x.shape), x)), u], -1).astype(np.float32)


@pytest.mark.slow
def test_what_spares_work_with_many_variables_changes_nothing_where_it_looks_at_all(
    request: pytest.FixtureRequest,
) -> None:
    x = jnp.asarray(table_of_twelve())
    before = pair_statistics(x, SPARED)
    request.getfixturevalue("many")
    np.testing.assert_allclose(pair_statistics(x, SPARED), before, atol=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("strongest", [4, 11])
def test_with_many_variables_their_order_does_not_matter(
    many: None, monkeypatch: pytest.MonkeyPatch, strongest: int
) -> None:
    monkeypatch.setattr("avici_jl.network.statistics.separation._STRONGEST", strongest)
    x, turn = table_of_twelve(), np.random.default_rng(8).permutation(12)
    found, turned = (np.asarray(pair_statistics(jnp.asarray(z), SPARED)) for z in (x, x[:, :, turn]))
    np.testing.assert_allclose(turned, found[:, turn][:, :, turn], atol=2e-3)
    filled = np.pad(x, [(0, 0), (0, 3), (0, 4), (0, 0)])
    there = jnp.asarray(np.pad(np.ones(x.shape[:3], np.float32), [(0, 0), (0, 3), (0, 4)]))
    wider = np.asarray(pair_statistics(jnp.asarray(filled), SPARED, there=there))
    np.testing.assert_allclose(wider[:, :12, :12], found, atol=2e-3)


@pytest.mark.parametrize("batch", [1, 2])
def test_products_of_small_matrices_are_right_however_many_there_are(batch: int) -> None:
    """Of several tables with many variables, XLA's sum over a product of broadcast factors is not."""
    rng = np.random.default_rng(4)
    a, b = (rng.normal(size=(k, 3, batch, i, 96)).astype(np.float32) for k, i in ((4, 96), (3, 1)))
    expected = np.einsum("kl...,lm...->km...", a, np.broadcast_to(b, (3, 3, batch, 96, 96)))
    np.testing.assert_allclose(jax.jit(_times)(a, b), expected, atol=1e-5)


@pytest.mark.parametrize("size", [9, 16, 23])
def test_inverses_by_halves_are_inverses(many: None, size: int) -> None:
    x = np.random.default_rng(size).normal(size=(2, 40, size))
    matrix = np.swapaxes(x, 1, 2) @ x / 40
    expected = np.linalg.inv(matrix + 0.1 * np.eye(size))
    np.testing.assert_allclose(inverse(jnp.asarray(matrix, jnp.float32), 0.1), expected, atol=1e-4)


@pytest.mark.parametrize("size", [8, 9, 37])
def test_products_by_halves_are_products(many: None, size: int) -> None:
    f = np.random.default_rng(size).normal(size=(2, 30, size)).astype(np.float32)
    np.testing.assert_allclose(gram_self(jnp.asarray(f)), np.swapaxes(f, 1, 2) @ f, atol=1e-4)


@pytest.mark.slow
def test_a_table_has_the_same_order_alone_and_beside_others() -> None:
    x = np.concatenate([table_of_twelve(), table_of_twelve()[:, ::-1, ::-1]])
    both = np.asarray(pair_statistics(jnp.asarray(x), ["order"]))
    for k in range(2):
        np.testing.assert_allclose(pair_statistics(jnp.asarray(x[k : k + 1]), ["order"])[0], both[k], atol=1e-4)


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
    np.testing.assert_allclose(np.diagonal(added), np.log1p(10) / 3, rtol=1e-6)


def test_elimination_stays_finite_where_rounding_has_eaten_the_ridge() -> None:
    rounded = np.full((4, 4), 20.0, np.float32) - np.diag([20.01, 0.0, 0.0, 0.0]).astype(np.float32)
    assert np.isfinite(_quadratic(jnp.ones(4), jnp.asarray(rounded)))


def test_residuals_are_those_of_the_regressions_on_all_others() -> None:
    z = chain()
    found = np.asarray(residual(Columns(jnp.asarray(z), jnp.asarray(z), jnp.zeros(z.shape)))[0])[0, ..., 0]
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
    monkeypatch.setattr(sys.modules["avici_jl.network.statistics.algebra"], "variables_at_once", lambda *_: 3)
    monkeypatch.setattr(sys.modules["avici_jl.network.statistics.others"], "_ENTRIES", 3 * 2 * 30)
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


def given(columns: Any) -> Columns:
    z = jnp.asarray(columns, jnp.float32)
    return Columns.of(z, jnp.zeros_like(z))


def skewed(n: int = 2000, d: int = 6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """[1, n, d] of a linear model with exponential noise, in no order of its columns, and its weights [d, d]."""
    rng = np.random.default_rng(seed)
    weights, x = np.zeros((d, d)), rng.exponential(size=(n, d))
    sequence = rng.permutation(d)
    for place, j in enumerate(sequence):
        causes = rng.choice(sequence[:place], min(2, place), replace=False)
        weights[causes, j] = rng.choice([-1, 1], len(causes)) * rng.uniform(0.6, 1.2, len(causes))
        x[:, j] += x @ weights[:, j]
    return standard(x)[None], weights


def test_negentropy_of_known_distributions() -> None:
    share = (np.arange(200_000) + 0.5) / 200_000
    used = jnp.full(len(share), 1 / len(share))
    quantiles = {
        "normal": norm.ppf(share),
        "laplace": np.sign(share - 0.5) * -np.log(1 - 2 * np.abs(share - 0.5)) / np.sqrt(2),
        "uniform": (share - 0.5) * np.sqrt(12),
        "exponential": -np.log(1 - share) - 1,
    }
    exact = {  # of the approximation, from E|u| and E u min(|u|, 3)
        "normal": 0.0,
        "laplace": 11.08 * (np.sqrt(0.5) - np.sqrt(2 / np.pi)) ** 2,
        "uniform": 11.08 * (np.sqrt(3) / 2 - np.sqrt(2 / np.pi)) ** 2,
    }
    for name, u in quantiles.items():
        found = float(negentropy(jnp.asarray(u, jnp.float32), used))
        assert name == "exponential" or found == pytest.approx(exact[name], abs=1e-3)
        assert name != "exponential" or found > 0.2
        assert float(negentropy(jnp.asarray(-u, jnp.float32), used)) == pytest.approx(found, abs=1e-4)


def test_the_order_of_a_linear_model_with_skewed_noise_is_found_and_its_coefficients() -> None:
    z, weights = skewed()
    parts = [np.asarray(part)[0] for part in order(given(z))]
    before, partial, coefficient, alone = parts[0], parts[2], parts[6], parts[8]
    cause, effect = np.nonzero(weights)
    assert (before[cause, effect] == 1).all() and (before[effect, cause] == -1).all()
    np.testing.assert_array_equal(before, -before.T)
    np.testing.assert_allclose(alone, -alone.T, atol=1e-5)
    assert (partial[effect, cause] == 0).all()
    # The regression of the last variable on all others, from scikit-learn.
    last = int(np.argmax((before == 1).sum(0)))
    others = np.delete(np.arange(6), last)
    fit = LinearRegression().fit(z[0][:, others], z[0][:, last])
    np.testing.assert_allclose(np.arctanh(coefficient[others, last]), fit.coef_, atol=0.02)
    precise = np.linalg.inv(np.corrcoef(z[0].T))
    expected = -precise[others, last] / np.sqrt(precise[last, last] * np.diag(precise)[others])
    np.testing.assert_allclose(partial[others, last], expected, atol=0.02)


def test_two_variables_are_directed_by_their_noise_and_not_by_gaussian_noise() -> None:
    for noise in ("exponential", "uniform", "laplace"):
        rng = np.random.default_rng(1)
        x = getattr(rng, noise)(size=(4000, 2))
        x[:, 1] += x[:, 0]
        assert float(order(given(standard(x)[None]))[9][0, 0, 1]) > 0.5, noise
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4000, 2))
    x[:, 1] += x[:, 0]
    assert abs(float(order(given(standard(x)[None]))[9][0, 0, 1])) < 0.4


def test_several_variables_taken_out_at_a_time_are_still_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules["avici_jl.network.statistics.order"]
    z, weights = skewed(d=21, seed=2)
    one = np.asarray(module._order(jnp.asarray(z[0]), jnp.ones(2000)).position)
    monkeypatch.setattr(module, "_BUDGET", 0.0)  # at most eight steps: three at a time
    three = np.asarray(module._order(jnp.asarray(z[0]), jnp.ones(2000)).position)
    cause, effect = np.nonzero(weights)
    for position, least in ((one, 0.95), (three, 0.8)):
        np.testing.assert_array_equal(np.sort(position), np.arange(21))
        assert (position[cause] < position[effect]).mean() > least


def test_missing_values_are_filled_with_what_the_rest_of_the_row_says() -> None:
    rng = np.random.default_rng(8)
    factor = rng.normal(size=(1, 800, 1))
    x = standard((factor + 0.3 * rng.normal(size=(1, 800, 5)))[0])[None]
    observed = (rng.random(x.shape) > 0.2).astype(np.float32)
    found = np.asarray(fill(jnp.asarray(x * observed), jnp.asarray(observed)))
    np.testing.assert_array_equal(found[observed == 1], x[observed == 1])
    # The best linear prediction from what is there, with the covariance of the complete data.
    covariance = np.cov(x[0].T)
    best = np.zeros_like(x)
    for k in range(800):
        there = observed[0, k] == 1
        solved = np.linalg.solve(covariance[np.ix_(there, there)], x[0, k, there])
        best[0, k] = covariance[:, there] @ solved
    gap = (observed == 0) & (observed.sum(-1, keepdims=True) > 0)
    assert np.sqrt(((found - best)[gap] ** 2).mean()) < 0.1 < 0.25 < np.sqrt(((best - x)[gap] ** 2).mean())


def test_where_nothing_is_missing_statistics_are_those_of_two_channels() -> None:
    x = np.stack([chain(100), np.zeros((1, 100, 4), np.float32)], -1)
    groups = tuple(GROUPS)
    more = np.concatenate([x, np.ones_like(x[..., :1])], -1)
    found, plain = (jax.jit(pair_statistics, static_argnames="groups")(jnp.asarray(a), groups) for a in (more, x))
    np.testing.assert_allclose(found, plain, atol=1e-6)


def test_gaps_tell_of_other_variables_values() -> None:
    rng = np.random.default_rng(9)
    x = standard(rng.normal(size=(2000, 3)))[None]
    observed = np.ones_like(x)
    observed[0, :, 0] = x[0, :, 1] < 0.5  # missing where another variable is large
    observed[0, :, 2] = observed[0, :, 0] * (rng.random(2000) < 0.9)
    z = jnp.asarray(x)
    parts = [np.asarray(part)[0] for part in gaps(Columns.of(z, z * 0, Given(None, jnp.asarray(observed))))]
    share, together, other = parts[0], parts[2], parts[5]
    np.testing.assert_allclose(share[:, 0], np.sqrt(1 - observed[0].mean(0)), atol=1e-5)
    assert together[0, 2] > 0.1 and abs(together[0, 1]) < 1e-5
    assert other[0, 1] > 0.5 and abs(other[0, 2]) < 0.1


def test_kinds_of_variables_are_recognised() -> None:
    rng = np.random.default_rng(10)
    x = np.stack([rng.normal(size=500), rng.integers(0, 2, 500), rng.integers(1, 6, 500), rng.poisson(4, 500)], -1)
    x = np.concatenate([x, np.zeros((500, 1))], -1)  # and a constant
    x[:250, 0] = np.maximum(x[:250, 0], 0.0)  # with zeros
    number, inverse, mass, even = (np.asarray(part)[0] for part in kinds(given(standard(x + 1e-9)[None].astype(float))))
    np.testing.assert_allclose(inverse[1:3], [1 / 2, 1 / 5], atol=1e-6)
    assert inverse[4] == 1 and number[0] > 0.9 > 0.4 > number[3] > number[1]
    np.testing.assert_allclose(mass[[0, 1]], [(x[:, 0] == 0).mean(), np.bincount(x[:, 1].astype(int)).max() / 500])
    assert even[2] == even[3] == 1 and even[0] < 0.4


def test_mutual_information_of_levels_is_that_of_their_table() -> None:
    rng = np.random.default_rng(11)
    a = rng.integers(0, 2, 4000)
    b = np.where(rng.random(4000) < 0.8, a, 1 - a)
    x = np.stack([a, b, rng.integers(0, 3, 4000)], -1)
    parts = [np.asarray(part)[0] for part in levels(given(standard(x)[None]))]
    information, gamma = parts[10] ** 2, parts[14]
    expected = np.log(2) + 0.8 * np.log(0.8) + 0.2 * np.log(0.2)
    assert information[0, 1] == pytest.approx(expected, abs=0.03) and information[0, 2] < 0.002
    assert gamma[0, 1] == pytest.approx((0.8**2 - 0.2**2) / (0.8**2 + 0.2**2), abs=0.05)


def test_variance_is_even_along_a_cause_and_not_along_its_effect() -> None:
    rng = np.random.default_rng(12)
    x = rng.uniform(-1, 1, (4000, 3))
    x[:, 1] = x[:, 0] ** 3 + 0.3 * x[:, 1]
    parts = [np.asarray(part)[0] for part in bins(given(standard(x)[None]))]
    explained, uneven = parts[0], parts[6]
    total, noise = (x[:, 1]).var(), 0.09 / 3
    assert explained[0, 1] == pytest.approx(1 - noise / total, abs=0.07) and explained[0, 2] < 0.01
    assert uneven[1, 0] > uneven[0, 1] + 0.2


def test_effects_do_not_grow_with_the_number_of_rows() -> None:
    rng = np.random.default_rng(13)
    x = rng.normal(size=(20_000, 2))
    u = np.zeros_like(x)
    u[::2, 0] = 1
    x[::2, 0] += 2.0
    x[:, 1] += 0.5 * x[:, 0]
    few, many = (
        [np.asarray(part)[0] for part in evidence(Columns.of(*(jnp.asarray(a[None, :n], jnp.float32) for a in (x, u))))]
        for n in (500, 20_000)
    )
    assert few[6][0, 1] == pytest.approx(many[6][0, 1], abs=0.05)
    assert 0.1 < many[8][0, 1] - few[8][0, 1] < 1.0  # by log √40 / 3.5
    assert many[8][0, 1] - few[8][0, 1] == pytest.approx(np.log(np.sqrt(40)) / 3.5, abs=0.06)


def test_spreads_are_seen_only_where_units_are_common() -> None:
    x = np.random.default_rng(14).normal(size=(1, 300, 3)) * [1.0, 3.0, 9.0]
    u = np.zeros_like(x)
    shown, hidden = (
        np.asarray(pair_statistics(jnp.asarray(features(x, u, "values", same_units=common)), ["scale"]))[0]
        for common in (True, False)
    )
    assert (hidden == 0).all()
    np.testing.assert_allclose(shown[0, 1, 4], np.tanh(np.log(x[0, :, 1].std() / x[0, :, 0].std())), atol=1e-4)
    assert (shown[..., 6] == 1).all()


@pytest.mark.parametrize("group", ["order", "evidence", "bins", "levels", "gaps", "scale"])
def test_new_groups_are_invariant_in_rows_and_equivariant_in_variables(group: str) -> None:
    rng = np.random.default_rng(15)
    z = skewed(200)[0]
    z[..., 2] = np.round(z[..., 2])
    u = (rng.random(z.shape) < 0.05).astype(np.float32)
    observed = (rng.random(z.shape) < 0.9).astype(np.float32)
    spread = np.broadcast_to(rng.normal(size=6), z.shape)
    x = np.stack([z * observed, u, observed, spread], -1).astype(np.float32)
    call = jax.jit(lambda x: pair_statistics(x, [group], 4.0)[0])
    rows, variables = rng.permutation(200), rng.permutation(6)
    found = np.asarray(call(jnp.asarray(x)))
    np.testing.assert_allclose(call(jnp.asarray(x[:, rows])), found, atol=1e-3)
    moved = np.asarray(call(jnp.asarray(x[:, :, variables])))
    np.testing.assert_allclose(moved, found[variables][:, variables], atol=1e-3)

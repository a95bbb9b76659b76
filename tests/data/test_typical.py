"""Tables are compared with those of training: defects are named, and what training had is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from avici_jl.data.characteristics import characteristics
from avici_jl.data.inputs import read_input
from avici_jl.data.shift import differences
from avici_jl.data.typical import Shift, compare, summarize
from avici_jl.data.unusual import percent

N, D = 200, 8
CONFIG = {
    "data": {"kind": "values", "sizes": [{"d": D}], "rows": [N], "interventional": [0.0, 0.5]},
    "network": {"kind": "pair", "statistics": ["gaps"]},
}


def table(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A linear Gaussian system, half of the tables with interventions in half of the rows."""
    rng = np.random.default_rng(seed)
    x, given = rng.normal(size=(N, D)), np.zeros((N, D), np.uint8)
    if seed % 2:
        given[np.arange(N // 2), rng.integers(0, D, N // 2)] = 1
    weight = np.triu(rng.normal(size=(D, D)) * (rng.random((D, D)) < 0.3), 1)
    for j in range(D):
        x[:, j] += x @ weight[:, j]
        x[given[:, j] > 0, j] = 2 + rng.normal(size=int(given[:, j].sum()))
    return x, given


@pytest.fixture(scope="module")
def typical() -> dict[str, Any]:
    return summarize([characteristics(*table(seed), "values") for seed in range(400)])


def of(x: np.ndarray, given: np.ndarray, typical: dict[str, Any]) -> Shift:
    entries = [np.flatnonzero(row).tolist() or None for row in given]
    return compare(read_input(x, entries, kind="values"), "values", typical)


def test_characteristics_of_normal_rows_are_those_of_theory() -> None:
    x = np.random.default_rng(0).normal(size=(20_000, 5))
    found = characteristics(x, np.zeros(x.shape), "values")
    assert found["groups"] == pytest.approx(2 / np.pi, abs=0.02)
    assert found["tails"] == pytest.approx(np.log(2 * 2.3263), abs=0.03)
    assert found["level of rows"] == pytest.approx(1 / 5, abs=0.02)
    assert found["dependence"] == pytest.approx(0.0, abs=0.01) and found["order of rows"] < 0.01
    assert found["ties"] == found["gaps"] == found["repeated rows"] == found["few values"] == 0
    x[:, 1] = 0.6 * x[:, 0] + 0.8 * x[:, 1]
    found = characteristics(x, np.zeros(x.shape), "values")
    assert found["dependence"] == pytest.approx(2 * 0.36 / 5, abs=0.02)
    assert found["copies"] == pytest.approx(-np.log10(1 - 0.36), abs=0.02)
    series = np.zeros((5000, 3))
    for row in range(1, 5000):
        series[row] = 0.8 * series[row - 1] + np.random.default_rng(row).normal(size=3)
    # The rank correlation of a normal pair (Pearson 1907).
    expected = 6 / np.pi * np.arcsin(0.8 / 2)
    assert characteristics(series, np.zeros(series.shape), "values")["order of rows"] == pytest.approx(
        expected, abs=0.03
    )


def test_errors_in_single_cells_make_a_step_in_the_tails_and_heavy_tails_do_not() -> None:
    rng = np.random.default_rng(0)
    laplace = rng.laplace(size=(4000, 20))

    def step(x: np.ndarray) -> float:
        return characteristics(x, np.zeros(x.shape), "values")["step"]

    # Quantiles of the absolute value of a Laplace variable at the rarity p are log(1 / p).
    tenth, third, last = (np.log(np.log(1 / p)) for p in (0.1, 0.03, 0.005))
    expected = (last - third) / np.log(6) - (third - tenth) / np.log(0.1 / 0.03)
    assert step(laplace) == pytest.approx(expected, abs=0.02)

    def cauchy(p: float) -> float:
        return float(-np.log(np.tan(np.pi * p / 2)))

    expected = (cauchy(0.005) - cauchy(0.03)) / np.log(6) - (cauchy(0.03) - cauchy(0.1)) / np.log(0.1 / 0.03)
    beyond, body = (cauchy(0.0005) - cauchy(0.005)) / np.log(10), (cauchy(0.1) - cauchy(0.3)) / np.log(3)
    assert step(rng.standard_cauchy(size=(4000, 60))) == pytest.approx(expected - 3 * (beyond + body - 1.4), abs=0.4)
    assert expected - 3 * (beyond + body - 1.4) < -1
    wrong = rng.random(laplace.shape) < 0.01
    assert step(np.where(wrong, 10 * rng.normal(size=wrong.shape), rng.normal(size=wrong.shape))) > 0.1
    piled = np.where(rng.random(laplace.shape) < 0.72, 0.0, np.abs(laplace))
    assert np.isfinite(step(piled))
    assert np.isnan(step(laplace[:50])) and "step" not in characteristics(
        np.ones((200, 3)), np.zeros((200, 3)), "counts"
    )


def test_what_other_variables_leave_is_the_noise_of_a_linear_system() -> None:
    rng = np.random.default_rng(0)
    for noise in (rng.normal(size=(8000, 2)), rng.exponential(size=(8000, 2)), rng.uniform(size=(8000, 2))):
        x = np.column_stack([noise[:, 0], noise[:, 0] + 0.1 * noise[:, 1]])  # the rest of the second is its noise
        found = characteristics(x, np.zeros(x.shape), "values")
        skewness = np.abs(noise.mean() - np.median(noise)) / noise.std()
        low, quarter, three, high = np.quantile(noise[:, 1], [0.01, 0.25, 0.75, 0.99])
        assert found["skewness of the rest"] == pytest.approx(skewness, abs=0.03)
        assert found["tails of the rest"] == pytest.approx(np.log((high - low) / (three - quarter)), abs=0.06)


def test_no_order_of_rows_or_variables_changes_anything_else() -> None:
    x, given = table(1)
    rng = np.random.default_rng(5)
    rows, columns = rng.permutation(N), rng.permutation(D)
    one = characteristics(x, given, "values")
    other = characteristics(100 * x[rows][:, columns] - 7, given[rows][:, columns], "values")
    assert all(other[k] == pytest.approx(one[k], abs=1e-6) for k in one if k not in ("order of rows", "groups"))


def test_fresh_tables_of_training_are_seldom_unusual(typical: dict[str, Any]) -> None:
    fresh = [of(*table(1000 + seed), typical) for seed in range(150)]
    assert sum(bool(shift.unusual) for shift in fresh) <= 0.05 * 150
    p = np.array([shift.probability for shift in fresh])
    assert 0.4 < p.mean() < 0.6 and all(bool(s.unusual) == (s.probability < 0.02) for s in fresh)


def autocorrelated(x: np.ndarray) -> np.ndarray:
    y = x.copy()
    for row in range(1, len(y)):
        y[row] = 0.8 * y[row - 1] + 0.6 * x[row]
    return y


def far_out(x: np.ndarray) -> np.ndarray:
    return np.where(np.random.default_rng(0).random(x.shape) < 0.01, 10 * x.std(axis=0), x)


def in_batches(x: np.ndarray) -> np.ndarray:
    return x + 2.5 * x.std(axis=0) * np.random.default_rng(0).normal(size=(2, x.shape[1]))[np.arange(len(x)) % 2]


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("order of rows", autocorrelated),
        ("far out", far_out),
        ("repeated rows", lambda x: np.repeat(x[:40], 5, axis=0)),
        ("few values", lambda x: np.digitize(x, [-1, 0, 1]).astype(float)),
        ("ties", lambda x: np.round(4 * x / x.std(axis=0)) / 4),
        ("piled up", lambda x: np.maximum(x, np.quantile(x, 0.3, axis=0))),
        ("gaps", lambda x: np.where(np.random.default_rng(0).random(x.shape) < 0.05, np.nan, x)),
        ("groups", in_batches),
        ("copies", lambda x: np.column_stack([x[:, :-1], x[:, 0] + 1e-4 * x[:, 1]])),
    ],
)
def test_each_defect_is_named(typical: dict[str, Any], name: str, spoil: Callable[[np.ndarray], np.ndarray]) -> None:
    x, given = table(2000)
    assert not of(x, given, typical).unusual
    shift = of(spoil(x), given, typical)
    assert name in shift.unusual and shift.probability < 0.02
    entries = [None] * N
    assert dict(differences(read_input(spoil(x), entries, kind="values"), CONFIG, shift))


def test_errors_are_found_where_training_had_heavy_tails_and_an_odd_table() -> None:
    def heavy(seed: int) -> tuple[np.ndarray, np.ndarray]:
        x, given = table(seed)
        return (x if seed % 3 else np.random.default_rng(seed).standard_cauchy(size=x.shape)), given

    def wrong(seed: int, size: float) -> tuple[np.ndarray, np.ndarray]:
        x, given = table(seed)
        return np.where(np.random.default_rng(seed).random(x.shape) < 0.01, size * x.std(axis=0), x), given

    tables = [*(heavy(seed) for seed in range(240)), wrong(1, 100.0)]  # the last is not the only one of its like
    known = summarize([characteristics(*one, "values") for one in tables])
    found = [of(*wrong(seed, 10.0), known) for seed in range(300, 310)]
    assert sum(shift.unusual == ("step",) for shift in found) >= 7
    assert sum(bool(of(*heavy(seed), known).unusual) for seed in range(400, 430)) <= 2


def test_interventions_in_all_rows_are_unusual(typical: dict[str, Any]) -> None:
    x, _ = table(2000)
    given = np.eye(D, dtype=np.uint8)[np.arange(N) % D]
    assert "interventional" in of(x, given, typical).unusual


def test_what_training_had_is_not_named() -> None:
    def spoiled(seed: int) -> tuple[np.ndarray, np.ndarray]:
        x, given = table(seed)
        return (np.repeat(np.digitize(x[: N // 5], [-1, 0, 1]).astype(float), 5, axis=0), 0 * given)

    known = summarize([characteristics(*spoiled(seed), "values") for seed in range(100)])
    x, given = spoiled(500)
    found = read_input(x, [None] * N, kind="values")
    shift = compare(found, "values", known)
    assert not shift.unusual and not dict(differences(found, CONFIG, shift))
    assert {"few values"} <= dict(differences(found, CONFIG)).keys()  # without the comparison the plain rule holds


def test_a_shift_is_kept_as_plain_values(typical: dict[str, Any]) -> None:
    shift = of(*table(3), typical)
    assert Shift.from_dict(shift.to_dict()) == shift


def test_shares_are_readable() -> None:
    assert [percent(share) for share in (1.0, 0.216, 0.0225, 1e-9)] == ["100 %", "22 %", "2.2 %", "less than 0.1 %"]


def test_odd_tables_have_characteristics(typical: dict[str, Any]) -> None:
    for x in (np.ones((5, 3)), np.c_[np.ones(30), np.arange(30)], np.full((6, 2), np.nan), np.zeros((2, 2))):
        assert characteristics(x, np.zeros(x.shape), "values")["rows"] == pytest.approx(np.log(len(x)))
        assert characteristics(np.abs(x), np.ones(x.shape), "counts")["rows"] == pytest.approx(np.log(len(x)))
    assert of(np.random.default_rng(0).normal(size=(3, 2)), np.zeros((3, 2)), typical).probability >= 0

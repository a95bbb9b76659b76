"""What would happen if: closed forms of linear models, rows that interventions have set, counts, refusals."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from avici_jl.data.inputs import read_input
from avici_jl.errors import InputError
from avici_jl.posterior import Posterior
from avici_jl.posterior.effects import Effects

NAMES = ["a", "b", "c", "d"]
CHAIN = np.array([[0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]], float)
WEIGHTS = CHAIN * np.array([[0, 2, 0, 1], [0, 0, -1.5, 0], [0, 0, 0, 0.5], [0, 0, 0, 0]])
TOTAL = np.linalg.inv(np.eye(4) - WEIGHTS)
"""Sums over paths of the products of weights."""


def linear(n: int = 3000, sets: int = 0, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the chain with a of mean 3; in the last `sets` rows c is set to 20, whatever b is."""
    rng = np.random.default_rng(0)
    x, mask = np.zeros((n, 4)), np.zeros((n, 4), np.uint8)
    mask[n - sets :, 2] = 1
    for j in range(4):
        x[:, j] = x @ WEIGHTS[:, j] + noise * rng.normal(size=n) + (3 if j == 0 else 0)
        x[mask[:, j] > 0, j] = 20
    return x, mask


def posterior(x: np.ndarray, mask: np.ndarray | None = None, p: np.ndarray = CHAIN, kind: str = "values") -> Posterior:
    table = read_input(pd.DataFrame(x, columns=NAMES), mask, kind=kind)
    return Posterior(p.astype(np.float32), table, 0.5, "scm", kind)


def test_effects_of_linear_models_are_the_products_of_weights_along_paths() -> None:
    found = posterior(*linear())
    for i, of in enumerate(NAMES):
        for j, on in enumerate(NAMES):
            effect = found.effect(of, on)
            assert effect.mean == pytest.approx(TOTAL[i, j], abs=0.12)
            assert effect.low - 1e-9 <= effect.mean <= effect.high + 1e-9
            assert effect.probability == pytest.approx(float(TOTAL[i, j] != 0 or i == j), abs=1e-3)
    assert found.effect("d", "a") == (0, 0, 0, 0)
    table = found.effects()
    assert table[["source", "target"]].equals(found.edges()[["source", "target"]])
    for source, target, _, *numbers in table.itertuples(index=False):
        np.testing.assert_allclose(numbers, found.effect(source, target))


def test_a_knockout_shifts_by_weight_times_distance() -> None:
    table = posterior(*linear()).knockout("a", 0.0)
    assert table["variable"].tolist() == ["c", "b", "d"]
    np.testing.assert_allclose(table["shift"], [9, -6, 1.5], atol=0.3)  # d: -3 · (1 + 2 · -1.5 · 0.5)
    assert (table["low"] <= table["shift"]).all() and (table["shift"] <= table["high"]).all()
    assert (table["probability"] == 1).all()


def test_mechanisms_are_fitted_where_the_variable_was_not_set() -> None:
    """In a quarter of the rows c is 20 whatever b is: taken as if it had answered, its mechanism would be another."""
    x, mask = linear(sets=750)
    assert posterior(x, mask).effect("b", "c").mean == pytest.approx(-1.5, abs=0.1)
    assert abs(posterior(x).effect("b", "c").mean + 1.5) > 0.2
    # Rows in which c was set tell what d does, and stay as they are when a is set.
    assert posterior(x, mask).effect("c", "d").mean == pytest.approx(0.5, abs=0.05)
    all_set = np.ones_like(mask)
    all_set[:, [0, 1, 3]] = 0
    assert (posterior(x, all_set).knockout("a", 0.0).set_index("variable").loc["c", "shift"]) == 0


def test_smooth_mechanisms_bend_where_the_data_say_so() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 4))
    x[:, 1] = np.maximum(x[:, 0], 0) + 0.1 * x[:, 1]
    found = posterior(x, p=np.eye(4, k=1) * (np.arange(4) == 0)[:, None])
    up, down = (found.knockout("a", value).set_index("variable").loc["b", "shift"] for value in (1.5, -1.5))
    mean = np.maximum(x[:, 0], 0).mean()
    assert up == pytest.approx(1.5 - mean, abs=0.15) and down == pytest.approx(-mean, abs=0.15)
    # Where nothing was measured, what bends stays where it is; what does not goes on as a line.
    far, end = (found.knockout("a", value).set_index("variable").loc["b", "shift"] for value in (50.0, 2.6))
    assert far == pytest.approx(end, abs=0.1)
    assert posterior(*linear()).knockout("a", 103.0).set_index("variable").loc["b", "shift"] == pytest.approx(
        200, rel=0.05
    )


def test_intervals_hold_what_graphs_and_rows_leave_open() -> None:
    x, _ = linear(n=300)
    doubt = CHAIN.copy()
    doubt[0, 1] = 0.5
    half, sure = (posterior(x, p=p).effect("a", "b") for p in (doubt, CHAIN))
    assert half.low == 0 and half.high > 1.8 and 0.2 < half.probability < 0.8
    wide, narrow = (posterior(linear(n=n)[0]).effect("a", "b") for n in (60, 3000))
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low) > 0 and sure.low > 1.5


def test_outliers_and_gaps_do_not_decide() -> None:
    x, _ = linear()
    rng = np.random.default_rng(1)
    dirty = x.copy()
    dirty[rng.random(x.shape) < 0.01] = 1e5
    dirty[rng.random(x.shape) < 0.02] = np.nan
    assert posterior(dirty).effect("a", "c").mean == pytest.approx(-3, abs=0.4)


def test_counts_are_told_in_doublings() -> None:
    rng = np.random.default_rng(0)
    level = rng.uniform(3, 7, 2000)
    y = np.stack(
        [level, level + 1 + 0.3 * rng.normal(size=2000), rng.uniform(7, 9, 2000), rng.uniform(8, 9, 2000)], axis=1
    )
    filler = np.full((2000, 1), 1e5)  # keeps all cells of about one size
    counts = np.round(np.concatenate([2**y, filler], axis=1))
    table = read_input(pd.DataFrame(counts, columns=[*NAMES, "filler"]), kind="counts")
    p = np.zeros((5, 5), np.float32)
    p[0, 1] = 1
    found = Posterior(p, table, 0.5, "grn", "counts")
    assert found.effect("a", "b").mean == pytest.approx(1, abs=0.05)
    gone = found.knockout("a").set_index("variable")["shift"]
    assert gone["b"] == pytest.approx(-level.mean(), abs=0.3) and (gone.drop("b") == 0).all()
    pd.testing.assert_frame_equal(found.knockout("a"), found.knockout("a", 0))
    with pytest.raises(InputError, match="is a count"):
        found.knockout("a", -1)


def test_values_have_no_natural_knockout_and_numbers_are_checked() -> None:
    found = posterior(*linear(n=100))
    with pytest.raises(InputError, match="What is 'a' set to.*median"):
        found.knockout("a")
    for wrong in ({"graphs": 0}, {"level": 1.0}, {"graphs": -1}):
        with pytest.raises(InputError):
            found.effect("a", "b", **wrong)
    with pytest.raises(InputError, match="finite"):
        found.knockout("a", float("nan"))
    with pytest.raises(InputError, match="no variable 'z'"):
        found.effect("a", "z")


def test_mechanisms_are_fitted_once_and_not_kept_in_files(monkeypatch: pytest.MonkeyPatch) -> None:
    found, calls = posterior(*linear(n=100)), []
    fit = Effects.fit
    monkeypatch.setattr(Effects, "fit", lambda *given: calls.append(1) or fit(*given))
    first = found.effect("a", "b")
    found.knockout("b", 1.0)
    again = pickle.loads(pickle.dumps(found))
    assert len(calls) == 1 and again.effect("a", "b") == first and len(calls) == 2

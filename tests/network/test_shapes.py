"""Tables are filled up to a few sizes, which changes nothing and compiles nothing new."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit

import tiny_models
from avici_jl import Model
from avici_jl.data.standardize import features
from avici_jl.network import predictor as predictor_module
from avici_jl.network import shapes
from avici_jl.network.shapes import fill_up, usual_rows, usual_variables
from avici_jl.network.statistics import GROUPS, pair_statistics


def table(n: int, d: int, seed: int = 0, gaps: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A chain of skewed variables with a tied one, half of the rows with an intervention."""
    rng = np.random.default_rng(seed)
    x, mask = rng.exponential(size=(n, d)), np.zeros((n, d), np.uint8)
    mask[np.arange(n // 2), rng.integers(0, max(1, d - 1), n // 2)] = 1
    for j in range(1, d):
        x[:, j] = np.where(mask[:, j] == 1, x[:, j], x[:, j] + 0.8 * x[:, j - 1])
    x[:, d // 2] = np.round(x[:, d // 2])
    x[rng.random((n, d)) < gaps] = np.nan
    return x, mask


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model.load(tiny_models.save(tmp_path_factory.mktemp("model") / "tiny"))


def test_sizes_are_few_and_never_much_larger() -> None:
    for usual, largest, most, ratio in ((usual_rows, 8000, 5, 4.0), (usual_variables, 1000, 24, 1.5)):
        found = [usual(size) for size in range(2, largest)]
        assert len(set(found)) <= most and all(a >= b for a, b in zip(found, range(2, largest), strict=True))
        assert found == sorted(found) and all(usual(size) == size for size in set(found))
        assert all(usual(size) <= ratio * size for size in range(64, largest))


@pytest.mark.parametrize("gaps", [False, True])
def test_rows_and_variables_that_fill_up_change_no_statistic(gaps: bool) -> None:
    n, d = 50, 5
    x, mask = table(n, d, gaps=0.1 if gaps else 0.0)
    seen = features(x, mask, "values", gaps=gaps, same_units=True if gaps else None)
    groups = [name + marginal for name in GROUPS for marginal in ("", "@ranks")[: 1 if gaps else 2]]
    filled, extent = fill_up(seen)
    assert filled.shape[:2] == (256, 8) and list(extent) == [n, d]
    there = np.zeros(filled.shape[:2], np.float32)
    there[:n, :d] = 1
    plain = np.asarray(jax.jit(lambda x: pair_statistics(x, groups, 4.0))(jnp.asarray(seen[None])))[0]
    more = np.asarray(jax.jit(lambda x, t: pair_statistics(x, groups, 4.0, t))(filled[None], there[None]))[0]
    assert np.isfinite(more).all() and (more[d:] == 0).all() and (more[:, d:] == 0).all()
    np.testing.assert_allclose(more[:d, :d], plain, atol=3e-5)


@pytest.mark.parametrize("name", ["scm", "scm-world", "grn", "linear"])
def test_the_answers_of_shipped_models_are_those_without_filling_up(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model.load(name)
    x, mask = table(100, 9)
    x = np.round(x * 4) if model.kind == "counts" else x
    filled = model.predict(x, mask)
    monkeypatch.setattr(shapes, "usual_rows", lambda n: n)
    monkeypatch.setattr(shapes, "usual_variables", lambda d: d)
    exact = model.predict(x, mask)
    np.testing.assert_allclose(filled, exact, atol=1e-5)
    assert 0.01 < exact.max() and not np.array_equal(filled, exact)


def test_new_sizes_compile_nothing(tiny: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = []
    find = predictor_module._find
    monkeypatch.setattr(predictor_module, "_find", lambda key, *rest: compiled.append(key) or find(key, *rest))
    monkeypatch.setattr(predictor_module, "_functions", {})
    for n in range(40, 256, 11):
        tiny.predict(*table(n, 3 + n % 6))
    assert len(compiled) == 2  # statistics and network
    tiny.predict(*table(257, 8))
    assert len(compiled) == 3  # statistics of more rows
    tiny.predict(*table(257, 9))
    assert len(compiled) == 5
    assert all(function._cache_size() == 1 for function in predictor_module._functions.values())


def test_functions_that_were_not_used_for_long_are_let_go(tiny: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is asked about tables of many sizes would use up the pieces of memory that it may map."""
    monkeypatch.setattr(predictor_module, "_functions", {})
    monkeypatch.setattr(predictor_module, "_MOST_FUNCTIONS", 3)
    tables = [np.random.default_rng(d).normal(size=(30, d)) for d in (4, 12, 20)]
    before = [tiny.predict(table) for table in tables]  # six functions, of which the last three stay
    assert len(predictor_module._functions) == 3
    kept = list(predictor_module._functions)
    np.testing.assert_array_equal(tiny.predict(tables[2]), before[2])
    assert list(predictor_module._functions) == kept  # nothing was compiled; the last used is last
    np.testing.assert_array_equal(tiny.predict(tables[0]), before[0])
    assert len(predictor_module._functions) == 3 and kept[0] not in predictor_module._functions


def test_filling_up_by_different_amounts_gives_the_same(tiny: Model) -> None:
    x, mask = table(60, 4)
    seen = features(x, mask, "values")
    run = tiny._predictor
    logits = run(seen).edges
    padded = np.pad(seen, [(0, 200), (0, 9), (0, 0)])
    groups = {"statistics": predictor_module._groups(run._config), "clip": 0.0}
    summary = jax.jit(lambda x: predictor_module._summarize(groups, x, jnp.array([60, 4])))
    again = jax.jit(run.from_summary)(run._leaves, summary(padded))[0][:4, :4]
    np.testing.assert_allclose(expit(logits), expit(again), atol=1e-6)

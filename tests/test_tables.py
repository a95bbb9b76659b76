"""Tables as users have them: order, gaps, batches and many rows change nothing that they should not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tiny_models
from avici_jl import InputError, Model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model.load(tiny_models.save(Path(tmp_path_factory.mktemp("model") / "tiny")))


def table(n: int = 120, d: int = 5, gaps: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x, mask = rng.normal(size=(n, d)), np.zeros((n, d), np.uint8)
    x[:, 1:] += x[:, :-1]
    mask[np.arange(n // 3), np.arange(n // 3) % d] = 1
    x[rng.random((n, d)) < gaps] = np.nan
    return x, mask


@pytest.mark.parametrize(("gaps", "batches"), [(0.0, 0), (0.1, 0), (0.1, 4)])
@pytest.mark.parametrize("in_parts", [False, True])
def test_the_order_of_rows_and_variables_does_not_matter(
    model: Model, gaps: float, batches: int, in_parts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, mask = table(gaps=gaps)
    options: dict[str, Any] = {"batch": np.arange(len(x)) % batches} if batches else {}
    if in_parts:  # as of a table that is much longer than those of training
        monkeypatch.setattr(Model, "_most_rows", property(lambda _: 40))
        monkeypatch.setattr("avici_jl.model.model.usual_rows", lambda n: n)
    rows, variables = np.random.default_rng(1).permutation(len(x)), np.random.default_rng(2).permutation(x.shape[1])
    p = model.predict(x, mask, **options)
    moved = {name: labels[rows] for name, labels in options.items()}
    turned = model.predict(x[rows][:, variables], mask[rows][:, variables], **moved)
    np.testing.assert_allclose(turned, p[np.ix_(variables, variables)], atol=2e-5)


def test_gaps_in_a_constant_column_and_a_batch_of_one_row_are_answered(model: Model) -> None:
    x, mask = table()
    x[:, 2] = 3.0
    x[:20, 2] = np.nan
    batch = np.r_[np.zeros(60), np.ones(59), 2]
    with pytest.warns(match="never change"):
        alone = model.predict(x, mask)
    together = model.predict(x, mask, batch=batch)
    assert np.isfinite(alone).all() and np.isfinite(together).all() and alone.max() > 0


def test_one_batch_is_no_batch(model: Model) -> None:
    x, mask = table(gaps=0.05)
    np.testing.assert_array_equal(model.predict(x, mask, batch=["plate 1"] * len(x)), model.predict(x, mask))


def test_a_column_without_values_is_named(model: Model) -> None:
    x, mask = table()
    x[:, 3] = np.nan
    with pytest.raises(InputError, match="'dose'.*drop"):
        model.predict(x, mask, names=["a", "b", "c", "dose", "e"])
    x[0, 3] = np.inf
    with pytest.raises(InputError, match="dose"):
        model.predict(x, mask, names=["a", "b", "c", "dose", "e"])

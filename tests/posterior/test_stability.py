"""Stability: rows drawn again within their kind, and no shape compiled twice."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest

from avici_jl import InputError, Model
from avici_jl.data.inputs import Input, read_input
from avici_jl.network import predictor
from avici_jl.posterior import Posterior
from avici_jl.posterior.stability import Stability, resample
from tiny_models import save


def test_rows_are_drawn_within_targets_and_batches() -> None:
    x = np.arange(80.0).reshape(40, 2)
    mask = np.zeros((40, 2), np.uint8)
    mask[30:36, 0] = mask[34:, 1] = 1
    data = Input(x, mask, ["a", "b"], batch=np.arange(40) % 3, rows=np.arange(40))
    rng, often = np.random.default_rng(0), np.zeros(40)
    for _ in range(400):
        drawn = resample(data, rng)
        assert drawn.rows is not None and drawn.batch is not None
        np.testing.assert_array_equal(drawn.interventions, mask)  # place by place of the same kind
        np.testing.assert_array_equal(drawn.batch, data.batch)
        np.testing.assert_array_equal(drawn.x, x[drawn.rows])
        often += np.bincount(drawn.rows, minlength=40)
    np.testing.assert_allclose(often / 400, 1.0, atol=0.25)  # every row as often as another
    assert resample(data, np.random.default_rng(1)).rows is not None


def test_every_variable_keeps_two_values() -> None:
    x = np.full((12, 2), np.nan)
    x[:, 0], x[:3, 1] = np.arange(12), [1, 2, 3]
    data = read_input(x, kind="values")
    rng = np.random.default_rng(0)
    assert all((~np.isnan(resample(data, rng).x[:, 1])).sum() >= 2 for _ in range(50))


def test_frequencies_and_intervals_are_those_of_the_resamples() -> None:
    p = np.array([[0, 0.6], [0.1, 0]], np.float32)
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(9, 2)), columns=["a", "b"])
    resampled = np.stack([p * share for share in np.linspace(0.5, 1.5, 101, dtype=np.float32)])
    found = Stability(Posterior(p, read_input(frame, kind="values"), 0.5, "scm", "values"), resampled)
    table = found.to_frame(level=0.8).set_index(["source", "target"])
    assert table.loc[("a", "b"), "frequency"] == pytest.approx((0.6 * np.linspace(0.5, 1.5, 101) >= 0.5).mean())
    assert table.loc[("b", "a"), "frequency"] == 0 and list(table.index) == [("a", "b"), ("b", "a")]
    np.testing.assert_allclose(table.loc[("a", "b"), ["low", "high"]].astype(float), [0.36, 0.84], atol=1e-6)
    assert found.frequency(0.0).tolist() == [[0, 1], [1, 0]] and "0 of 1 edges" in repr(found)
    for level in (0, 1, 90):
        with pytest.raises(InputError, match="level"):
            found.interval(level)


def test_nothing_is_compiled_for_resamples_even_with_gaps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictor, "_functions", {})  # as in a fresh process, whatever ran before
    model = Model.load(save(tmp_path / "small"))
    x = np.random.default_rng(0).normal(size=(30, 4))
    x[0, 1] = np.nan  # which about one resample in three does not have
    targets = [None] * 20 + [2] * 10
    compiled: list[str] = []
    jax.monitoring.register_event_duration_secs_listener(lambda event, *_, **__: compiled.append(event))
    posterior = model.infer(x, targets)
    before = sum("backend_compile" in event for event in compiled)
    found = model.stability(x, targets, resamples=12, seed=3)
    assert sum("backend_compile" in event for event in compiled) == before > 0
    np.testing.assert_array_equal(found.posterior.probabilities, posterior.probabilities)
    assert found.resampled.shape == (12, 4, 4) and found.resampled.std(axis=0).max() > 0
    np.testing.assert_array_equal(model.stability(x, targets, resamples=2, seed=3).resampled, found.resampled[:2])
    for count in (0, -1, 2.5):
        with pytest.raises(InputError):
            model.stability(x, resamples=count)  # type: ignore[arg-type]

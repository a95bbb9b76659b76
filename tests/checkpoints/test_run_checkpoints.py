"""Models and states on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avici_jl.checkpoints.model import load_model, save_model
from avici_jl.checkpoints.run import RunCheckpoints
from avici_jl.errors import CheckpointError

CONFIG = {"data": {"kind": "values", "domain": "linear"}, "network": {}}


def test_models_are_saved_and_read(tmp_path: Path) -> None:
    params = {
        "layers": {0: {"kernel": np.arange(6.0, dtype=np.float32).reshape(2, 3)}},
        "tau": np.float32(2.0),
    }
    save_model(tmp_path / "m", config={**CONFIG, "steps": 3}, params=params, card={"domain": "linear"})
    model = load_model(tmp_path / "m")
    assert model.config == {**CONFIG, "steps": 3}
    assert model.card.keys() == {"domain", "digest"} and model.card["domain"] == "linear"
    np.testing.assert_array_equal(model.params["layers"][0]["kernel"], params["layers"][0]["kernel"])
    save_model(tmp_path / "m", config={**CONFIG, "steps": 4}, params=params, card={})
    assert load_model(tmp_path / "m").config == {**CONFIG, "steps": 4}


def test_the_best_state_outlives_newer_ones_and_the_process(tmp_path: Path) -> None:
    for scores in ({1: 0.9, 2: 0.1, 3: None, 4: 0.2}, {5: None, 6: 0.3, 7: None}):
        with RunCheckpoints(tmp_path, keep=2) as checkpoints:
            for step, score in scores.items():
                checkpoints.save(step, {"w": np.full(2, step)}, {"step": step}, score)
    with RunCheckpoints(tmp_path, read_only=True) as checkpoints:
        assert checkpoints.best() == 1 and checkpoints.latest() == 7
    assert {path.name for path in (tmp_path / "checkpoints").iterdir()} == {"1", "6", "7"}


def test_a_run_is_not_replaced_by_a_model(tmp_path: Path) -> None:
    with RunCheckpoints(tmp_path) as checkpoints:
        checkpoints.save(1, {"w": np.zeros(2)}, {})
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(CheckpointError, match="holds a training run"):
        save_model(tmp_path, config=CONFIG, params={"w": np.zeros(2)}, card={})
    assert (tmp_path / "config.json").read_text() == "{}"


def test_unreadable_checkpoints_are_explained(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no model"):
        load_model(tmp_path)
    (tmp_path / "something").touch()
    with pytest.raises(CheckpointError, match="other than a model"):
        save_model(tmp_path, config={}, params={}, card={})
    save_model(tmp_path / "m", config=CONFIG, params={"w": np.zeros(2)}, card={})
    (tmp_path / "m" / "card.json").write_text("{")
    with pytest.raises(CheckpointError, match="card.json"):
        load_model(tmp_path / "m")

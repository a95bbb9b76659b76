"""Models and states on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avici_jl.errors import CheckpointError
from avici_jl.training.checkpoint import load_model, save_model

CONFIG = {"data": {"kind": "values", "domain": "linear"}, "network": {}}


def test_models_are_saved_and_read(tmp_path: Path) -> None:
    params = {
        "layers": {0: {"kernel": np.arange(6.0, dtype=np.float32).reshape(2, 3)}},
        "tau": np.float32(2.0),
    }
    save_model(tmp_path / "m", config={**CONFIG, "steps": 3}, params=params, card={"domain": "linear"})
    model = load_model(tmp_path / "m")
    assert (model.config, model.card) == ({**CONFIG, "steps": 3}, {"domain": "linear"})
    np.testing.assert_array_equal(model.params["layers"][0]["kernel"], params["layers"][0]["kernel"])
    save_model(tmp_path / "m", config={**CONFIG, "steps": 4}, params=params, card={})
    assert load_model(tmp_path / "m").config == {**CONFIG, "steps": 4}


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

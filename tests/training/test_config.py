"""Settings of a run: presets, overrides, what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from avici_jl.errors import ConfigError
from avici_jl.training.config import list_presets, resolve
from avici_jl.training.schema import Config

VALUES: dict[str, Any] = {"kind": "values", "acyclic": True}


@pytest.mark.parametrize("preset", list_presets())
@pytest.mark.parametrize("kind", ["values", "counts"])
def test_presets_resolve_and_survive_json(preset: str, kind: str) -> None:
    config = resolve("somewhere", kind=kind, acyclic=kind == "values", preset=preset)
    assert config.objective.acyclic == (kind == "values") and config.data.kind == kind
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_overrides_change_single_settings() -> None:
    overrides = ["optimizer.peak_lr=1e-3", "steps=7", "network.kind=axial", "data.rows=[30]"]
    config = resolve("linear", **VALUES, preset="smoke", overrides=overrides)
    assert (config.optimizer.peak_lr, config.steps) == (1e-3, 7)
    assert (config.network["kind"], config.data.rows) == ("axial", [30])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimizer.speed=3", "Unknown setting optimizer.speed.*peak"),
        ("steps", "field=value"),
        ("steps=many", "steps must be int, got 'many'"),
        ("steps=0", "steps must be from 1"),
        ("ema_decay=1.5", "ema_decay"),
        ("optimizer.name=sgd", "muon"),
        ("data.rows=[]", "rows"),
        ("data.interventional=[2.0]", r"data.interventional\[0\] must be from 0 to 1, got 2.0"),
        ("data.heavy_tail_fraction=1.5", "data.heavy_tail_fraction must be from 0 to 1, got 1.5"),
        ("data.seed=1073741824", "data.seed must be from 0 to 1073741823"),
    ],
)
def test_wrong_settings_are_refused(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        resolve("linear", **VALUES, preset="smoke", overrides=[override])


def test_a_preset_holds_what_differs_from_its_base(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('base = "smoke"\nsteps = 7\n[network]\ndim = 24\n')
    smoke, mine = (resolve("linear", **VALUES, preset=p) for p in ("smoke", str(tmp_path / "mine.toml")))
    assert mine == replace(smoke, steps=7, network={**smoke.network, "dim": 24})
    (tmp_path / "lost.toml").write_text('base = "none"\n')
    with pytest.raises(ConfigError, match='no preset "none"'):
        resolve("linear", **VALUES, preset=str(tmp_path / "lost.toml"))


def test_counts_are_not_stretched() -> None:
    with pytest.raises(ConfigError, match="for values"):
        resolve("grn", kind="counts", acyclic=False, preset="smoke", overrides=["data.heavy_tail_fraction=0.5"])


def test_an_unknown_preset_lists_the_known() -> None:
    with pytest.raises(ConfigError, match="compact"):
        resolve("linear", **VALUES, preset="huge")

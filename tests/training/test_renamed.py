"""Names of settings from earlier releases: they mean what they meant, and never something else in silence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from avici_jl.checkpoints.files import read_config
from avici_jl.checkpoints.renamed import SETTINGS, VALUES, with_new_names
from avici_jl.checkpoints.run import RunCheckpoints
from avici_jl.errors import CheckpointError, ConfigError
from avici_jl.training import run
from avici_jl.training.config import resolve
from avici_jl.training.schema import Config
from tiny_runs import SETTINGS as TINY
from tiny_runs import simulator

LINEAR: dict[str, Any] = {"kind": "values", "acyclic": True}
NEW = {f"{old.rpartition('.')[0]}.{new}".lstrip("."): old.rpartition(".")[2] for old, new in SETTINGS.items()}
BATCHES = "[{d=4, batch=3, first=1, then=0}, {d=5, batch=2, first=0, then=2}]"


def with_old_names(table: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    """What an earlier release would have written."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        path = f"{place}{name}"
        if isinstance(value, dict):
            value = with_old_names(value, f"{path}.")
        elif path == "data.sizes":
            value = [with_old_names(size, f"{path}.") for size in value]
        value = next((old for old, new in VALUES.get(path, {}).items() if new == value), value)
        found[NEW.get(path, name)] = value
    return found


def test_every_setting_of_an_earlier_release_is_read() -> None:
    config = resolve("linear", **LINEAR, preset="compact")
    old = with_old_names(config.to_dict())
    assert not {*SETTINGS.values()} & {*old, *old["data"], *old["optimizer"], *old["data"]["sizes"][0]}
    assert old["optimizer"]["decay"] == "trapezoid"
    assert Config.from_dict(old) == config
    assert with_new_names(config.to_dict()) == config.to_dict()


def test_both_names_are_words_of_the_command_line_and_of_presets(tmp_path: Path) -> None:
    preset = tmp_path / "mine.toml"
    preset.write_text(
        'base = "smoke"\naverage = 0.5\n[data]\nchapter = 8\n[optimizer]\ndecay = "trapezoid"\n'
        "[values.data]\nstretch = 0.2\n[domain.linear.optimizer]\nclip = 2.0\n"
    )
    old = resolve("linear", **LINEAR, preset=str(preset), lineage=["linear"], overrides=[f"data.sizes={BATCHES}"])
    new = resolve(
        "linear",
        **LINEAR,
        preset="smoke",
        overrides=[
            *("ema_decay=0.5", "data.shuffle_buffer=8", "optimizer.decay=wsd", "data.heavy_tail_fraction=0.2"),
            *("optimizer={max_grad_norm=2.0}", "optimizer.peak=8e-3"),
            "data.sizes=[{d=4, batch=3, curriculum_weight=1, weight=0}, {d=5, batch=2, curriculum_weight=0, weight=2}]",
        ],
    )
    assert old == new
    assert resolve("linear", **LINEAR, preset="finish") == resolve("linear", **LINEAR, preset="anneal")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["data.chapter=8", "data.shuffle_buffer=8"], "data.shuffle_buffer and data.chapter are names of one setting"),
        (["optimizer={peak=1e-3, peak_lr=1e-3}"], "optimizer.peak is an earlier name of optimizer.peak_lr"),
        (["data.sizes=[{d=4, batch=3, then=1, weight=1}]"], "data.sizes.then is an earlier name of data.sizes.weight"),
        (["average=0.5", "ema_decay=0.5"], "ema_decay and average"),
        (["chapter=8"], "Unknown setting chapter"),
    ],
)
def test_both_names_at_once_are_refused(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        resolve("linear", **LINEAR, preset="smoke", overrides=overrides)


def test_a_file_with_both_names_is_refused(tmp_path: Path) -> None:
    config = resolve("linear", **LINEAR, preset="smoke").to_dict()
    (tmp_path / "config.json").write_text(json.dumps({**config, "init": "scm"}))
    with pytest.raises(CheckpointError, match="init is an earlier name of init_from"):
        read_config(tmp_path)


def test_a_run_of_an_earlier_release_goes_on_to_the_bit(tmp_path: Path) -> None:
    settings = [*TINY, "steps=6", "data.reuse=2", "data.stretch=0.5", "optimizer.decay=trapezoid"]
    domain = simulator(tmp_path)

    def train(name: str, **options: Any) -> list[np.ndarray]:
        run(tmp_path / name, domain=domain, workers=0, say=lambda _: None, **options)
        with RunCheckpoints(tmp_path / name, read_only=True) as checkpoints:
            return [np.asarray(leaf) for leaf in jax.tree.leaves(checkpoints.restore_numpy()[0])]

    whole = train("whole", preset="smoke", overrides=settings)
    train("parts", preset="smoke", overrides=settings, minutes=0)
    file = tmp_path / "parts" / "config.json"
    file.write_text(json.dumps(with_old_names(json.loads(file.read_text()))))
    assert '"chapter"' in file.read_text()
    for left, right in zip(train("parts"), whole, strict=True):
        np.testing.assert_array_equal(left, right)
    train("parts", preset="smoke", overrides=settings)  # the same words, in whichever names, name the same run
    with pytest.raises(ConfigError, match="data.shuffle_buffer is 4, not 5"):
        train("parts", overrides=["data.chapter=5"])

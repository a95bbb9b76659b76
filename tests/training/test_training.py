"""Runs: they continue where they stopped, to the bit; they start from models; they refuse what cannot be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from filelock import FileLock
from flax import nnx

from avici_jl import Model
from avici_jl.checkpoints.lineage import before
from avici_jl.checkpoints.model import load_model, save_model
from avici_jl.checkpoints.run import RunCheckpoints
from avici_jl.errors import CheckpointError, ConfigError
from avici_jl.network import build_network
from avici_jl.training import Function, run
from avici_jl.training.config import resolve
from avici_jl.training.initial import start_from
from avici_jl.training.mesh import Devices
from avici_jl.training.objective import Dual
from avici_jl.training.runs import open_run
from avici_jl.training.schema import Config
from avici_jl.training.step import TrainState, compile_run, hide_units
from avici_jl.training.trainer import Trainer


def states(workdir: Path, like: Any) -> list[np.ndarray]:
    with RunCheckpoints(workdir) as checkpoints:
        return [np.asarray(leaf) for leaf in jax.tree.leaves(checkpoints.restore(like)[0])]


def test_a_run_that_is_stopped_continues_to_the_bit(tmp_path: Path) -> None:
    options = {
        "preset": "smoke",
        "overrides": [
            *("steps=8", "network.dropout=0.1", "data.shuffle_buffer=2", "optimizer.name=lamb"),
            *("network.signs=true", "network.prior=true", "data.prior_fraction=0.5"),
        ],
    }
    said: list[str] = []
    run(tmp_path / "whole", domain="linear", **options, say=said.append)
    assert any("loss" in line and "datasets/s" in line and "time left" in line for line in said)
    assert any("held-out d=5 interventional" in line and "AUPRC" in line for line in said)

    run(tmp_path / "parts", domain="linear", **options, minutes=0, say=said.append)
    for steps in (3, 5):
        stop_after(tmp_path / "parts", steps)
    config = Config.from_dict(json.loads((tmp_path / "whole" / "config.json").read_text()))
    start = compile_run(config, Devices()).start
    whole, parts = (states(tmp_path / name, start()) for name in ("whole", "parts"))
    assert int(whole[0]) == 8 or any(leaf.ndim == 0 and leaf == 8 for leaf in whole)
    for left, right in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(left, right)

    with pytest.raises(ConfigError, match="not rff"):
        run(tmp_path / "whole", domain="rff")
    with pytest.raises(ConfigError, match="other settings"):
        run(tmp_path / "whole", preset="smoke", overrides=["steps=9"])
    run(tmp_path / "whole", say=said.append)
    assert "complete" in said[-1]

    model = load_model(tmp_path / "whole")
    assert model.config["network"]["kind"] == "pair" and model.card["training"]["step"] == 8


def stop_after(workdir: Path, steps: int) -> None:
    """Go on with a run, and interrupt it after so many steps, with the machinery that a signal uses."""
    config, source = open_run(workdir, None, None, (), print)
    calls = iter(range(1000))
    with RunCheckpoints(workdir) as checkpoints:
        trainer = Trainer(config, workdir, source, checkpoints, lambda line: None)
        trainer.train(None, lambda: next(calls) >= steps)


def test_a_run_starts_from_another_model(tmp_path: Path) -> None:
    run(tmp_path / "first", domain="linear", preset="smoke", overrides=["steps=3"], say=lambda _: None)
    first = load_model(tmp_path / "first").params
    start = [f'init_from="{tmp_path / "first"}"', "optimizer.peak_lr=1e-9", "steps=2", "ema_decay=0.0"]
    run(tmp_path / "second", domain="rff", preset="smoke", overrides=start, say=lambda _: None)
    second = load_model(tmp_path / "second").params
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), first, second)
    earlier = load_model(tmp_path / "second").card["training"]["before"]
    assert earlier is not None and earlier["step"] == 3 and earlier["cpu_seconds"] > 0
    assert before({}) == {"step": 0, "datasets": 0, "cpu_seconds": 0, "accelerator_seconds": 0}
    assert before({"init_from": str(tmp_path / "gone")}) is None
    with pytest.raises(ConfigError, match="do not fit"):
        run(tmp_path / "wide", domain="rff", preset="smoke", overrides=[start[0], "network.dim=8"], say=lambda _: None)
    with pytest.raises(CheckpointError, match='"rf"'):
        run(tmp_path / "none", domain="rff", preset="smoke", overrides=["init_from=rf"], say=lambda _: None)
    assert not (tmp_path / "none").exists()


def test_a_folder_that_someone_trains_in_is_refused(tmp_path: Path) -> None:
    start = {"domain": "linear", "preset": "smoke", "overrides": ["steps=2"], "say": lambda line: None}
    with FileLock(tmp_path / ".lock"), pytest.raises(ConfigError, match="Another process trains in"):
        run(tmp_path, **start)
    assert not (tmp_path / "checkpoints").exists()
    run(tmp_path, **start)
    assert load_model(tmp_path).card["training"]["step"] == 2


def test_new_layers_add_nothing_at_first(tmp_path: Path) -> None:
    run(tmp_path / "first", domain="linear", preset="smoke", overrides=["steps=3"], say=lambda _: None)
    layers = load_model(tmp_path / "first").config["network"]["layers"]
    start = [f'init_from="{tmp_path / "first"}"', "optimizer.peak_lr=1e-9", "steps=1", "ema_decay=0.0"]
    more = [*start, f"network.layers={layers + 2}"]
    run(tmp_path / "more", domain="linear", preset="smoke", overrides=more, say=lambda _: None)
    x = np.random.default_rng(0).normal(size=(40, 4))
    first, grown = (Model.load(tmp_path / name) for name in ("first", "more"))
    assert len(grown._loaded.params["layers"]) == layers + 2
    np.testing.assert_allclose(grown.predict(x), first.predict(x), atol=1e-5)
    with pytest.raises(ConfigError, match="do not fit"):
        fewer = [f'init_from="{tmp_path / "more"}"', f"network.layers={layers}"]
        run(tmp_path / "fewer", domain="linear", preset="smoke", overrides=fewer, say=lambda _: None)


def test_new_statistics_start_with_weight_zero(tmp_path: Path) -> None:
    run(tmp_path / "first", domain="linear", preset="smoke", overrides=["steps=3"], say=lambda _: None)
    first = load_model(tmp_path / "first").params
    start = [f'init_from="{tmp_path / "first"}"', "optimizer.peak_lr=1e-9", "steps=1", "ema_decay=0.0"]
    more = [*start, 'network.statistics=["basic", "interventional"]']
    run(tmp_path / "more", domain="linear", preset="smoke", overrides=more, say=lambda _: None)
    kernel = load_model(tmp_path / "more").params["embed"]["kernel"]
    assert kernel.shape == (18 + 12, 16)
    np.testing.assert_allclose(kernel[:18], first["embed"]["kernel"], atol=1e-6)
    np.testing.assert_allclose(kernel[18:], 0, atol=1e-6)
    with pytest.raises(ConfigError, match="do not fit"):
        swapped = [*start, 'network.statistics=["interventional", "basic"]']
        run(tmp_path / "swapped", domain="linear", preset="smoke", overrides=swapped, say=lambda _: None)


def test_another_kind_of_network_replaces_the_preset_s(tmp_path: Path) -> None:
    axial = 'network={kind="axial", dim=8, layers=1, heads=2, head_size=4}'
    run(tmp_path / "axial", domain="rff", preset="smoke", overrides=[axial, "steps=2", "optimizer.name=lamb"])
    config = load_model(tmp_path / "axial").config
    assert config["network"]["kind"] == "axial" and "statistics" not in config["network"]


def test_a_run_that_cannot_be_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="network.depth"):
        run(tmp_path / "new", domain="linear", preset="smoke", overrides=["network.depth=3"])
    assert not (tmp_path / "new" / "config.json").exists()


def test_a_new_run_needs_a_domain(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="domain is needed"):
        run(tmp_path / "new")


def test_units_are_hidden_in_half_of_the_datasets_and_the_same_in_each_use() -> None:
    x = np.random.default_rng(0).normal(size=(400, 5, 3)).astype(np.float32)
    x[:, 1, 2] = np.nan
    seen, shown = (np.asarray(part) for part in hide_units(x, jax.random.key(0)))
    assert 0.4 < shown.mean() < 0.6
    np.testing.assert_array_equal(np.isnan(seen), np.isnan(x))
    scrambled = np.abs(np.nanstd(np.log(np.abs(seen / x)), axis=(1, 2))) > 1e-3
    assert 0.1 < scrambled.mean() < 0.3
    again, still = hide_units(x[7:9], jax.random.key(0))
    np.testing.assert_array_equal(again, seen[7:9])
    np.testing.assert_array_equal(still, shown[7:9])


def test_training_takes_missing_values(tmp_path: Path) -> None:
    def simulate(rng: np.random.Generator, d: int, n_obs: int, n_int: int) -> Any:
        x = rng.normal(size=(n_obs + n_int, d)) * np.arange(1, d + 1)
        x[:, 1] += x[:, 0]
        x[rng.random(x.shape) < 0.1] = np.nan
        graph = np.zeros((d, d))
        graph[0, 1] = 1
        return x, None, graph

    groups = '["basic", "gaps", "scale"]'
    options = {
        "preset": "smoke",
        "overrides": ["steps=2", f"network.statistics={groups}", "data.heavy_tail_fraction=0.5"],
    }
    run(tmp_path, domain=Function(simulate, missing=True), **options, say=lambda line: None)
    model = Model.load(tmp_path)
    x, _, _ = simulate(np.random.default_rng(1), 4, 30, 0)
    p, q = (np.asarray(model.predict(x, same_units=common)) for common in (False, True))
    assert np.isfinite(p).all() and np.isfinite(q).all()


AXIAL: dict[str, Any] = {"kind": "axial", "dim": 8, "layers": 1, "heads": 1, "head_size": 4}
STACK: dict[str, Any] = {"edges": "pair", "pair_dim": 8, "pair_layers": 1, "products": 3}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            {"kind": "pair", "dim": 8, "layers": 1, "channels": 2, "statistics": ["basic"]},
            {"statistics": ["basic", "gaps", "scale"]},
        ),
        (AXIAL, {"channels": 4}),
        (AXIAL | STACK | {"statistics": ["basic"]}, {"statistics": ["basic", "gaps"], "channels": 3, "signs": True}),
        (AXIAL | STACK, {"statistics": ["basic"], "prior": True, "pair_layers": 2}),
        (
            {"kind": "pair", "dim": 8, "layers": 1, "statistics": ["basic"]},
            AXIAL | STACK | {"statistics": ["basic", "tails"]},
        ),
    ],
)
def test_what_a_network_sees_besides_changes_nothing_at_first(
    before: dict[str, Any], after: dict[str, Any], tmp_path: Path
) -> None:
    after = after if "kind" in after else before | after
    config = resolve("linear", kind="values", acyclic=True, preset="smoke", overrides=["steps=2"])
    small, large = (replace(config, network=network, init_from=str(tmp_path)) for network in (before, after))
    one, two = (build_network(settings.network, rngs=nnx.Rngs(0)) for settings in (small, large))
    params = jax.tree.map(lambda leaf: leaf + 0.02, nnx.to_pure_dict(nnx.state(one, nnx.Param)))
    save_model(tmp_path, config=small.to_dict(), params=params, card={})
    fresh = nnx.to_pure_dict(nnx.state(two, nnx.Param))
    started = start_from(TrainState(jax.numpy.zeros(()), fresh, None, fresh, Dual.start()), large)
    x = np.random.default_rng(0).normal(size=(2, 30, 4, 4)).astype(np.float32)
    x[..., 1:3] = [0.0, 1.0]
    old, found = (
        nnx.merge(*_filled(network, values))(jax.numpy.asarray(x))
        for network, values in ((one, params), (two, started.params))
    )
    np.testing.assert_allclose(found, old, atol=1e-5)


def _filled(network: Any, params: Any) -> tuple[Any, Any]:
    graphdef, state = nnx.split(network)
    nnx.replace_by_pure_dict(state, params)
    return graphdef, state

"""Training: settings, the stream of batches, the objective, and runs that continue where they stopped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from sklearn.metrics import log_loss

from avici_jl.errors import CheckpointError, ConfigError
from avici_jl.training import run
from avici_jl.training.checkpoint import RunCheckpoints, load_model, save_model
from avici_jl.training.config import Config, DataConfig, SizeConfig, list_presets, resolve
from avici_jl.training.data import TrainingData
from avici_jl.training.objective import Dual, cross_entropy, dual_ascent, objective
from avici_jl.training.trainer import build_optimizer, compile_run

VALUES: dict[str, Any] = {"kind": "values", "acyclic": True}
DATA = DataConfig(
    domain="linear",
    kind="values",
    sizes=[SizeConfig(d=4, batch=3), SizeConfig(d=6, batch=2)],
    rows=[20, 40],
    interventional=[0.0, 0.5],
    oversample=2.0,
    reuse=2,
    chapter=4,
    flip_signs=True,
)


@pytest.mark.parametrize("preset", list_presets())
@pytest.mark.parametrize("kind", ["values", "counts"])
def test_presets_resolve_and_survive_json(preset: str, kind: str) -> None:
    config = resolve("somewhere", kind=kind, acyclic=kind == "values", preset=preset)
    assert config.objective.acyclic == (kind == "values") and config.data.kind == kind
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_overrides_change_single_settings() -> None:
    overrides = ["optimizer.peak=1e-3", "steps=7", "network.kind=axial", "data.rows=[30]"]
    config = resolve("linear", **VALUES, preset="smoke", overrides=overrides)
    assert (config.optimizer.peak, config.steps) == (1e-3, 7)
    assert (config.network["kind"], config.data.rows) == ("axial", [30])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimizer.speed=3", "Unknown setting optimizer.speed.*peak"),
        ("steps", "field=value"),
        ("steps=many", "steps must be int, got 'many'"),
        ("steps=0", "steps must be at least 1"),
        ("average=1.5", "average"),
        ("optimizer.name=sgd", "muon"),
        ("data.rows=[]", "rows"),
        ("data.interventional=[2.0]", "interventional"),
    ],
)
def test_wrong_settings_are_refused(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        resolve("linear", **VALUES, preset="smoke", overrides=[override])


def test_an_unknown_preset_lists_the_known() -> None:
    with pytest.raises(ConfigError, match="compact"):
        resolve("linear", **VALUES, preset="huge")


def test_a_batch_depends_on_its_number_alone() -> None:
    forwards, backwards = TrainingData(DATA, 40), TrainingData(DATA, 40)
    one = [forwards[i] for i in range(12)]
    two = [backwards[i] for i in reversed(range(12))][::-1]
    for left, right in zip(one, two, strict=True):
        for a, b in zip(left, right, strict=True):
            np.testing.assert_array_equal(a, b)


def test_batches_of_a_chapter_use_each_group_as_often() -> None:
    data = TrainingData(DATA, 40)
    for chapter in range(2):
        graphs = [data[8 * chapter + k].graph.tobytes() for k in range(8)]
        assert sorted(graphs.count(graph) for graph in set(graphs)) == [2, 2, 2, 2]
    uses = [data[k].x for k in range(8) if data[k].graph.tobytes() == data[0].graph.tobytes()]
    assert len(uses) == 2 and not np.array_equal(*uses)


def test_batches_have_the_rows_that_were_asked_for() -> None:
    data, shapes = TrainingData(DATA, 40), set()
    for k in range(40):
        x, interventions, graph = data[k]
        count, n, d = x.shape
        shapes.add((count, d, n, int(interventions.any(-1).sum(-1)[0])))
        assert interventions.shape == x.shape and graph.shape == (count, d, d)
        assert (interventions.any(-1).sum(-1) == interventions.any(-1).sum(-1)[0]).all()
    assert {(count, d) for count, d, _, _ in shapes} == {(3, 4), (2, 6)}
    assert {(n, m) for _, _, n, m in shapes} == {(20, 0), (20, 10), (40, 0), (40, 20)}


def test_the_first_part_of_a_run_has_its_own_sizes() -> None:
    sizes = [SizeConfig(d=4, batch=3, first=1, then=0), SizeConfig(d=6, batch=2, first=0, then=1)]
    data = TrainingData(replace(DATA, sizes=sizes, first_part=0.5, reuse=1), 40)
    assert {data.shape(g).d for g in range(20)} == {4} and {data.shape(g).d for g in range(20, 40)} == {6}


def test_cross_entropy_is_that_of_the_off_diagonal_pairs() -> None:
    rng = np.random.default_rng(0)
    logits, graph = rng.normal(0, 3, (4, 5, 5)), rng.integers(0, 2, (4, 5, 5))
    pairs = np.broadcast_to(~np.eye(5, dtype=bool), graph.shape)
    expected = log_loss(graph[pairs], 1 / (1 + np.exp(-logits[pairs])))
    assert cross_entropy(jnp.asarray(logits), jnp.asarray(graph)) == pytest.approx(expected, rel=1e-5)


def test_the_constraint_enters_with_its_multiplier_and_only_where_it_applies() -> None:
    config = resolve("linear", **VALUES, preset="smoke").objective
    logits, graph = jnp.zeros((2, 4, 4)), jnp.zeros((2, 4, 4))
    total, (loss, cyclicity) = objective(logits, graph, jnp.array(2.0), jax.random.key(0), config)
    assert loss == pytest.approx(np.log(2)) and cyclicity == pytest.approx(1.5, rel=1e-3)
    assert total == pytest.approx(loss + 2 * cyclicity)
    free = replace(config, acyclic=False)
    assert objective(logits, graph, jnp.array(2.0), jax.random.key(0), free)[0] == pytest.approx(np.log(2))


def test_dual_ascent_waits_warms_up_and_adds_the_running_mean() -> None:
    config = replace(
        resolve("linear", **VALUES, preset="smoke").objective,
        dual_rate=0.1,
        dual_every=2,
        dual_warmup=4,
        dual_mean_rate=0.5,
    )
    dual, multipliers = Dual.start(), []
    for step in range(4):
        dual = dual_ascent(dual, jnp.array(1.0), jnp.array(step), config)
        multipliers.append(float(dual.multiplier))
    # running means 0.5, 0.75, 0.875, 0.9375; rates at the updates 0.05 and 0.1
    assert multipliers == pytest.approx([0, 0.0375, 0.0375, 0.0375 + 0.09375])


def test_the_average_of_the_parameters_is_debiased() -> None:
    config = resolve("linear", **VALUES, preset="smoke", overrides=["average=0.5", "optimizer.name=lamb"])
    step, start, _ = compile_run(config)
    state, data, biases = start(), TrainingData(config.data, config.steps), []
    for k in range(3):
        state, _ = step(state, *data[k])
        biases.append(np.array(jax.tree.leaves(state.params)[0]))
    expected = (biases[0] + 2 * biases[1] + 4 * biases[2]) / 7
    np.testing.assert_allclose(jax.tree.leaves(state.average)[0], expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["muon", "lamb"])
def test_optimisers_descend(name: str) -> None:
    config = resolve("linear", **VALUES, preset="smoke", overrides=[f"optimizer.name={name}"]).optimizer
    tx = build_optimizer(replace(config, peak=0.05), 60)
    params = {"w": jnp.ones((4, 3)), "b": jnp.ones(3)}

    @jax.jit
    def step(params: Any, state: Any) -> tuple[Any, Any, jax.Array]:
        value, gradient = jax.value_and_grad(lambda p: sum((x**2).sum() for x in jax.tree.leaves(p)))(params)
        updates, state = tx.update(gradient, state, params)
        return jax.tree.map(jnp.add, params, updates), state, value

    state, values = tx.init(params), []
    for _ in range(60):
        params, state, value = step(params, state)
        values.append(float(value))
    assert values[-1] < 0.8 * values[0]


def states(workdir: Path, like: Any) -> list[np.ndarray]:
    with RunCheckpoints(workdir) as checkpoints:
        return [np.asarray(leaf) for leaf in jax.tree.leaves(checkpoints.restore(like)[0])]


def test_a_run_that_is_stopped_continues_to_the_bit(tmp_path: Path) -> None:
    options = {
        "preset": "smoke",
        "overrides": ["steps=8", "network.dropout=0.1", "data.chapter=2", "optimizer.name=lamb"],
    }
    said: list[str] = []
    run(tmp_path / "whole", domain="linear", **options, say=said.append)
    assert any("loss" in line and "datasets/s" in line and "time left" in line for line in said)
    assert any("held-out AUPRC" in line for line in said)

    run(tmp_path / "parts", domain="linear", **options, minutes=0, say=said.append)
    for steps in (3, 5):
        stop_after(tmp_path / "parts", steps)
    _, start, _ = compile_run(Config.from_dict(json.loads((tmp_path / "whole" / "config.json").read_text())))
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
    from avici_jl.training.trainer import Trainer

    config = Config.from_dict(json.loads((workdir / "config.json").read_text()))
    calls = iter(range(1000))
    with RunCheckpoints(workdir) as checkpoints:
        trainer = Trainer(config, workdir, checkpoints, lambda line: None)
        trainer.train(None, lambda: next(calls) >= steps)


def test_a_run_starts_from_another_model(tmp_path: Path) -> None:
    run(tmp_path / "first", domain="linear", preset="smoke", overrides=["steps=3"], say=lambda _: None)
    first = load_model(tmp_path / "first").params
    start = [f'init="{tmp_path / "first"}"', "optimizer.peak=1e-9", "steps=2", "average=0.0"]
    run(tmp_path / "second", domain="rff", preset="smoke", overrides=start, say=lambda _: None)
    second = load_model(tmp_path / "second").params
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), first, second)
    with pytest.raises(ConfigError, match="do not fit"):
        run(tmp_path / "wide", domain="rff", preset="smoke", overrides=[start[0], "network.dim=8"], say=lambda _: None)
    with pytest.raises(CheckpointError, match='"rf"'):
        run(tmp_path / "none", domain="rff", preset="smoke", overrides=["init=rf"], say=lambda _: None)
    assert not (tmp_path / "none").exists()


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


def test_models_are_saved_and_read(tmp_path: Path) -> None:
    params = {
        "layers": {0: {"kernel": np.arange(6.0, dtype=np.float32).reshape(2, 3)}},
        "tau": np.float32(2.0),
    }
    save_model(tmp_path / "m", config={"steps": 3}, params=params, card={"domain": "linear"})
    model = load_model(tmp_path / "m")
    assert (model.config, model.card) == ({"steps": 3}, {"domain": "linear"})
    np.testing.assert_array_equal(model.params["layers"][0]["kernel"], params["layers"][0]["kernel"])
    save_model(tmp_path / "m", config={"steps": 4}, params=params, card={})
    assert load_model(tmp_path / "m").config == {"steps": 4}


def test_unreadable_checkpoints_are_explained(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no model"):
        load_model(tmp_path)
    (tmp_path / "something").touch()
    with pytest.raises(CheckpointError, match="other than a model"):
        save_model(tmp_path, config={}, params={}, card={})
    save_model(tmp_path / "m", config={}, params={"w": np.zeros(2)}, card={})
    (tmp_path / "m" / "card.json").write_text("{")
    with pytest.raises(CheckpointError, match="card.json"):
        load_model(tmp_path / "m")


def test_dropout_and_initial_parameters_follow_the_seed() -> None:
    config = resolve("linear", **VALUES, preset="smoke")
    first = compile_run(config)[1]().params
    again = compile_run(config)[1]().params
    other = compile_run(replace(config, seed=1))[1]().params
    assert all(np.array_equal(a, b) for a, b in zip(*map(jax.tree.leaves, (first, again)), strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(*map(jax.tree.leaves, (first, other)), strict=True))
    assert isinstance(nnx.State(first), nnx.State)

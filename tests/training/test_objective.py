"""What is minimised, how, and the averages: against closed forms and independent implementations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import log_loss

from avici_jl import ConfigError, Model
from avici_jl.network.answer import Answer
from avici_jl.training.config import resolve
from avici_jl.training.data import TrainingData, Truth
from avici_jl.training.mesh import Devices
from avici_jl.training.objective import Dual, cross_entropy, dual_ascent, objective
from avici_jl.training.optimizer import build_optimizer, build_schedule
from avici_jl.training.sources import DomainSource
from avici_jl.training.step import compile_run
from avici_jl.training.teacher import load_teacher
from tiny_models import save

VALUES: dict[str, Any] = {"kind": "values", "acyclic": True}


def test_cross_entropy_is_that_of_the_off_diagonal_pairs() -> None:
    rng = np.random.default_rng(0)
    logits, graph = rng.normal(0, 3, (4, 5, 5)), rng.integers(0, 2, (4, 5, 5))
    pairs = np.broadcast_to(~np.eye(5, dtype=bool), graph.shape)
    expected = log_loss(graph[pairs], 1 / (1 + np.exp(-logits[pairs])))
    assert cross_entropy(jnp.asarray(logits), jnp.asarray(graph)) == pytest.approx(expected, rel=1e-5)


def test_the_constraint_enters_with_its_multiplier_and_only_where_it_applies() -> None:
    config = resolve("linear", **VALUES, preset="smoke").objective
    logits, graph = Answer(jnp.zeros((2, 4, 4))), Truth(jnp.zeros((2, 4, 4)))
    total, (loss, cyclicity) = objective(logits, graph, jnp.array(2.0), jax.random.key(0), config)
    assert loss == pytest.approx(np.log(2)) and cyclicity == pytest.approx(1.5, rel=1e-3)
    assert total == pytest.approx(loss + 2 * cyclicity)
    free = replace(config, acyclic=False)
    assert objective(logits, graph, jnp.array(2.0), jax.random.key(0), free)[0] == pytest.approx(np.log(2))


def test_a_teacher_is_a_part_of_the_target_and_not_of_the_loss_that_is_reported() -> None:
    config = replace(resolve("linear", **VALUES, preset="smoke").objective, acyclic=False, teacher_weight=0.25)
    rng = np.random.default_rng(1)
    logits, graph, taught = (
        jnp.asarray(a) for a in (rng.normal(size=(2, 4, 4)), np.ones((2, 4, 4)), rng.random((2, 4, 4)))
    )
    truth = Truth(graph, taught=taught)
    total, (loss, _) = objective(Answer(logits), truth, jnp.zeros(()), jax.random.key(0), config)
    assert loss == pytest.approx(float(cross_entropy(logits, graph)))
    assert total == pytest.approx(float(0.75 * loss + 0.25 * cross_entropy(logits, taught)), rel=1e-6)


def test_a_teacher_says_what_the_model_says(tmp_path: Path) -> None:
    model = Model.load(save(tmp_path / "teacher"))
    x = np.random.default_rng(0).normal(size=(2, 40, 4)).astype(np.float32)
    said = load_teacher(str(tmp_path / "teacher"), "values")(jnp.asarray(x), jnp.zeros(x.shape, jnp.uint8))
    for table, probabilities in zip(x, np.asarray(said), strict=True):
        np.testing.assert_allclose(probabilities, model.predict(table), atol=1e-4)
    with pytest.raises(ConfigError, match="takes values"):
        load_teacher(str(tmp_path / "teacher"), "counts")


def test_training_with_a_teacher_alone_comes_near_to_it(tmp_path: Path) -> None:
    save(tmp_path / "teacher")
    overrides = [f'objective.teacher="{tmp_path / "teacher"}"', "objective.teacher_weight=1.0", "steps=40"]
    config, devices = resolve("linear", **VALUES, preset="smoke", overrides=overrides), Devices()
    compiled, data = compile_run(config, devices), TrainingData(config.data, config.steps)
    state, batch = compiled.start(), devices.place(data[0])
    taught = compiled.truth(batch).taught
    assert taught is not None

    def distance(params: Any) -> float:
        found = jax.nn.sigmoid(compiled.predict(params, batch.x, batch.interventions).edges)
        return float(jnp.abs(found - taught).mean())

    before = distance(state.params)
    for _ in range(40):
        state, _ = compiled.step(state, batch)
    assert distance(state.params) < 0.5 * before


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
    config = resolve("linear", **VALUES, preset="smoke", overrides=["ema_decay=0.5", "optimizer.name=lamb"])
    devices = Devices()
    step, start, *_ = compile_run(config, devices)
    state, data, biases = start(), TrainingData(config.data, config.steps), []
    for k in range(3):
        state, _ = step(state, devices.place(data[k]))
        biases.append(np.array(jax.tree.leaves(state.params)[0]))
    expected = (biases[0] + 2 * biases[1] + 4 * biases[2]) / 7
    np.testing.assert_allclose(jax.tree.leaves(state.average)[0], expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["muon", "lamb"])
def test_optimisers_descend(name: str) -> None:
    config = resolve("linear", **VALUES, preset="smoke", overrides=[f"optimizer.name={name}"]).optimizer
    tx = build_optimizer(replace(config, peak_lr=0.05), 60)
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


def test_dropout_and_initial_parameters_follow_the_seed() -> None:
    config = resolve("linear", **VALUES, preset="smoke")
    first = compile_run(config, Devices()).start().params
    again = compile_run(config, Devices()).start().params
    other = compile_run(replace(config, seed=1), Devices()).start().params
    assert all(np.array_equal(a, b) for a, b in zip(*map(jax.tree.leaves, (first, again)), strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(*map(jax.tree.leaves, (first, other)), strict=True))


def schedule(steps: int = 1000, **fields: Any) -> list[float]:
    config = replace(resolve("linear", **VALUES, preset="smoke").optimizer, peak_lr=2.0, warmup_fraction=0.1, **fields)
    rate = build_schedule(config, steps)
    return [float(rate(k)) for k in (0, 50, 100, 500, 799, 801, 900, 1000)]


def test_the_schedules_have_the_shapes_that_they_are_named_after() -> None:
    flat = dict(end_lr_factor=0.1, decay_start=0.8)
    assert schedule(decay="step", **flat) == pytest.approx([0, 1, 2, 2, 2, 0.2, 0.2, 0.2])
    assert schedule(decay="wsd", **flat) == pytest.approx([0, 1, 2, 2, 2, 1.991, 1.1, 0.2])
    cosine = schedule(decay="cosine", end_lr_factor=0.1)
    assert cosine[:3] == pytest.approx([0, 1, 2]) and cosine[-1] == pytest.approx(0.2)
    assert cosine[3] == pytest.approx(2 * (0.1 + 0.9 * (1 + np.cos(np.pi * 400 / 900)) / 2))


def test_a_longer_wsd_schedule_is_the_same_until_the_decay() -> None:
    config = replace(resolve("linear", **VALUES, preset="smoke").optimizer, decay="wsd")
    short = build_schedule(replace(config, warmup_fraction=0.1, decay_start=0.8), 1000)
    long = build_schedule(replace(config, warmup_fraction=0.05, decay_start=0.9), 2000)
    assert all(float(short(k)) == float(long(k)) for k in (0, 30, 100, 400, 799))


def test_the_gradient_is_that_of_finite_differences_with_the_two_vectors_held() -> None:
    """The power iteration's vectors are constants of the gradient (Sec. 4.3)."""
    rng = np.random.default_rng(0)
    logits, graph = rng.normal(0, 1, (2, 5, 5)), rng.integers(0, 2, (2, 5, 5))
    config, key = resolve("linear", **VALUES, preset="smoke").objective, jax.random.key(3)
    found = jax.grad(lambda x: objective(Answer(x), Truth(graph), jnp.array(0.7), key, config)[0])(jnp.asarray(logits))

    off = 1 - np.eye(5)
    w = off / (1 + np.exp(-logits))
    left, right = np.asarray(jax.random.uniform(key, (2, 2, 5), jnp.float32, 0.1, 1.0), np.float64)
    for _ in range(config.power_iterations):
        left, right = np.einsum("bi,bij->bj", left, w), np.einsum("bij,bj->bi", w, right)
        left, right = (v / v.sum(axis=1, keepdims=True) for v in (left, right))

    def value(logits: np.ndarray) -> float:
        p = 1 / (1 + np.exp(-logits))
        entropy = -(graph * np.log(p) + (1 - graph) * np.log(1 - p)) * off
        radius = np.einsum("bi,bij,bj->b", left, p * off, right) / np.einsum("bi,bi->b", left, right)
        return float(entropy.sum() / (2 * 20) + 0.7 * radius.mean())

    expected = np.zeros_like(logits)
    for index in np.ndindex(*logits.shape):
        step = np.zeros_like(logits)
        step[index] = 1e-5
        expected[index] = (value(logits + step) - value(logits - step)) / 2e-5
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_the_paper_s_settings() -> None:
    """Every number of the paper's appendix that a run depends on."""
    dropout = {"linear": 0.0, "linear-ood": 0.0, "rff": 0.1, "grn": 0.3, "grn-paper": 0.3}
    for domain, rate in dropout.items():
        source = DomainSource(domain)
        facts = {"kind": source.kind, "acyclic": source.acyclic, "lineage": source.lineage}
        config = resolve(domain, preset="paper", **facts, overrides=["batch_multiplier=8"])
        assert config.network == {
            "kind": "axial", "dim": 128, "layers": 8, "heads": 8, "head_size": 32, "widening": 4, "dropout": rate
        }  # fmt: skip
        assert config.objective.acyclic == (config.data.kind == "values")
        dual = config.objective
        assert (dual.power_iterations, dual.dual_every, dual.dual_warmup) == (10, 500, 50_000)
        assert (dual.dual_rate, dual.dual_mean_rate) == (1e-4, 1e-4)
        assert (config.steps, config.ema_decay, config.optimizer.name) == (300_000, 0.999, "lamb")
        assert (config.optimizer.max_grad_norm, config.optimizer.weight_decay) == (1.0, 0.0)
        assert config.data.row_pool_factor == 4.0
        assert [size.d for size in config.data.sizes] == [2, 5, 10, 20, 30, 40, 50]
        assert all(size.batch == 300 // size.d for size in config.data.sizes)
        datasets = [size.batch * size.weight for size in config.data.sizes]
        assert max(datasets) / min(datasets) == pytest.approx(1, abs=0.08)  # every d as often, up to whole batches
        assert (config.data.rows, config.data.interventional) == ([200], [0.0, 0.25])
        rate_at = build_schedule(config.optimizer, config.steps, config.largest_batch)
        assert float(rate_at(100_000)) == pytest.approx(3e-5 * np.sqrt(8 * 150))
        assert float(rate_at(250_000)) == pytest.approx(3e-6 * np.sqrt(8 * 150))
